//! Commands that Django and other frameworks have, and what to use instead of each.

use super::Registry;
use crate::suggest::{closest, nearest};

/// A name, and one sentence on what to use instead, with `{manage}` for the program's name.
///
/// An entry never hides a command: a name that a command has is ignored here.
const ELSEWHERE: &[(&str, &str)] = &[
    // Django's own.
    (
        "makemigrations",
        "Build the program with the feature `schema`, or use `diesel migration generate NAME`.",
    ),
    ("squashmigrations", "Build the program with the feature `schema`, which squashes migrations."),
    ("optimizemigration", "A migration is SQL of yours: edit its up.sql before it is applied anywhere."),
    (
        "shell",
        "Rust has no shell: write a command with `{manage} startcommand NAME`, or open the database with psql, mysql or sqlite3.",
    ),
    ("dbshell", "Open the database with its own client: psql, mysql or sqlite3."),
    ("dumpdata", "Use the database's own tool: pg_dump, mysqldump, or `sqlite3 FILE .dump`."),
    (
        "loaddata",
        "Use the database's own client: psql, mysql or sqlite3 reads a dump, and a command of yours (`{manage} startcommand NAME`) any other file.",
    ),
    ("inspectdb", "Build the program with the feature `schema`, or use `diesel print-schema`."),
    ("flush", "`{manage} migrate zero` and then `{manage} migrate` recreate all tables, empty."),
    (
        "sqlflush",
        "`{manage} migrate zero` and then `{manage} migrate` recreate all tables, empty; their SQL is in the migrations.",
    ),
    ("sqlsequencereset", "Reset a sequence in SQL, on PostgreSQL with `SELECT setval(…)`."),
    ("test", "`cargo test` runs the tests, which can use `manage::testing`."),
    ("testserver", "Run `{manage} runserver` with a DATABASE_URL that names a test database."),
    (
        "createsuperuser",
        "Users are your application's own: write the command with `{manage} startcommand createsuperuser`, and ask for the password with `cx.prompt(…).new_password()`.",
    ),
    (
        "changepassword",
        "Users are your application's own: write the command with `{manage} startcommand changepassword`, and ask for the password with `cx.prompt(…).new_password()`.",
    ),
    (
        "collectstatic",
        "A release build contains the files of `manage::static_files!`, which need no collecting.",
    ),
    (
        "findstatic",
        "The static files of an app are in the directory that its `manage::static_files!` names, and their URLs begin with /static/APP/.",
    ),
    ("makemessages", "Use a crate for translations: fluent, rust-i18n, or gettext with its own xgettext."),
    ("compilemessages", "Use a crate for translations: fluent, rust-i18n, or gettext with its own msgfmt."),
    (
        "diffsettings",
        "Settings come from manage.toml, .env and the environment: `{manage} check` says what is wrong with them.",
    ),
    (
        "sendtestemail",
        "Send mail with a crate such as lettre: write the command with `{manage} startcommand sendtestemail`.",
    ),
    (
        "startapp",
        "Build the program with the feature `startapp`, which creates an app, or start one with `cargo new --lib NAME`.",
    ),
    (
        "startproject",
        "A project is a package: `cargo manage new NAME`, of the package diesel-manage-cli, creates one.",
    ),
    ("createcachetable", "A migration creates the cache's table: `diesel migration generate create_cache`."),
    (
        "clearsessions",
        "Sessions are your application's own: write the command with `{manage} startcommand clearsessions`.",
    ),
    ("remove_stale_contenttypes", "There are no content types here, so nothing has to be removed."),
    (
        "ogrinspect",
        "Load the file into the database with ogr2ogr, and write its table as Rust with `diesel print-schema`.",
    ),
    ("syncdb", "`{manage} migrate` creates the tables."),
    ("validate", "`{manage} check` looks for problems."),
    // The most used ones of django-extensions.
    (
        "shell_plus",
        "Rust has no shell: write a command with `{manage} startcommand NAME`, or open the database with psql, mysql or sqlite3.",
    ),
    ("runserver_plus", "`{manage} runserver` serves the routes."),
    ("reset_db", "`{manage} migrate zero` and then `{manage} migrate` recreate all tables, empty."),
    // Other frameworks' (Laravel, Rails, Loco).
    ("db:migrate", "`{manage} migrate` applies the migrations."),
    ("db:rollback", "`{manage} migrate NAME` reverts the migrations after NAME."),
    ("db:seed", "Write the command with `{manage} startcommand seed`."),
    ("make:migration", "`diesel migration generate NAME` writes the files of a new migration."),
    ("make:command", "`{manage} startcommand NAME` writes the file of a new command."),
    ("migrate:status", "`{manage} showmigrations` lists the migrations and which are applied."),
    ("migrate:rollback", "`{manage} migrate NAME` reverts the migrations after NAME."),
    ("tinker", "Rust has no shell: write a command with `{manage} startcommand NAME`."),
    ("dbconsole", "Open the database with its own client: psql, mysql or sqlite3."),
];

/// Returns the entries whose name no command has.
fn entries(registry: &Registry) -> impl Iterator<Item = (&'static str, &'static str)> {
    ELSEWHERE.iter().copied().filter(|(name, _)| matches!(registry.find(name), Ok(None)))
}

/// A name from another framework, and what replaces it here.
pub(super) struct Elsewhere {
    pub(super) name: &'static str,
    pub(super) sentence: String,
}

/// Returns what an unknown name probably meant: a command of another framework, or one here.
pub(super) fn meant<'a>(
    registry: &Registry,
    program: &str,
    word: &str,
    commands: impl IntoIterator<Item = &'a str>,
) -> (Option<&'a str>, Option<Elsewhere>) {
    let entries: Vec<_> = entries(registry).collect();
    let names = || entries.iter().map(|(name, _)| *name);
    let commands: Vec<&str> = commands.into_iter().collect();
    let all = commands.iter().copied().chain(names());
    let best = nearest(word, all)
        .or_else(|| closest(word, commands.iter().copied()))
        .or_else(|| closest(word, names()));
    let Some(best) = best else { return (None, None) };
    match entries.iter().find(|(name, _)| *name == best) {
        Some((name, sentence)) => {
            (None, Some(Elsewhere { name, sentence: sentence.replace("{manage}", program) }))
        }
        None => (Some(best), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_sentence_and_occurs_once() {
        for (i, (name, sentence)) in ELSEWHERE.iter().enumerate() {
            assert!(
                sentence.ends_with('.') && !sentence.contains(". ") && !sentence.contains('\n'),
                "{name}"
            );
            assert!(ELSEWHERE[..i].iter().all(|(earlier, _)| earlier != name), "{name}");
        }
    }
}
