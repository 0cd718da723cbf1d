//! Random files, and what is to come of each variable.

use std::collections::BTreeMap;

use crate::random::Random;

/// What is to come of a variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    /// python-dotenv's value.
    Same,
    /// The same, which is no text at all.
    Empty,
    /// It is not set, as with a name alone.
    Unset,
    /// An error for this line.
    Error(usize),
    /// One of the documented differences.
    Different,
}

/// A file of statements, and what is to come of each variable.
#[derive(Default)]
pub(super) struct File {
    pub(super) text: String,
    pub(super) variables: BTreeMap<String, Expected>,
}

const NAMES: [&str; 10] =
    ["A", "B", "DB_USER", "DB_PASSWORD", "lower", "x.y-z", "LONG_NAME_9", "Q", "E_ONE", "UNKNOWN"];

impl File {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut file = Self::default();
        if random.below(8) == 0 {
            file.text.push('\u{feff}');
        }
        let newline = random.one_of(&["\n", "\n", "\r\n"]);
        for _ in 0..=random.below(9) {
            file.statement(random, newline);
        }
        if random.below(4) == 0 {
            file.text.truncate(file.text.trim_end_matches(['\r', '\n']).len());
        }
        file
    }

    fn line(&self) -> usize {
        self.text.matches('\n').count() + 1
    }

    fn statement(&mut self, random: &mut Random, newline: &str) {
        let name = random.one_of(&NAMES[..8]);
        let line = self.line();
        self.text.push_str(random.one_of(&["", "", "", "", " ", "\t", "export ", "export \t", "  export "]));
        let (before, after) = (random.one_of(&["", "", "", " "]), random.one_of(&["", "", "", " ", " \t"]));
        let written = match random.below(12) {
            0 => format!("'{name}'"),
            _ => name.to_owned(),
        };
        let expected = match random.below(20) {
            0 => {
                self.text.push_str(&format!("# {written}=comment '\" ${{A}}"));
                None
            }
            1 => None,
            2 => {
                self.text.push_str(&written);
                Some(Expected::Unset)
            }
            3 => {
                self.text.push_str(&format!("{written}{before}={after}"));
                self.text.push_str(random.one_of(&["", "''", "\"\"", " # comment", "'' # comment"]));
                Some(Expected::Empty)
            }
            4 => {
                let slip = random.one_of(&[": x", " x y", "='x' y", "=\"x\"y", "=\"1\n2\" 'x'"]);
                self.text.push_str(&format!("{name}{slip}"));
                Some(Expected::Error(line))
            }
            kind => {
                self.text.push_str(&format!("{written}{before}={after}"));
                let expected = match kind {
                    5..=7 => self.single_quoted(random, newline),
                    8..=11 => self.double_quoted(random, newline),
                    _ => self.unquoted(random),
                };
                self.text.push_str(random.one_of(&["", "", " ", " # comment", "\t#comment ' \" ${A}"]));
                Some(expected)
            }
        };
        self.text.push_str(newline);
        if let Some(expected) = expected {
            self.variables.insert(name.to_owned(), expected);
        }
    }

    fn single_quoted(&mut self, random: &mut Random, newline: &str) -> Expected {
        self.text.push('\'');
        let mut expected = Expected::Same;
        self.text.push('x');
        for _ in 0..random.below(6) {
            match random.below(14) {
                0 => {
                    // They expand it.
                    self.text.push_str("${A}");
                    expected = Expected::Different;
                }
                1 => self.text.push_str(newline),
                _ => self.text.push_str(random.one_of(&[
                    "a",
                    "two words",
                    " # ",
                    "\"",
                    "\\'",
                    "\\\\",
                    "\\n",
                    "\\x",
                    "$",
                    "$A",
                    "=",
                    "é密",
                    "}{",
                ])),
            }
        }
        self.text.push('\'');
        expected
    }

    fn double_quoted(&mut self, random: &mut Random, newline: &str) -> Expected {
        self.text.push_str("\"x");
        let mut expected = Expected::Same;
        for _ in 0..random.below(6) {
            let piece = match random.below(14) {
                0 => {
                    // They keep the backslash.
                    self.text.push_str("\\$");
                    Expected::Different
                }
                1 => {
                    self.text.push_str(newline);
                    Expected::Same
                }
                2..=4 => self.reference(random),
                _ => {
                    self.text.push_str(random.one_of(&[
                        "a",
                        "two words",
                        " # ",
                        "'",
                        "\\\"",
                        "\\\\",
                        "\\n",
                        "\\t",
                        "\\q",
                        "$ ",
                        "$1",
                        "=",
                        "é密",
                        "}{",
                    ]));
                    Expected::Same
                }
            };
            expected = worse(expected, piece);
        }
        self.text.push('"');
        expected
    }

    fn unquoted(&mut self, random: &mut Random) -> Expected {
        self.text.push_str(random.one_of(&[
            "x",
            "*/5 * * * * x",
            "{\"a\": [1]}",
            "C:\\dir\\new",
            "it's",
            "postgres://u",
        ]));
        let mut expected = Expected::Same;
        for _ in 0..random.below(6) {
            let piece = match random.below(10) {
                0..=2 => self.reference(random),
                _ => {
                    self.text.push_str(random.one_of(&[
                        "a",
                        " two words",
                        "#",
                        "'",
                        "\"",
                        "\\",
                        "\\n",
                        "$ x",
                        "$1",
                        "$",
                        "=",
                        "é密",
                        "}{",
                        "@",
                        ":",
                    ]));
                    // What follows might make it the name of a variable.
                    self.text.push_str(random.one_of(&["-", "."]));
                    Expected::Same
                }
            };
            expected = worse(expected, piece);
        }
        expected
    }

    /// A reference to a variable that is set, empty, broken, or not there.
    fn reference(&mut self, random: &mut Random) -> Expected {
        let name = random.one_of(&NAMES);
        let line = self.line();
        let state = match self.variables.get(name) {
            _ if name == "E_ONE" => Expected::Same,
            None => Expected::Unset,
            Some(state) => *state,
        };
        match random.below(4) {
            0 => {
                self.text.push_str(&format!("${{{name}:-a default}}"));
                match (state, self.variables.contains_key(name)) {
                    (Expected::Unset, false) => Expected::Same,
                    // They take nothing for what is set to nothing, and for a name alone.
                    (Expected::Unset | Expected::Empty, _) => Expected::Different,
                    (state, _) => state,
                }
            }
            1 if !name.contains('.') => {
                // They expand braces alone.
                self.text.push_str(&format!("${name}."));
                match state {
                    Expected::Unset | Expected::Empty => Expected::Same,
                    Expected::Error(line) => Expected::Error(line),
                    Expected::Same | Expected::Different => Expected::Different,
                }
            }
            _ => {
                self.text.push_str(&format!("${{{name}}}"));
                match state {
                    Expected::Unset => Expected::Error(line),
                    Expected::Empty => Expected::Same,
                    state => state,
                }
            }
        }
    }
}

/// Of several pieces the first error counts, and before it nothing else.
fn worse(one: Expected, other: Expected) -> Expected {
    match (one, other) {
        (Expected::Error(_), _) | (Expected::Different, Expected::Same) => one,
        _ => other,
    }
}
