//! Passwords in texts that are refused: no error repeats four characters of one.

use std::fs;

use manage::settings::{DatabaseSettings, Origin};
use manage_test_support::case;
use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::sentence;

use super::target;
use crate::env_files::load;

/// Letters that no message, directory or number has four of in a row, with what has a meaning in a URL or a
/// file.
pub(super) const PIECES: &[&str] = &[
    "qxzj",
    "zzvk",
    "wqkj",
    "vvxq",
    "jwzq",
    ":",
    "@",
    "/",
    "?",
    "#",
    "%",
    "[",
    "]",
    "&",
    "=",
    " ",
    "'",
    "\"",
    "\\",
    "é",
    "$",
    "`",
    ";",
    ",",
    "://",
    "%41",
    "%zz",
    "{",
    "}",
    "+",
    "sslmode=",
    "postgres://",
    ".",
];

const LETTERS: &str = "qxzjvwk";

/// `{p}` is where the password goes.
const URLS: &[&str] = &[
    "postgres://app:{p}@db/blog",
    "postgres://app:{p}@db:5432/blog?sslmode=require",
    "postgres://{p}@db/blog",
    "postgres://app:{p}@db",
    "postgres://app:{p}@db:port/blog",
    "postgres://app:{p}@[::1]:1/blog",
    "postgres://app:{p}@db,{p}@db2/blog",
    "postgres://db/blog?password={p}",
    "postgres://db/blog?user=app&password={p}&sslmode=odd",
    "postgres://app:x@db/blog?connect_timeout={p}",
    "postgres://app:x@db/blog?sslmode={p}",
    "postgres://app:x@db:{p}/blog",
    "postgres:/app:{p}@db/blog",
    "postgres:app:{p}@db/blog",
    "Postgres://app:{p}@db/blog",
    "postgresql+psycopg2://app:{p}@db/blog",
    "mysql://app:{p}@db/blog?ssl-mode=ODD",
    "mysql://app:{p}@db",
    "mariadb://app:{p}@db/blog?useSSL={p}",
    "sqlite://app:{p}@db/blog",
    "sqlite:app:{p}@db/blog?x",
    "jdbc:postgresql://app:{p}@db/blog",
    "oracle://app:{p}@db/blog",
    "app:{p}@db/blog",
    "host=db user=app password={p}",
    "host=db;password={p};",
];

const FILES: &[(&str, &str)] = &[
    ("manage.toml", "[databases.default]\nurl = 'postgres://app:{p}@db/blog'\n"),
    ("manage.toml", "[databases.default]\nurl = postgres://app:{p}@db/blog\n"),
    ("manage.toml", "[databases.default]\npassword = {p}\n"),
    ("manage.toml", "[databases.default]\npassword = \"{p}\n"),
    ("manage.toml", "[databases.default\npassword = '{p}'\n"),
    ("manage.toml", "[databases.default]\npassword = '{p}' '{p}'\n"),
    ("manage.toml", "[databases.default]\nurl = ['{p}']\n"),
    ("manage.toml", "[databases.default]\nport = '{p}'\nbackend = '{p}'\n"),
    ("manage.toml", "[databases.default]\nbackend = 'postgres'\nsslmode = '{p}'\nhost = 'db'\n"),
    ("manage.toml", "[databases.default]\nurl = 'postgres://db/blog'\nconnect_timeout_seconds = '{p}'\n"),
    (".env", "DATABASE_URL=postgres://app:{p}@db/blog\n"),
    (".env", "DATABASE_URL='postgres://app:{p}\n"),
    (".env", "DATABASE_PASSWORD=\"{p}\" {p}\nDATABASE_URL=postgres://db/blog\n"),
    (".env", "DATABASE_PASSWORD '{p}'\nDATABASE_URL=postgres://db/blog\n"),
    (".env", "DATABASE_PASSWORD: {p}\nDATABASE_URL=postgres://db/blog\n"),
    (".env", "DATABASE_PASSWORD=${{p}}\nDATABASE_URL=postgres://db/blog\n"),
    (".env", "POSTGRES_HOST=db\nPOSTGRES_PORT={p}\n"),
    (".env", "POSTGRES_HOST=db\nPOSTGRES_SSLMODE={p}\n"),
];

/// A line with the number of a form, and a password behind it.
fn cases(count: usize) -> impl Strategy<Value = String> {
    (0..count, any::<bool>(), sentence(PIECES, 6))
        .prop_map(|(form, encoded, password)| format!("{form} {encoded}\n{password}"))
}

/// The form's number, the password as it is written there, and its pieces of letters.
fn case(text: &str, count: usize) -> (usize, String, &str) {
    let (first, password) = text.split_once('\n').unwrap_or((text, ""));
    let (form, encoded) = first.split_once(' ').unwrap_or((first, ""));
    let form = form.parse::<usize>().unwrap_or_default() % count;
    let written = if encoded == "true" { crate::backends::url_part(password) } else { password.to_owned() };
    (form, written, password)
}

pub(super) fn is_not_in(password: &str, shown: &str, case: &str) -> Result<(), String> {
    let pieces = password.split(|c| !LETTERS.contains(c)).filter(|piece| piece.len() >= 4);
    for four in pieces.flat_map(|piece| piece.as_bytes().windows(4)) {
        let four = std::str::from_utf8(four).unwrap_or_default();
        if shown.contains(four) {
            return Err(format!("`{four}` of the password in {case:?} is shown: {shown}"));
        }
    }
    Ok(())
}

#[case]
fn passwords_in_urls() {
    target("passwords_in_urls").texts(cases(URLS.len()), |text| {
        let (form, written, password) = case(text, URLS.len());
        let url = URLS[form].replace("{p}", &written);
        match DatabaseSettings::from_url("default", &url, Origin::Environment("DATABASE_URL".to_owned())) {
            Err(error) => is_not_in(password, &format!("{error} {error:?}"), &url),
            Ok(settings) => {
                // A password in place of the user's or the host's name is shown as one.
                let meant = settings.password.as_ref().is_some_and(|read| read.expose() == password);
                let shown = format!("{settings} {settings:?}");
                if meant { is_not_in(password, &shown, &url) } else { Ok(()) }
            }
        }
    });
}

#[case]
fn passwords_in_files() {
    let folder = tempfile::Builder::new().prefix("f").rand_bytes(0).suffix("uzz-files").tempdir();
    let folder = folder.expect("a folder");
    target("passwords_in_files").texts(cases(FILES.len()), |text| {
        let (form, written, password) = case(text, FILES.len());
        let (name, form) = FILES[form];
        let file = form.replace("{p}", &written);
        for (other, _) in FILES {
            let _ = fs::remove_file(folder.path().join(other));
        }
        fs::write(folder.path().join(name), &file).expect("a file");
        match load(folder.path(), &[]) {
            Err(error) => is_not_in(password, &format!("{error} {error:?}"), &file),
            Ok(settings) => {
                let reads = |read: &DatabaseSettings| {
                    read.password.as_ref().is_some_and(|read| read.expose() == password)
                };
                let meant = settings.databases().any(reads);
                if meant { is_not_in(password, &format!("{settings:?}"), &file) } else { Ok(()) }
            }
        }
    });
}
