//! Splits a file into the part between the two lines of hyphens and the rest.

use super::problem::Fault;

/// The two parts of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// The YAML without the lines around it. It begins in line 2.
    pub(super) yaml: String,
    /// The Markdown, without empty lines around it, and with line feeds alone at the ends of lines.
    pub(super) body: String,
}

/// The line in which the YAML begins.
pub(super) const YAML_LINE: usize = 2;

/// The largest front matter, in bytes.
const LARGEST_YAML: usize = 64 << 10;

/// Takes the bytes of a file apart.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts, Fault> {
    let text = text(bytes)?;
    let mut lines = text.split_inclusive('\n');
    if lines.next().map(str::trim_end) != Some("---") {
        return Err(Fault::at(1, "there is no front matter: the first line must be `---`"));
    }
    let mut yaml = String::new();
    for line in lines.by_ref() {
        if matches!(line.trim_end(), "---" | "...") {
            let body: String = lines.collect();
            return Ok(Parts { yaml, body: body.trim_matches('\n').to_owned() });
        }
        if yaml.len() + line.len() > LARGEST_YAML {
            let size = LARGEST_YAML >> 10;
            return Err(Fault::at(1, format!("the front matter that begins here is larger than {size} KiB")));
        }
        yaml.push_str(line);
    }
    Err(Fault::at(1, "the front matter that begins here is never closed: a line `---` must end it"))
}

fn text(bytes: &[u8]) -> Result<String, Fault> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let start = error.valid_up_to();
        Fault::at(line_of(bytes, start), format!("this is not UTF-8: a byte {:#04x}", bytes[start]))
    })?;
    if let Some(position) = bytes.iter().position(|byte| *byte == 0) {
        // PostgreSQL cannot store it.
        return Err(Fault::at(line_of(bytes, position), "this has a NUL character"));
    }
    Ok(text.replace("\r\n", "\n"))
}

fn line_of(bytes: &[u8], position: usize) -> usize {
    1 + bytes[..position].iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(all(test, unix))]
#[path = "file_fuzz.rs"]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(text: &str) -> (String, String) {
        let parts = parts(text.as_bytes()).expect("a good file");
        (parts.yaml, parts.body)
    }

    #[test]
    fn both_parts_are_found() {
        let pair = |yaml: &str, body: &str| (yaml.to_owned(), body.to_owned());
        assert_eq!(parts_of("---\na: 1\n---\n\nText\n"), pair("a: 1\n", "Text"));
        assert_eq!(parts_of("\u{feff}---  \r\na: 1\r\n--- \t\r\nOne\r\nTwo\r\n"), pair("a: 1\n", "One\nTwo"));
        assert_eq!(parts_of("---\na: 1\n...\nText"), pair("a: 1\n", "Text"));
        assert_eq!(parts_of("---\n---"), pair("", ""));
        assert_eq!(parts_of("---\n---\n```\n---\n```\n---\n"), pair("", "```\n---\n```\n---"));
        assert_eq!(parts_of("---\n---\n\n    code\n"), pair("", "    code"));
        // Only a line of its own ends it.
        assert_eq!(parts_of("---\na: |\n  ---\nb: ---x\n---\n"), pair("a: |\n  ---\nb: ---x\n", ""));
    }

    #[test]
    fn front_matter_has_a_limit_and_the_text_has_none() {
        let line = "a: b\n";
        let lines = line.repeat(LARGEST_YAML / line.len());
        assert_eq!(parts_of(&format!("---\n{lines}---\n{lines}")).0, lines);
        for yaml in [format!("{lines}{line}"), "a".repeat(LARGEST_YAML)] {
            let fault = parts(format!("---\n{yaml}\n---\n").as_bytes()).expect_err("a large one");
            assert_eq!(
                (fault.line, fault.reason.contains("larger than 64 KiB")),
                (Some(1), true),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_broken_file_has_a_line() {
        let fault = |bytes: &[u8]| parts(bytes).expect_err("a broken file");
        for none in ["", "\n---\n---\n", "# Title\n", "----\n", " ---\n---\n"] {
            let fault = fault(none.as_bytes());
            assert_eq!(fault.line, Some(1), "{none:?}");
            assert!(fault.reason.contains("no front matter"), "{none:?}: {fault:?}");
        }
        for open in ["---", "---\na: 1\n", "---\na: 1\n----\n", "---\na: 1\n ---\n"] {
            let fault = fault(open.as_bytes());
            assert_eq!(fault.line, Some(1), "{open:?}");
            assert!(fault.reason.contains("never closed"), "{open:?}: {fault:?}");
        }
        assert_eq!(fault(b"---\na: 1\n---\nok\n\xff\n").line, Some(5));
        assert_eq!(fault(b"---\na: \xed\x95\n---\n").line, Some(2));
        assert_eq!(fault(b"---\n---\n\r\na\0b").line, Some(4));
    }
}
