//! Where random inputs come from: the tokens of a grammar, and changes of inputs that are valid.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Returns the inputs that are kept in a directory, by their files' names. None where there is no directory.
pub fn kept(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let mut kept: Vec<(String, Vec<u8>)> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a kept input"))
        })
        .collect();
    kept.sort();
    kept
}

/// Any characters, those of ASCII more often.
pub fn any_text(longest: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![8 => proptest::char::range(' ', '~'), 1 => any::<char>()];
    vec(character, 0..=longest).prop_map(String::from_iter)
}

/// Tokens in a row.
pub fn sentence(tokens: &'static [&'static str], longest: usize) -> impl Strategy<Value = String> {
    vec(select(tokens), 0..=longest).prop_map(|tokens| tokens.concat())
}

/// A change of a text.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, String),
    Delete(Index, usize),
    /// A part of the text, once more in another place.
    Repeat(Index, usize, Index),
    /// The text ends here, and another one begins.
    Splice(Index, Index, Index),
}

/// Valid inputs with a few changes: tokens and characters that come in, parts that go or are repeated.
pub fn mutated(inputs: Vec<String>, tokens: &'static [&'static str]) -> impl Strategy<Value = String> {
    assert!(!inputs.is_empty(), "inputs to change");
    let inserted = prop_oneof![
        4 => select(tokens).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        1 => (select(tokens), 1..200_usize).prop_map(|(token, times)| token.repeat(times)),
    ];
    let change = prop_oneof![
        4 => (any::<Index>(), inserted).prop_map(|(at, text)| Change::Insert(at, text)),
        2 => (any::<Index>(), 1..20_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        1 => (any::<Index>(), 1..40_usize, any::<Index>()).prop_map(|(from, length, to)| Change::Repeat(from, length, to)),
        1 => (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(at, other, from)| Change::Splice(at, other, from)),
    ];
    (select(inputs.clone()), vec(change, 0..8)).prop_map(move |(input, changes)| {
        changes.iter().fold(input, |text, change| change.apply(&text, &inputs))
    })
}

impl Change {
    fn apply(&self, text: &str, inputs: &[String]) -> String {
        let letters: Vec<char> = text.chars().collect();
        let place = |index: &Index| index.index(letters.len() + 1);
        let text = |letters: &[char]| letters.iter().collect::<String>();
        match self {
            Self::Insert(at, inserted) => {
                let (before, after) = letters.split_at(place(at));
                text(before) + inserted + &text(after)
            }
            Self::Delete(at, length) => {
                let (before, after) = letters.split_at(place(at));
                text(before) + &text(&after[(*length).min(after.len())..])
            }
            Self::Repeat(from, length, to) => {
                let from = place(from);
                let part = &letters[from..(from + length).min(letters.len())];
                let (before, after) = letters.split_at(place(to));
                text(before) + &text(part) + &text(after)
            }
            Self::Splice(at, other, from) => {
                let other: Vec<char> = other.get(inputs).chars().collect();
                text(&letters[..place(at)]) + &text(&other[from.index(other.len() + 1)..])
            }
        }
    }
}
