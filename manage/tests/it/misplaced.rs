//! A URL or a password in each place where it does not belong: the message names the place, and repeats
//! nothing.

mod arguments;

use std::fmt::Write as _;

use manage::prelude::*;
use manage_test_support::case;

use crate::project::Project;

/// What is never shown.
pub(crate) const SECRET: &str = "hunter2";

/// The forms that people have a password in.
pub(crate) const TEXTS: [&str; 12] = [
    "postgres://bob:hunter2@db.invalid/prod",
    "POSTGRES://BOB:hunter2@DB.INVALID/PROD",
    "jdbc:postgresql://db.invalid/prod?user=bob&password=hunter2",
    "redis://:hunter2@db.invalid",
    "https://hunter2@db.invalid/x",
    "bob:hunter2@db.invalid/prod",
    "postgres%3A%2F%2Fbob%3Ahunter2%40db.invalid%2Fprod",
    "host=db.invalid password=hunter2",
    "Server=db.invalid;Uid=bob;Pwd=hunter2",
    "PGPASSWORD=hunter2",
    "postgres://bob:x\nhunter2@db.invalid",
    "Bearer hunter2hunter2",
];

/// `T` stands for the text: the words of a command line, and what its message says of the place.
const LINES: &[(&[&str], &str)] = &[
    (&["T"], "Unknown command: '"),
    (&["help", "T"], "Unknown command: '"),
    (&["help", "check", "T"], "Unknown command: 'check "),
    (&["migrate", "--plan", "T"], "There is no migration '"),
    (&["migrate", "--database", "T"], "named by its alias"),
    (&["migrate", "--database=T"], "named by its alias"),
    (&["showmigrations", "--database", "T"], "named by its alias"),
    (&["check", "--database", "T"], "named by its alias"),
    (&["sqlmigrate", "T"], "There is no migration '"),
    (&["sqlmigrate", "T", "x"], "No installed app with label '"),
    (&["sqlmigrate", "it", "T"], "There is no migration '"),
    #[cfg(feature = "schema")]
    (&["squashmigrations", "T", "x"], "No installed app with label '"),
    #[cfg(feature = "schema")]
    (&["makemigrations", "T"], "No installed app with label '"),
    #[cfg(feature = "schema")]
    (&["makemigrations", "--name", "T", "--empty"], "cannot be the name of a migration."),
    #[cfg(feature = "schema")]
    (&["makemigrations", "--default", "T"], "is not a default."),
    #[cfg(feature = "schema")]
    (&["makemigrations", "--database", "T"], "named by its alias"),
    #[cfg(feature = "schema")]
    (&["inspectdb", "T"], "There is no table '"),
    #[cfg(feature = "schema")]
    (&["inspectdb", "--except", "T"], "There is no table '"),
    #[cfg(feature = "schema")]
    (&["inspectdb", "--database", "T"], "named by its alias"),
    #[cfg(feature = "schema")]
    (&["inspectdb", "--schema-key", "T"], "has no schema '"),
    (&["wait_for_db", "--database", "T"], "named by its alias"),
    (&["wait_for_db", "--format", "json", "--database", "T"], "named by its alias"),
    (&["check", "T"], "No installed app with label '"),
    (&["check", "--tag", "T"], "system check with the \""),
    (&["check", "--fail-level", "T"], "'--fail-level <LEVEL>'"),
    (&["wait_for_db", "T"], "unexpected argument '"),
    (&["wait_for_db", "--timeout", "T"], "'--timeout <SECONDS>'"),
    (&["wait_for_db", "--expect", "T"], "'--expect <"),
    (&["wait_for_db", "--stable-for=T"], "'--stable-for <SECONDS>'"),
    (&["wait_for_db", "--fail-fast-after", "T"], "'--fail-fast-after <"),
    (&["wait_for_db", "--format", "T"], "'--format <FORMAT>'"),
    (&["wait_for_db", "--databse=T"], "unexpected argument '--databse'"),
    (&["wait_for_db", "--T"], "unexpected argument '"),
    (&["wait_for_db", "--no-database", "--once", "--attempt-timeout", "0.2", "--for", "gopher+T"], "--for"),
    #[cfg(feature = "runserver")]
    (&["runserver", "T"], "is not a valid port number or address:port pair"),
    #[cfg(feature = "runserver")]
    (&["serve", "T"], "is not a valid port number or address:port pair"),
    #[cfg(feature = "runserver")]
    (&["serve", "--log-format", "T"], "'--log-format <FORMAT>'"),
    #[cfg(feature = "startapp")]
    (&["startapp", "T"], "is not a valid app name"),
    (&["startcommand", "new", "--app", "T"], "There is no app '"),
    (&["show_urls", "T"], "No installed app with label '"),
    (&["completion", "T"], "'<SHELL>'"),
    (&["help", "--format", "T"], "'--format <FORMAT>'"),
    (&["--settings", "T", "migrate"], "which --settings names"),
    (&["migrate", "--settings=T"], "which --settings names"),
    (&["--verbosity", "T", "check"], "'--verbosity <LEVEL>'"),
    (&["--T", "check"], "unexpected argument '"),
    (&["check", "--isolated-wait", "T"], "'--isolated-wait <SECONDS>'"),
    (&["greet", "--T"], "unexpected argument '"),
];

#[track_caller]
fn shows_none(shown: &str, names: &str, case: &dyn std::fmt::Debug) {
    assert!(!shown.contains(SECRET), "{case:?}\n{shown}");
    assert!(shown.contains(names), "{case:?} does not name {names}\n{shown}");
}

#[case]
fn on_the_command_line() {
    let project = Project::new();
    for (line, names) in LINES {
        for text in TEXTS {
            let words: Vec<String> = line.iter().map(|word| word.replace('T', text)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let ran = project.run_words(&words);
            // A settings file that cannot be read is a configuration error.
            let codes: &[u8] = if *names == "which --settings names" { &[78] } else { &[1, 2] };
            assert!(codes.contains(&ran.exit.0), "{words:?}: {}", ran.all());
            shows_none(&ran.all(), names, &words);
        }
    }
}

/// What the commands say that read the settings.
fn shown(project: &Project) -> String {
    const COMMANDS: [&[&str]; 5] = [
        &["check"],
        &["check", "--database", "default", "--format", "json"],
        // It creates no file.
        &["migrate", "--skip-checks", "--plan"],
        &["wait_for_db", "--once", "--attempt-timeout", "0.2"],
        &["wait_for_db", "--once", "--attempt-timeout", "0.2", "--all", "--format", "json"],
    ];
    let mut all = String::new();
    for words in COMMANDS {
        let _ = writeln!(all, "$ {words:?}\n{}", project.run_words(words).all());
    }
    all
}

/// A variable, and those that it needs; its message names it, unless another text is given.
const VARIABLES: &[(&str, Others, Option<&str>)] = &[
    ("MANAGE_ENV", &[], None),
    ("MANAGE_SETTINGS", &[], None),
    ("MANAGE_COLORS", &[], None),
    ("POSTGRES_HOST", &[], None),
    ("POSTGRES_PORT", &[HOST], None),
    ("POSTGRES_DB", &[HOST], None),
    ("POSTGRES_USER", &[HOST, ("POSTGRES_DB", "x")], None),
    ("POSTGRES_SSLMODE", &[HOST], None),
    ("POSTGRES_SSLROOTCERT", &[HOST, ("POSTGRES_PORT", "1"), ("POSTGRES_SSLMODE", "verify-full")], Some("")),
    ("MYSQL_HOST", &[("MYSQL_DATABASE", "x")], None),
    ("MYSQL_PORT", &[("MYSQL_HOST", "127.0.0.1"), ("MYSQL_DATABASE", "x")], None),
    ("MYSQL_DATABASE", &[("MYSQL_HOST", "127.0.0.1")], None),
    ("MARIADB_USER", &[("MARIADB_HOST", "127.0.0.1"), ("MARIADB_DATABASE", "x")], None),
    ("PGHOST", &[("DATABASE_URL", "postgres://app@/x")], None),
    ("PGHOSTADDR", &[("DATABASE_URL", "postgres://app@/x")], None),
    ("PGPORT", &[("DATABASE_URL", "postgres://app@/x")], None),
    ("PGUSER", &[("DATABASE_URL", "postgres://127.0.0.1:1/x")], None),
    ("PGDATABASE", &[("DATABASE_URL", "postgres://app@127.0.0.1:1")], None),
    ("PGSERVICE", &[URL], None),
    ("PGSERVICEFILE", &[URL, ("PGSERVICE", "shop")], None),
    ("PGSYSCONFDIR", &[URL, ("PGSERVICE", "shop")], Some("PGSERVICE")),
    ("PGPASSFILE", &[URL], None),
    ("PGSSLMODE", &[URL], None),
    ("PGSSLROOTCERT", &[URL, ("PGSSLMODE", "verify-full")], Some("")),
    ("PGCONNECT_TIMEOUT", &[URL], None),
    ("PGTARGETSESSIONATTRS", &[URL], None),
    ("PGCHANNELBINDING", &[URL], None),
    ("PGOPTIONS", &[URL], Some("")),
    ("PGAPPNAME", &[URL], Some("")),
];

type Others = &'static [(&'static str, &'static str)];

const HOST: (&str, &str) = ("POSTGRES_HOST", "127.0.0.1");

/// Nothing listens there.
const URL: (&str, &str) = ("DATABASE_URL", "postgres://app@127.0.0.1:1/x");

#[case]
fn in_variables() {
    for (name, others, names) in VARIABLES {
        for text in TEXTS {
            let project = Project::new().env(name, text);
            let project = others.iter().fold(project, |project, (name, value)| project.env(name, value));
            // A header makes a name of a database, as odd as it is.
            let is_name = text.starts_with("Bearer") && *name != "MANAGE_ENV";
            let names = if is_name { "" } else { names.unwrap_or(name) };
            shows_none(&shown(&project), names, &(name, text));
        }
    }
    #[cfg(feature = "runserver")]
    for text in TEXTS {
        let project = Project::new().env("MANAGE_RUNSERVER_ADDRESS", text);
        shows_none(&project.run("runserver").all(), "MANAGE_RUNSERVER_ADDRESS (environment): '", &text);
        for name in [
            "MANAGE_SERVER_ADDRESS",
            "MANAGE_SERVER_FORWARDED_HEADER",
            "MANAGE_SERVER_METRICS_ADDRESS",
            "MANAGE_SERVER_REQUEST_TIMEOUT",
            "MANAGE_SERVER_TRUSTED_PROXIES",
        ] {
            let project = Project::new().env("MANAGE_SERVER_ALLOWED_HOSTS", "a.example").env(name, text);
            // An argument would take precedence over the variable.
            let address = if name == "MANAGE_SERVER_ADDRESS" { "" } else { "0" };
            let shown = project.run(&format!("serve {address} --skip-checks")).all();
            shows_none(&shown, &format!("{name} (environment): "), &text);
        }
    }
    // In the name of a variable.
    for text in TEXTS.iter().filter(|text| !text.contains('=')) {
        let project = Project::new().env(&format!("DATABASE_URL_{text}"), "sqlite:x.db");
        shows_none(&shown(&project), "A database is named by its alias", text);
    }
}

#[case]
fn in_the_settings_file() {
    const DATABASE: &str = "[databases.default]\nbackend = \"postgres\"\nhost = \"127.0.0.1\"\n";
    for text in TEXTS {
        let quoted = format!("{text:?}");
        for (file, names) in [
            (format!("{DATABASE}name = {quoted}"), "manage.toml, line 4"),
            (format!("{DATABASE}name = \"x\"\nuser = {quoted}"), "manage.toml, line 5"),
            (format!("{DATABASE}name = \"x\"\nport = {quoted}"), "manage.toml, line 5"),
            (format!("{DATABASE}name = \"x\"\nsslmode = {quoted}"), "manage.toml, line 5"),
            (
                format!("{DATABASE}name = \"x\"\npassword_file = {quoted}"),
                "manage.toml, line 5 (password_file)",
            ),
            (
                format!("{DATABASE}name = \"x\"\nport = 1\nsslrootcert = {quoted}\nsslmode = \"verify-ca\""),
                "",
            ),
            (
                format!("[databases.default]\nbackend = \"mysql\"\nname = \"x\"\nhost = {quoted}"),
                "manage.toml, line 4",
            ),
            (format!("[databases.default]\nbackend = \"sqlite\"\nname = {quoted}"), "manage.toml, line 3"),
            (format!("[databases.default]\nbackend = {quoted}\nname = \"x\""), "manage.toml, line 2"),
            (format!("[databases.default]\nurl_file = {quoted}"), "manage.toml, line 2 (url_file)"),
            (format!("[databases.{quoted}]\nurl = \"sqlite:x.db\""), "manage.toml, line 1"),
            (format!("[databases.default]\n{quoted} = 1"), "manage.toml, line 2"),
            (format!("[databases]\ndefault = {quoted}"), "manage.toml, line 2"),
            (format!("databases = {quoted}"), "manage.toml, line 1"),
            (format!("environment = {quoted}"), "manage.toml, line 1"),
            (format!("[runserver]\nport = {quoted}"), "manage.toml, line 2"),
            (format!("[checks]\nsilenced = {quoted}"), "manage.toml, line 2"),
            (format!("[apps.{quoted}]\nx = 1"), "[apps."),
            (format!("{quoted} = 1"), "manage.toml, line 1"),
            (text.to_owned(), "manage.toml, line 1"),
            (format!("{DATABASE}name = {text}"), "manage.toml, line "),
        ] {
            // A header, and what has no `=` in it, may be a name.
            let names = if text.starts_with("Bearer") && !file.starts_with("env") { "" } else { names };
            shows_none(&shown(&Project::new().file("manage.toml", &file)), names, &file);
        }
    }
}

#[cfg(feature = "runserver")]
#[case]
fn in_the_address_of_the_settings_file() {
    for text in TEXTS {
        let project = Project::new().file("manage.toml", &format!("[runserver]\naddress = {text:?}"));
        shows_none(&project.run("runserver").all(), "manage.toml, line 2: address '", &text);
    }
}

#[case]
fn in_an_env_file() {
    for text in TEXTS.iter().filter(|text| !text.contains('\n')) {
        for (file, names) in [
            (format!("MANAGE_ENV='{text}'"), "MANAGE_ENV ("),
            (format!("POSTGRES_HOST=127.0.0.1\nPOSTGRES_DB='{text}'"), "POSTGRES_DB ("),
            (format!("DATABASE_URL=postgres://app@127.0.0.1:1/x\nPGPASSFILE='{text}'"), "PGPASSFILE ("),
            (format!("DATABASE_URL '{text}'"), "DATABASE_URL ("),
            (format!("DATABASE_URL=\"{text}"), "DATABASE_URL ("),
            (format!("DATABASE_URL=${{{text}}}"), ""),
            ((*text).to_owned(), ""),
        ] {
            let names = if text.starts_with("Bearer") { "" } else { names };
            shows_none(&shown(&Project::new().file(".env", &file)), names, &file);
        }
    }
}

/// The password itself where the path of its file belongs looks like the name of a file.
#[case]
fn in_the_place_of_a_secrets_file() {
    let passwords = ["hunter2", "/hunter2", "/hunter2/x", "sub/hunter2", "./sub:hunter2@x", "hunter2.txt"];
    for text in passwords.into_iter().chain(TEXTS) {
        for (name, others) in [
            ("DATABASE_PASSWORD_FILE", [URL, URL]),
            ("DATABASE_URL_FILE", [("UNUSED", "x"), ("UNUSED", "x")]),
            ("POSTGRES_PASSWORD_FILE", [HOST, HOST]),
            ("MYSQL_PASSWORD_FILE", [("MYSQL_HOST", "127.0.0.1"), ("MYSQL_DATABASE", "x")]),
            ("PGPASSFILE", [URL, URL]),
            ("PGSERVICEFILE", [URL, ("PGSERVICE", "shop")]),
        ] {
            let project =
                others.iter().fold(Project::new(), |project, (name, value)| project.env(name, value));
            shows_none(&shown(&project.env(name, text)), name, &(name, text));
        }
        let quoted = format!("{text:?}");
        let file = format!("[databases.default]\nurl = \"{}\"\npassword_file = {quoted}", URL.1);
        shows_none(&shown(&Project::new().file("manage.toml", &file)), "line 3 (password_file)", &file);
    }
    // A path is shown: a mount that is missing is the usual reason.
    let missing =
        Project::new().env(URL.0, URL.1).env("DATABASE_PASSWORD_FILE", "/run/secrets/missing/db_password");
    let shown = shown(&missing);
    assert!(
        shown.contains(
            "Cannot read /run/secrets/missing/db_password, which DATABASE_PASSWORD_FILE (environment) names"
        ),
        "{shown}"
    );
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Table {
    #[allow(dead_code, reason = "only reading it is of interest")]
    kind: Option<Kind>,
    #[allow(dead_code, reason = "only reading it is of interest")]
    port: Option<Port>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Fast,
    Slow,
}

/// A type whose errors repeat the text.
#[derive(Debug, serde::Deserialize)]
#[serde(try_from = "String")]
struct Port;

impl TryFrom<String> for Port {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("{text:?} is no port; {text} was read"))
    }
}

#[case]
fn in_a_table_of_an_app() {
    for text in TEXTS.into_iter().chain([SECRET]) {
        let quoted = format!("{text:?}");
        for (key, reported) in
            [("kind", "`fast` or `slow`, found another text"), ("port", "… is no port; … was read")]
        {
            let file = format!("[apps.it]\n{key} = {quoted}");
            let project =
                manage::testing::Project::new(manage::Program::new(&["it"])).file("manage.toml", &file);
            let called = project.call(|cx| Ok(cx.settings()?.app::<Table>("it").map(drop)?));
            let shown = called.transcript.to_string().replace("\"…\"", "…");
            shows_none(&shown, "manage.toml, line 1: [apps.it]: ", &file);
            assert!(shown.contains(reported), "{shown}");
        }
    }
    // Keys are shown.
    assert!(Kind::Fast as u8 != Kind::Slow as u8);
}

#[case]
fn what_is_no_secret_is_repeated() {
    for (line, reported) in [
        ("migarte", "Unknown command: 'migarte'. Did you mean migrate?"),
        ("cache:clear", "Unknown command: 'cache:clear'."),
        ("PGPASSWORD=x migrate", "Unknown command: 'PGPASSWORD=…'. A variable is set before the program: "),
        ("migrate --plan 2026-13", "There is no migration '2026-13'."),
        ("check blgo", "No installed app with label 'blgo'."),
        ("check --database reprots", "There is no database 'reprots' in the settings."),
        ("--settings mange.toml migrate", "the settings file "),
        ("wait_for_db --timeout soon", "invalid value 'soon' for '--timeout <SECONDS>'"),
    ] {
        let shown = Project::new().run(line).all();
        assert!(shown.contains(reported), "{line}: {shown}");
    }
}
