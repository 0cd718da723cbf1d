//! `manage.toml`: settings or an error that names a line of the file, in a sentence without the value.

use std::fs;
use std::time::{Duration, Instant};

use manage_test_support::case;
use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::{any_text, mutated, sentence};

use super::{lines_exist, target};
use crate::env_files::load;

const TOKENS: &[&str] = &[
    "\n",
    "\r\n",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "#",
    " ",
    "\\",
    "\\u00e9",
    "\\uD800",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "nan",
    "inf",
    "0x10",
    "9223372036854775808",
    "1979-05-27T07:32:00Z",
    "databases",
    "default",
    "other",
    "[databases.default]\n",
    "[databases.other]\n",
    "[runserver]\n",
    "[checks]\n",
    "[apps.blog]\n",
    "environment = ",
    "url = ",
    "url_file = ",
    "backend = ",
    "host = ",
    "port = ",
    "user = ",
    "password = ",
    "password_file = ",
    "name = ",
    "sslmode = ",
    "sslrootcert = ",
    "connect_timeout_seconds = ",
    "address = ",
    "silenced = ",
    "'postgres://app:x@db/blog'",
    "'sqlite:blog.db'",
    "'postgres'",
    "'mysql'",
    "5432",
    "0.5",
    "'é'",
    "\u{1b}",
    "\u{0}",
    "\u{feff}",
    "a.b.c = 1\n",
];

#[case]
fn settings_files() {
    let target = target("settings_files");
    let folder = tempfile::tempdir().expect("a folder");
    let texts =
        prop_oneof![4 => mutated(target.examples(), TOKENS), 3 => sentence(TOKENS, 25), 1 => any_text(60)];
    target.texts(texts, |text| {
        fs::write(folder.path().join("manage.toml"), text).expect("a file");
        match load(folder.path(), &[]) {
            Ok(settings) => {
                for database in settings.databases() {
                    // What is shown of it is for a terminal.
                    let shown = database.to_string();
                    if shown.contains(char::is_control) {
                        return Err(format!("a control character in {shown:?}"));
                    }
                }
                Ok(())
            }
            Err(error) => {
                let error = error.to_string();
                if error.is_empty() || error.contains("Error {") {
                    return Err(format!("no sentence: {error}"));
                }
                lines_exist(&error, text.as_bytes())
            }
        }
    });
}

#[case]
fn no_file_takes_long() {
    const LIMIT: Duration = Duration::from_secs(30);
    let much = |piece: &str| piece.repeat((256 << 10) / piece.len());
    let folder = tempfile::tempdir().expect("a folder");
    for (what, text) in [
        ("brackets", format!("a = {}", much("["))),
        ("tables in tables", format!("a = {}", much("{a="))),
        ("dots", format!("[{}a]", much("a."))),
        ("apps", (0..30_000).map(|i| format!("[apps.a{i}]\nx = 1\n")).collect()),
        ("databases", (0..10_000).map(|i| format!("[databases.a{i}]\nurl = 'sqlite:a.db'\n")).collect()),
        ("quotes", much("'")),
        ("comments", much("#\n")),
        ("a text", format!("environment = '{}'", much("a"))),
    ] {
        fs::write(folder.path().join("manage.toml"), &text).expect("a file");
        let begin = Instant::now();
        let error = load(folder.path(), &[]).err().map(|error| error.to_string());
        assert!(begin.elapsed() < LIMIT, "{what}: {:?} for {} KiB", begin.elapsed(), text.len() >> 10);
        let length = error.map_or(0, |error| error.len());
        assert!(length < 10_000, "{what}: an error of {length} bytes");
    }
}
