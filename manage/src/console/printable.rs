//! Makes untrusted text safe to print: a file's name, a request's path, a server's message.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Returns untrusted text as one line that is safe to print: a file's name or path, a request's path, a
/// server's message.
///
/// Characters that a terminal would interpret or that would change the order of a line are written as
/// escapes: control characters as `\n`, `\t`, `\r` or `\u{1b}`, including U+0080 to U+009F, bidirectional
/// marks, and separators of lines and paragraphs. A byte that is not UTF-8 is written as `\xff`, so that
/// different names remain distinguishable. Text without any of these is borrowed.
///
/// ```
/// use manage::console::printable;
///
/// assert_eq!(printable("café.md"), "café.md");
/// assert_eq!(printable("a\u{9b}31m\nb"), r"a\u{9b}31m\nb");
/// ```
pub fn printable<T: AsRef<OsStr> + ?Sized>(text: &T) -> Cow<'_, str> {
    escape(text.as_ref().as_encoded_bytes(), false)
}

/// Like [`printable`], for text that is known to be UTF-8.
#[cfg(feature = "runserver")]
pub(crate) fn printable_str(text: &str) -> Cow<'_, str> {
    replace(text, is_unsafe, escape_char)
}

/// Like [`printable`], for text of several lines: line breaks and tabs are kept.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escape(text.as_bytes(), true)
}

/// Like [`printable`], for serialized JSON. It uses JSON's own escapes, so programs read the same values.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    replace(
        json,
        |c| is_unsafe(c) && c != '\n',
        |escaped, c| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        },
    )
}

fn escape(bytes: &[u8], lines: bool) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !(lines && matches!(c, '\n' | '\t'));
    if let Ok(text) = std::str::from_utf8(bytes) {
        return replace(text, unsafe_here, escape_char);
    }
    let mut escaped = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        escaped.push_str(&replace(chunk.valid(), unsafe_here, escape_char));
        for byte in chunk.invalid() {
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    Cow::Owned(escaped)
}

fn replace(
    text: &str,
    mut unsafe_here: impl FnMut(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(&mut unsafe_here) else { return Cow::Borrowed(text) };
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(&text[..first]);
    for c in text[first..].chars() {
        if unsafe_here(c) { escape(&mut escaped, c) } else { escaped.push(c) }
    }
    Cow::Owned(escaped)
}

/// Returns whether a text has only printable ASCII characters, as most have. Whole chunks are compared at once
/// by the instructions for that.
fn is_plain(text: &str) -> bool {
    let is_plain = |plain, byte: &u8| plain & matches!(byte, b' '..=b'~');
    text.as_bytes().chunks(32).all(|chunk| chunk.iter().fold(true, is_plain))
}

fn escape_char(escaped: &mut String, c: char) {
    match c {
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        _ => {
            let _ = write!(escaped, "{}", c.escape_unicode());
        }
    }
}

/// Returns whether a terminal interprets a character, or would reorder or break the text around it.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // Arabic letter mark; left-to-right and right-to-left marks; line and paragraph separators with
            // the bidirectional embeddings and overrides; isolates and the deprecated format characters.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "",
            "plain",
            "새 제목",
            "עברית",
            "عربى",
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
            r"C:\new",
            "e\u{301}",
        ] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text), "{text}");
            assert!(matches!(printable_lines(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        for (text, shown) in [
            ("\x1b[31mred", r"\u{1b}[31mred"),
            ("a\u{9b}2Jb", r"a\u{9b}2Jb"),
            ("a\u{9d}0;title\u{9c}", r"a\u{9d}0;title\u{9c}"),
            ("a\0\u{7}\u{7f}\u{80}\u{85}\u{9f}", r"a\u{0}\u{7}\u{7f}\u{80}\u{85}\u{9f}"),
            ("one\ntwo\r\n\tthree", r"one\ntwo\r\n\tthree"),
            ("exe\u{202e}gpj", r"exe\u{202e}gpj"),
            ("\u{61c}\u{200e}\u{200f}", r"\u{61c}\u{200e}\u{200f}"),
            ("\u{202a}\u{202b}\u{202c}\u{202d}", r"\u{202a}\u{202b}\u{202c}\u{202d}"),
            ("\u{2066}\u{2067}\u{2068}\u{2069}", r"\u{2066}\u{2067}\u{2068}\u{2069}"),
            ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(printable_lines("one\n\ttwo\x1b\u{9b}\u{202e}"), "one\n\ttwo\\u{1b}\\u{9b}\\u{202e}");
        // A carriage return alone would overwrite the line.
        assert_eq!(printable_lines("one\rtwo"), "one\\rtwo");
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({ "a\u{9b}": "x\u{7f}\u{202e}\u{1b}\n" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = printable_json(&text);
        assert!(!safe.contains(|c| is_unsafe(c) && c != '\n'), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[cfg(unix)]
    #[test]
    fn no_byte_of_a_name_is_lost() {
        use std::os::unix::ffi::OsStrExt;
        let shown = |bytes| printable(OsStr::from_bytes(bytes)).into_owned();
        assert_eq!(shown(b"caf\xe9.md"), r"caf\xe9.md");
        assert_eq!(shown(b"caf\xe8\n.md"), r"caf\xe8\n.md");
        assert_eq!(shown(b"\xed\x95"), r"\xed\x95");
        assert_eq!(shown(b"\xff"), r"\xff");
        assert_eq!(printable(std::path::Path::new("a/b")), "a/b");
    }
}
