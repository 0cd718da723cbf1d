//! Random `.env` files, read here and by python-dotenv: the same values, or an error that names the right
//! line.
//!
//! What is read differently on purpose is listed in `docs/guide/env-files.md`. The files are the same on each run,
//! unless `MANAGE_TEST_SEED` gives another number to make them from.

mod generated;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use manage::settings::Settings;
use manage_test_support::{Need, case, needs, python};

use generated::{Expected, File};

use crate::env_files::load;
use crate::random::Random;

const FILES: usize = 1_000;

/// The only variables of the environment.
const ENVIRONMENT: [(&str, &str); 2] = [("E_ONE", "one"), ("E_TWO", "t w o")];

/// What python-dotenv makes of `<directory>/<number>/.env`, as `load_dotenv()` would set it: a line of JSON
/// for each.
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

fn written(folder: &Path, number: usize, text: &str) -> Settings {
    let folder = folder.join(number.to_string());
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(".env"), text).expect("a file");
    load(&folder, &ENVIRONMENT).expect("settings")
}

#[case(needs(Need::PythonDotenv))]
fn statements_as_python_dotenv_reads_them() {
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
#[case(needs(Need::PythonDotenv))]
fn any_characters_as_python_dotenv_reads_them() {
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
