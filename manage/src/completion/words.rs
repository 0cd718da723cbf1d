//! A command line as typed so far, split into words.

/// The words before the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// The complete words, after the program's own name.
    pub(super) before: Vec<String>,
    /// The word at the cursor, up to the cursor and without quotes.
    pub(super) current: String,
    /// How many bytes of the current word the shell keeps when it inserts a candidate.
    pub(super) kept: usize,
    /// The open quote at the cursor.
    pub(super) quote: Quote,
}

/// An open quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quote {
    #[default]
    None,
    Single,
    Double,
}

impl Typed {
    /// Creates it from a list whose first word is the program and whose last is the one at the cursor.
    pub(super) fn of(words: impl IntoIterator<Item = String>, read_last: fn(&str) -> String) -> Self {
        let mut before: Vec<String> = words.into_iter().skip(1).collect();
        let current = before.pop().map(|word| read_last(&word)).unwrap_or_default();
        Self { before, current, ..Self::default() }
    }

    /// Returns whether `--` precedes the cursor, so that everything that follows is a value.
    pub(super) fn is_escaped(&self) -> bool {
        self.before.iter().any(|word| word == "--")
    }
}

/// Parses a line as bash does, up to the cursor; a quote may be open. Bash replaces the text after the last
/// unquoted word break (`COMP_WORDBREAKS`), or after an open quote.
pub(super) fn bash_words(line: &str, breaks: &str) -> Typed {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut kept = 0;
    let mut quote = Quote::None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Quote::None, ' ' | '\t' | '\n') => {
                words.extend(word.take());
                kept = 0;
                continue;
            }
            (Quote::None, '\'') | (Quote::None, '"') => {
                quote = if letter == '"' { Quote::Double } else { Quote::Single };
                kept = word.get_or_insert_default().len();
            }
            (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
            (Quote::None, '\\') => word.get_or_insert_default().extend(letters.next()),
            (Quote::Double, '\\') => {
                let word = word.get_or_insert_default();
                match letters.next() {
                    Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                    next => word.extend(['\\'].into_iter().chain(next)),
                }
            }
            (Quote::None, _) if breaks.contains(letter) => {
                let word = word.get_or_insert_default();
                word.push(letter);
                kept = word.len();
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    let current = word.unwrap_or_default();
    let before = words.into_iter().skip(1).collect();
    Typed { before, current, kept, quote }
}

/// Removes the quotes and backslashes that a shell interprets.
pub(super) fn unquoted(word: &str) -> String {
    // The word is preceded by a program name.
    bash_words(&format!("x {word}"), "").current
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    fn read(line: &str) -> (Vec<String>, String, usize, Quote) {
        let typed = bash_words(line, BREAKS);
        (typed.before, typed.current, typed.kept, typed.quote)
    }

    #[test]
    fn words_are_cut_as_bash_cuts_them() {
        assert_eq!(read("manage "), (vec![], String::new(), 0, Quote::None));
        assert_eq!(read("manage mi"), (vec![], "mi".into(), 0, Quote::None));
        assert_eq!(
            read("manage 'a b' c\\ d "),
            (vec!["a b".into(), "c d".into()], String::new(), 0, Quote::None)
        );
        assert_eq!(read("manage '' x"), (vec![String::new()], "x".into(), 0, Quote::None));
        assert_eq!(read("manage \"a\\\"b\" x"), (vec!["a\"b".into()], "x".into(), 0, Quote::None));
    }

    #[test]
    fn what_bash_keeps_is_known() {
        assert_eq!(read("m --database=de"), (vec![], "--database=de".into(), 11, Quote::None));
        assert_eq!(read("m a:b:c"), (vec![], "a:b:c".into(), 4, Quote::None));
        assert_eq!(read("m \"a b"), (vec![], "a b".into(), 0, Quote::Double));
        assert_eq!(read("m --x='a b"), (vec![], "--x=a b".into(), 4, Quote::Single));
        assert_eq!(read("m a\\:b"), (vec![], "a:b".into(), 0, Quote::None));
    }

    #[test]
    fn letters_of_many_bytes_are_whole() {
        let typed = bash_words("m 글=첫", BREAKS);
        assert_eq!((typed.current.as_str(), &typed.current[typed.kept..]), ("글=첫", "첫"));
    }
}
