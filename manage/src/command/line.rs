//! Splits the program's arguments at the command's name.

use std::ffi::OsString;

/// The command line, split at the command's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Options before the name.
    pub(crate) before: Vec<OsString>,
    /// The command's name, if the line has one.
    pub(crate) name: Option<OsString>,
    /// All that follows the name.
    pub(crate) after: Vec<OsString>,
}

/// The common options whose value may be the next argument.
const WITH_VALUE: [&str; 5] = ["-v", "--verbosity", "--settings", "--isolated-key", "--isolated-wait"];

impl Line {
    /// Splits the arguments, which do not include the program's own name.
    pub(crate) fn split(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut line = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            if !text.starts_with('-') || text == "-" {
                line.name = Some(argument);
                break;
            }
            let takes_value = WITH_VALUE.contains(&&*text);
            line.before.push(argument);
            if takes_value {
                line.before.extend(arguments.next());
            }
        }
        line.after.extend(arguments);
        line
    }
}

impl Line {
    /// Returns all words, in their order.
    pub(crate) fn words(&self) -> Vec<OsString> {
        self.before.iter().chain(&self.name).chain(&self.after).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (String, Option<String>, String) {
        let join = |words: &[OsString]| words.join(" ".as_ref()).into_string().unwrap();
        let line = Line::split(text.split_whitespace().map(OsString::from));
        (join(&line.before), line.name.map(|name| name.into_string().unwrap()), join(&line.after))
    }

    #[test]
    fn the_name_is_the_first_word_that_is_no_option() {
        assert_eq!(split("migrate --plan"), (String::new(), Some("migrate".into()), "--plan".into()));
        assert_eq!(split("-v 2 migrate x"), ("-v 2".into(), Some("migrate".into()), "x".into()));
        assert_eq!(split("-v2 migrate"), ("-v2".into(), Some("migrate".into()), String::new()));
        assert_eq!(
            split("--settings=a.toml check"),
            ("--settings=a.toml".into(), Some("check".into()), String::new())
        );
        assert_eq!(
            split("--settings a.toml check"),
            ("--settings a.toml".into(), Some("check".into()), String::new())
        );
    }

    #[test]
    fn there_may_be_no_name() {
        assert_eq!(split(""), (String::new(), None, String::new()));
        assert_eq!(split("--help"), ("--help".into(), None, String::new()));
        assert_eq!(split("-v"), ("-v".into(), None, String::new()));
    }
}
