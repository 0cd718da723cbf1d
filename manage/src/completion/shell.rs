//! The shells, and the format in which each of them reads candidates.

use clap::ValueEnum;

use super::words::{Quote, Typed, bash_words, unquoted};

/// A supported shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "PowerShell is its name")]
pub(crate) enum Shell {
    /// Bash 3.2 and later
    Bash,
    /// Zsh 5 and later
    Zsh,
    /// Fish 3 and later
    Fish,
    /// PowerShell 5.1 and later
    #[value(name = "powershell")]
    PowerShell,
    /// Elvish 0.18 and later
    Elvish,
}

/// A candidate to print for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) value: String,
    pub(super) help: String,
}

impl Shell {
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|shell| shell.name() == name)
    }

    /// Returns its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::PowerShell => "powershell",
            Self::Elvish => "elvish",
        }
    }

    /// Parses the words of the command line, which the shell's script passes.
    pub(super) fn read(self, arguments: &[String]) -> Typed {
        match self {
            Self::Bash => {
                let part = |index: usize| arguments.get(index).map(String::as_str).unwrap_or_default();
                bash_words(part(0), part(1))
            }
            // Fish and PowerShell pass the words still quoted. PowerShell puts a colon before each, so that
            // none is empty.
            Self::Fish => Typed::of(arguments.iter().cloned(), unquoted),
            Self::PowerShell => {
                let bare = |word: &String| word.strip_prefix(':').unwrap_or(word).to_owned();
                Typed::of(arguments.iter().map(bare), unquoted)
            }
            Self::Zsh | Self::Elvish => Typed::of(arguments.iter().cloned(), str::to_owned),
        }
    }

    /// Formats the candidates as the shell's script reads them: one per line.
    pub(super) fn write(self, lines: &[Line], typed: &Typed) -> String {
        let mut text = String::new();
        for Line { value, help } in lines {
            match self {
                Self::Bash => {
                    // Bash replaces only the text after the last word break.
                    let Some(value) = value.get(typed.kept..) else { continue };
                    text.push_str(&typed.quote.escape(value));
                }
                _ if help.is_empty() => text.push_str(value),
                _ => {
                    text.push_str(value);
                    text.push('\t');
                    text.push_str(help);
                }
            }
            text.push('\n');
        }
        text
    }
}

impl Quote {
    /// Escapes a value for use after this quote, or without one.
    fn escape(self, value: &str) -> String {
        let special: &str = match self {
            Self::None => " \t\"'`$&|;<>(){}[]*?!#~\\",
            Self::Double => "\"$`\\",
            Self::Single => return value.replace('\'', "'\\''"),
        };
        let mut text = String::with_capacity(value.len());
        for (index, letter) in value.char_indices() {
            // These two are special only at the start; `~/` should be expanded.
            let literal = matches!(letter, '~' | '#') && (index > 0 || value.starts_with("~/"));
            if special.contains(letter) && !literal {
                text.push('\\');
            }
            text.push(letter);
        }
        text
    }
}

#[cfg(all(test, unix))]
#[path = "shell_fuzz.rs"]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_gets_what_it_replaces() {
        let shown = |line: &str, values: &[&str]| {
            let typed = Shell::Bash.read(&[line.to_owned(), " \t\n\"'@><=;|&(:".to_owned()]);
            let line = |value: &&str| Line { value: (*value).to_owned(), help: "help".to_owned() };
            Shell::Bash.write(&values.iter().map(line).collect::<Vec<_>>(), &typed)
        };
        assert_eq!(shown("m x", &["xy", "x z", "x$"]), "xy\nx\\ z\nx\\$\n");
        assert_eq!(shown("m --opt=x", &["--opt=xy"]), "xy\n");
        assert_eq!(shown("m a:b", &["a:bc"]), "bc\n");
        assert_eq!(shown("m \"a b", &["a b$c"]), "a b\\$c\n");
        assert_eq!(shown("m 'a b", &["a b'c"]), "a b'\\''c\n");
        assert_eq!(shown("m ~/x", &["~/x y", "~/~x"]), "~/x\\ y\n~/~x\n");
    }

    #[test]
    fn the_others_get_descriptions() {
        let typed = Shell::Fish.read(&["m".to_owned(), String::new()]);
        let lines = [
            Line { value: "one".to_owned(), help: "The first".to_owned() },
            Line { value: "two".to_owned(), help: String::new() },
        ];
        assert_eq!(Shell::Fish.write(&lines, &typed), "one\tThe first\ntwo\n");
    }
}
