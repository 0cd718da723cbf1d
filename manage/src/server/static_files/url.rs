//! URLs of static files, with the hash of their content.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rust_embed::EmbeddedFile;

use super::registration::StaticRegistration;

/// The path below which all static files are.
pub(super) const PREFIX: &str = "/static";

/// The number of hexadecimal digits of a hash in a name.
const DIGITS: usize = 16;

/// The characters that are not encoded in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns the URL of an app's static file, with the hash of its content in its name:
/// `/static/shop/site.3f2a9c0d11e4b7a8.css`.
///
/// Browsers keep such a file without asking again, since another content has another URL. For a file that does
/// not exist, it is the URL without a hash, which is not found. [`manage::static_url!`](crate::static_url) is
/// for the files of one's own app.
pub fn static_url(app: &str, path: &str) -> String {
    let file = StaticRegistration::of(app).and_then(|registration| registration.file(path));
    let name = file.map_or_else(|| path.to_owned(), |file| hashed(path, &hash(&file)));
    format!("{PREFIX}/{app}/{}", utf8_percent_encode(&name, PATH))
}

/// Returns the first digits of the content's SHA-256.
pub(super) fn hash(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    hash.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// Puts the hash before the extension of the file's name.
fn hashed(path: &str, hash: &str) -> String {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}.{hash}{}", &path[..name + dot], &path[name + dot..]),
        None => format!("{path}.{hash}"),
    }
}

/// Splits a name with a hash into the name without it and the hash.
pub(super) fn split(path: &str) -> Option<(String, &str)> {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let is_hash = |part: &str| {
        part.len() == DIGITS && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let (before, last) = path[name..].rsplit_once('.')?;
    if is_hash(last) && !before.is_empty() {
        return Some((format!("{}{before}", &path[..name]), last));
    }
    let (stem, hash) = before.rsplit_once('.')?;
    (is_hash(hash) && !stem.is_empty()).then(|| (format!("{}{stem}.{last}", &path[..name]), hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_go_into_names_and_out_of_them() {
        let hash = "0123456789abcdef";
        for (path, expected) in [
            ("site.css", "site.0123456789abcdef.css"),
            ("css/site.min.css", "css/site.min.0123456789abcdef.css"),
            ("a.b/LICENSE", "a.b/LICENSE.0123456789abcdef"),
            (".htaccess", ".htaccess.0123456789abcdef"),
        ] {
            assert_eq!(hashed(path, hash), expected);
            assert_eq!(split(expected), Some((path.to_owned(), hash)));
        }
        for path in
            ["site.css", "site.0123.css", "site.0123456789ABCDEF.css", "LICENSE", ".0123456789abcdef.css"]
        {
            assert_eq!(split(path), None, "{path}");
        }
    }
}
