//! Random `.env` files, read here and by python-dotenv: the same values, or an error that names the right line.
//!
//! What is read differently on purpose is listed in `docs/env-files.md`. The files are the same on each run, unless
//! `MANAGE_TEST_SEED` gives another number to make them from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use manage::settings::Settings;
use manage_test_servers::{Need, Suite, python};

use crate::env_files::load;
use crate::random::Random;

pub(crate) fn add(suite: &mut Suite) {
    suite.needs(Need::PythonDotenv, "env_files::statements_as_python_dotenv_reads_them", statements);
    suite.needs(Need::PythonDotenv, "env_files::any_characters_as_python_dotenv_reads_them", any_characters);
}

const FILES: usize = 1_000;

/// The only variables of the environment.
const ENVIRONMENT: [(&str, &str); 2] = [("E_ONE", "one"), ("E_TWO", "t w o")];

/// What python-dotenv makes of `<folder>/<number>/.env`, as `load_dotenv()` would set it: a line of JSON for each.
const SCRIPT: &str = r#"
import json, logging, sys
from dotenv.main import DotEnv
from dotenv.parser import parse_stream
logging.disable()
for number in range(int(sys.argv[2])):
    path = f"{sys.argv[1]}/{number}/.env"
    broken = []
    with open(path, encoding="utf-8") as stream:
        for binding in parse_stream(stream):
            if binding.error:
                # It counts the blank lines before as part of the statement.
                text = binding.original.string
                blank = text[:len(text) - len(text.lstrip())].count("\n")
                broken.append(binding.original.line + blank)
    values = DotEnv(path, encoding="utf-8", override=False).dict()
    print(json.dumps({"values": values, "broken": broken}))
"#;

#[derive(serde::Deserialize)]
struct Theirs {
    values: BTreeMap<String, Option<String>>,
    broken: Vec<usize>,
}

fn theirs(folder: &Path) -> Vec<Theirs> {
    let mut command = Command::new(python());
    command.env_clear().envs(ENVIRONMENT).env("PYTHONIOENCODING", "utf-8");
    command.args(["-c", SCRIPT]).arg(folder).arg(FILES.to_string());
    let output = command.output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn seed(default: u64) -> u64 {
    std::env::var("MANAGE_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(default)
}

/// What is to come of a variable.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
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
struct File {
    text: String,
    variables: BTreeMap<String, Expected>,
}

const NAMES: [&str; 10] =
    ["A", "B", "DB_USER", "DB_PASSWORD", "lower", "x.y-z", "LONG_NAME_9", "Q", "E_ONE", "UNKNOWN"];

impl File {
    fn new(random: &mut Random) -> Self {
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

fn written(folder: &Path, number: usize, text: &str) -> Settings {
    let folder = folder.join(number.to_string());
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(".env"), text).expect("a file");
    load(&folder, &ENVIRONMENT).expect("settings")
}

fn statements() {
    let (mut random, folder) = (Random(seed(21)), tempfile::tempdir().expect("a folder"));
    let files: Vec<(File, Settings)> = (0..FILES)
        .map(|number| {
            let file = File::new(&mut random);
            let settings = written(folder.path(), number, &file.text);
            (file, settings)
        })
        .collect();
    let (mut same, mut errors, mut different) = (0, 0, 0);
    for ((file, settings), theirs) in files.iter().zip(theirs(folder.path())) {
        for (name, expected) in &file.variables {
            let theirs = theirs.values.get(name).cloned().flatten().unwrap_or_default();
            let ours = settings.variable(name).map(|value| value.map(|value| value.expose().to_owned()));
            let case = || format!("{name} of {:?}: {ours:?}, theirs {theirs:?}", file.text);
            match (expected, &ours) {
                (Expected::Error(line), Err(error)) => {
                    errors += 1;
                    assert!(error.to_string().contains(&format!(".env, line {line}): ")), "{}", case());
                }
                (Expected::Same | Expected::Empty | Expected::Unset, Ok(value)) => {
                    same += 1;
                    assert_eq!(value.clone().unwrap_or_default(), theirs, "{}", case());
                }
                (Expected::Different, Ok(Some(value))) => {
                    different += 1;
                    assert!(!value.is_empty() && *value != theirs, "{}", case());
                }
                _ => panic!("{expected:?}: {}", case()),
            }
        }
    }
    assert!(same > 2_000 && errors > 500 && different > 200, "{same} {errors} {different}");
}

/// Texts without references, of characters that mean something.
fn any_characters() {
    const PIECES: [&str; 24] = [
        "A", "B", "C", "A=", "B=", "C=", "=", "'", "'", "\"", "\"", "\\", "#", " ", "\t", "\n", "\n", "\n",
        "\r\n", "\r", "x", "export ", "é", "\u{a0}",
    ];
    let (mut random, folder) = (Random(seed(22)), tempfile::tempdir().expect("a folder"));
    let files: Vec<(String, Settings)> = (0..FILES)
        .map(|number| {
            let text: String = (0..random.below(40)).map(|_| random.one_of(&PIECES)).collect();
            let settings = written(folder.path(), number, &text);
            (text, settings)
        })
        .collect();
    let (mut same, mut errors) = (0, 0);
    for ((text, settings), theirs) in files.iter().zip(theirs(folder.path())) {
        // Quotes around a name count as part of it there.
        if theirs.values.keys().any(|name| name.starts_with('"') && name.ends_with('"') && name.len() > 2) {
            continue;
        }
        let names = theirs.values.keys().map(String::as_str).chain(["A", "B", "C"]);
        for name in names {
            let expected = theirs.values.get(name).cloned().flatten().unwrap_or_default();
            match settings.variable(name) {
                Ok(value) => {
                    same += 1;
                    let value = value.map(|value| value.expose().to_owned()).unwrap_or_default();
                    assert_eq!(value, expected, "{name:?} of {text:?}");
                }
                Err(error) => {
                    errors += 1;
                    let error = error.to_string();
                    let named = |line: &usize| error.contains(&format!(".env, line {line}): "));
                    assert!(
                        theirs.broken.iter().any(named),
                        "{name:?} of {text:?}: {error}, theirs {:?}",
                        theirs.broken
                    );
                }
            }
        }
    }
    assert!(same > 4_000 && errors > 200, "{same} {errors}");
}
