//! Names that Kubernetes, systemd and Docker accept.

use sha2::{Digest as _, Sha256};

use super::DeployError;

/// The longest name of a Kubernetes object that becomes part of a label.
const LONGEST: usize = 63;

/// Returns a package's or a command's name as one of DNS: `import_posts` becomes `import-posts`.
pub(super) fn dns_name(name: &str) -> Result<String, DeployError> {
    let dns = name.to_lowercase().replace('_', "-");
    let fits = dns.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let begins = dns.starts_with(|c: char| c.is_ascii_lowercase()) && !dns.ends_with('-');
    match fits && begins && dns.len() <= LONGEST {
        true => Ok(dns),
        false => Err(DeployError::Name(name.to_owned(), "part of a DNS name")),
    }
}

/// Returns two names in one, if it has at most so many characters.
pub(super) fn joined(
    name: &str,
    command: &str,
    longest: usize,
    what: &'static str,
) -> Result<String, DeployError> {
    let joined = format!("{name}-{}", dns_name(command)?);
    if joined.len() <= longest { Ok(joined) } else { Err(DeployError::Name(joined, what)) }
}

/// Returns a name with the tag or the digest of an image. Different tags have different names.
pub(super) fn with_tag(name: &str, tag: &str) -> String {
    let lower = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let dashed: String = tag.chars().map(lower).collect();
    let full = format!("{name}-{}", dashed.trim_matches('-'));
    if full.len() <= LONGEST && !tag.contains(':') {
        return full;
    }
    let hash: String = Sha256::digest(tag).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let name: String = name.chars().take(LONGEST - hash.len() - 1).collect();
    format!("{}-{hash}", name.trim_end_matches('-'))
}

/// Returns the tag or the digest of an image that cannot change its meaning.
pub(super) fn tag_of(image: &str) -> Result<&str, DeployError> {
    let wrong = |why| DeployError::Image(image.to_owned(), why);
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !image.starts_with(|c: char| c.is_ascii_alphanumeric()) || !image.chars().all(fits) {
        return Err(wrong("it is not the name of an image"));
    }
    if let Some((_, digest)) = image.split_once('@') {
        let hex = digest.strip_prefix("sha256:").filter(|hex| hex.len() == 64);
        let is_digest = hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        return if is_digest { Ok(digest) } else { Err(wrong("its digest is not one of SHA-256")) };
    }
    // A colon before the last slash is that of the registry's port.
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        None => Err(wrong("without a tag it is `latest`, which names another image after each release")),
        Some((_, "latest")) => Err(wrong("`latest` names another image after each release")),
        Some((name, tag)) if name.is_empty() || tag.is_empty() || tag.contains(':') => {
            Err(wrong("it is not the name of an image"))
        }
        Some((_, tag)) => Ok(tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_dns() {
        assert_eq!(dns_name("Shop_API").expect("a name"), "shop-api");
        for name in ["", "1shop", "shop-", "läden", &"a".repeat(64)] {
            assert!(dns_name(name).is_err(), "{name}");
        }
        assert!(joined("shop", &"a".repeat(48), 52, "the name of a CronJob").is_err());
        assert_eq!(joined("shop", "import_posts", 52, "").expect("a name"), "shop-import-posts");
    }

    #[test]
    fn an_image_has_a_tag_that_stays() {
        for (image, tag) in [("shop:1.4.0", "1.4.0"), ("localhost:5000/team/shop:v1_2", "v1_2")] {
            assert_eq!(tag_of(image).expect("a tag"), tag);
        }
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(tag_of(&format!("shop@{digest}")).expect("a digest"), digest);
        for image in
            ["shop", "shop:latest", "localhost:5000/shop", "shop:", "a b:1", "shop@sha256:12", "", ":1"]
        {
            assert!(tag_of(image).is_err(), "{image}");
        }
        assert_eq!(with_tag("shop-migrate", "1.4.0"), "shop-migrate-1-4-0");
        let long = with_tag("shop-migrate", &"1".repeat(100));
        assert!(long.len() <= 63 && long != with_tag("shop-migrate", &"1".repeat(101)), "{long}");
        assert_eq!(with_tag("shop-migrate", &digest).len(), "shop-migrate-".len() + 12);
    }
}
