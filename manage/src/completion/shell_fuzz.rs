//! Text quoted for bash is read back unchanged.

use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{Fuzz, any_text, sentence};

use super::*;

const TOKENS: &[&str] = &[
    "a", "é", "密", " ", "\t", "'", "\"", "\\", "$", "`", "&", "|", ";", "<", ">", "(", ")", "{", "}", "[",
    "]", "*", "?", "!", "#", "~", "~/", "=", ":", "@", "-", "--", "$(x)", "${x}", "\\n",
];

const BREAKS: &str = " \t\n\"'@><=;|&(:";

#[test]
fn quoted_values_are_read_back() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "quoted_values");
    let values = prop_oneof![3 => sentence(TOKENS, 12), 1 => any_text(30)];
    target.texts(values, |value| {
        // Candidates with these characters are filtered out before.
        let value = value.replace(['\n', '\r', '\t'], "");
        for (quote, mark) in [(Quote::None, ""), (Quote::Single, "'"), (Quote::Double, "\"")] {
            let line = format!("m first {mark}{}", quote.escape(&value));
            let typed = bash_words(&line, BREAKS);
            if typed.current != value || typed.before != ["first"] {
                return Err(format!("{value:?} behind {quote:?} is {line:?}, which is read as {typed:?}"));
            }
        }
        // With the quote closed, it is one word of the line.
        let typed = bash_words(
            &format!("m '{}' \"{}\" ", Quote::Single.escape(&value), Quote::Double.escape(&value)),
            BREAKS,
        );
        if typed.before != [value.as_str(), value.as_str()] {
            return Err(format!("{value:?} is read as {typed:?}"));
        }
        Ok(())
    });
}

#[test]
fn any_line_is_cut_between_letters() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "cut_lines");
    target.texts(prop_oneof![3 => sentence(TOKENS, 20), 1 => any_text(60)], |line| {
        for breaks in [BREAKS, "", "é密="] {
            let typed = bash_words(line, breaks);
            if typed.current.get(typed.kept..).is_none() {
                return Err(format!("{} of {:?} is no part of it", typed.kept, typed.current));
            }
        }
        Ok(())
    });
}
