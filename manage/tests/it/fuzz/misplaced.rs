//! URLs and connection strings where something else belongs: what is printed never has their password.

use manage_test_support::case;
use manage_test_support::fuzz::proptest::prelude::*;
use manage_test_support::fuzz::sentence;

use super::passwords::{PIECES, is_not_in};
use super::target;
use crate::project::Project;

/// Nothing listens there.
const DEAD: &str = "postgres://app@127.0.0.1:1/blog";

/// `{p}` is where the password goes.
const TEXTS: &[&str] = &[
    "postgres://app:{p}@db/blog",
    "postgresql://app:{p}@db:5432/blog?sslmode=require",
    "mysql://app:{p}@db/blog",
    "redis://:{p}@cache:6379/0",
    "amqp://app:{p}@mq/",
    "https://app:{p}@example.com/path",
    "https://example.com/hook?token={p}",
    "Postgres://app:{p}@db",
    "app:{p}@db:5432/blog",
    "host=db user=app password={p}",
    "PGPASSWORD={p}",
    "DATABASE_PASSWORD={p}",
];

/// Command lines, with `{}` for the text.
const WORDS: &[&[&str]] = &[
    &["{}"],
    &["{}", "check"],
    &["help", "{}"],
    &["migrate", "{}"],
    &["migrate", "--database", "{}"],
    &["migrate", "--database={}"],
    &["showmigrations", "--database", "{}"],
    &["check", "--database", "{}"],
    &["check", "{}"],
    &["check", "--settings", "{}"],
    &["check", "--tag", "{}"],
    &["check", "--format", "{}"],
    &["check", "--{}"],
    &["check", "-v", "{}"],
    &["wait_for_db", "--once", "{}"],
    &["wait_for_db", "--once", "--database", "{}"],
    &["wait_for_db", "--once", "--timeout", "{}"],
    &["runserver", "{}", "extra"],
    #[cfg(feature = "startapp")]
    &["startapp", "{}"],
    &["startcommand", "{}"],
];

/// Variables in which it may be instead.
const VARIABLES: &[&[(&str, &str)]] = &[
    &[("MANAGE_ENV", "{}"), ("DATABASE_URL", DEAD)],
    &[("MANAGE_SETTINGS", "{}"), ("DATABASE_URL", DEAD)],
    &[("MANAGE_RUNSERVER_ADDRESS", "{}"), ("DATABASE_URL", DEAD)],
    &[("POSTGRES_HOST", "{}")],
    &[("POSTGRES_HOST", "db"), ("POSTGRES_PORT", "{}")],
    &[("MYSQL_HOST", "{}")],
    &[("POSTGRES_HOST", "127.0.0.1"), ("POSTGRES_PORT", "1"), ("POSTGRES_DB", "{}")],
    &[("POSTGRES_HOST", "127.0.0.1"), ("POSTGRES_PORT", "1"), ("POSTGRES_USER", "{}")],
    &[("DATABASE_URL", DEAD), ("DATABASE_PASSWORD_FILE", "{}")],
    &[("DATABASE_URL_FILE", "{}")],
];

#[case]
fn misplaced_passwords() {
    // Digits, so that it is a form and a place whatever is kept or made smaller.
    let inputs = (0..TEXTS.len(), 0..WORDS.len() + VARIABLES.len(), sentence(PIECES, 4))
        .prop_map(|(text, place, password)| format!("{text} {place}\n{password}"));
    target("misplaced_passwords").texts(inputs, |input| {
        let (numbers, password) = input.split_once('\n').unwrap_or((input, ""));
        let mut numbers = numbers.split(' ').map(|number| number.parse::<usize>().unwrap_or_default());
        let mut next = |count: usize| numbers.next().unwrap_or_default() % count;
        let (text, place) = (TEXTS[next(TEXTS.len())], next(WORDS.len() + VARIABLES.len()));
        let text = text.replace("{p}", password);
        let (mut project, words) = match WORDS.get(place) {
            Some(words) => (
                Project::new().env("DATABASE_URL", DEAD),
                words.iter().map(|word| word.replace("{}", &text)).collect(),
            ),
            None => (Project::new(), vec!["check".to_owned(), "--database".to_owned(), "default".to_owned()]),
        };
        for (name, value) in place.checked_sub(WORDS.len()).map_or(&[][..], |place| VARIABLES[place]) {
            project = project.env(name, &value.replace("{}", &text));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = project.run_words(&words);
        is_not_in(
            password,
            &ran.all(),
            &format!("{words:?} {:?}", place.checked_sub(WORDS.len()).map(|i| VARIABLES[i])),
        )
    });
}
