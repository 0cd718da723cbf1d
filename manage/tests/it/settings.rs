//! Settings from every source, and errors that name the place.

use std::path::Path;

use manage::settings::{
    Address, Backend, DatabaseSettings, Environment, Settings, SettingsError, Source, SslMode,
};
use manage_test_support::case;

use crate::project::Project;

/// The settings that a project in this directory has, with these variables.
fn load(folder: &Path, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load(&Source::new(Environment::new(variables.iter().copied(), folder), None))
}

fn default(folder: &Path, variables: &[(&str, &str)]) -> DatabaseSettings {
    load(folder, variables).expect("settings").database("default").expect("a database").clone()
}

#[case]
fn sqlite_without_any() {
    let project = Project::new();
    let database = default(project.folder(), &[]);
    let built_in = project.folder().join("db.sqlite3").display().to_string();
    assert_eq!((database.backend, database.name.as_str()), (Backend::Sqlite, built_in.as_str()));
    assert_eq!(load(project.folder(), &[]).unwrap().name(), "environment");
    assert_eq!(default(project.folder(), &[("DATABASE_URL", "")]).name, built_in, "empty is unset");
}

#[case]
fn each_source_is_stronger_than_the_one_before() {
    let project = Project::new();
    let project = project.file("manage.toml", "[databases.default]\nurl = \"postgres://toml/a\"\n");
    assert_eq!(default(project.folder(), &[]).to_string(), "PostgreSQL at toml:5432/a");
    let project = project.file(".env", "DATABASE_URL=postgres://dotenv/a\n");
    let database = default(project.folder(), &[]);
    assert_eq!(database.to_string(), "PostgreSQL at dotenv:5432/a");
    assert!(database.origin.to_string().ends_with(".env, line 1)"), "{}", database.origin);
    let database = default(project.folder(), &[("DATABASE_URL", "postgres://environment/a")]);
    assert_eq!(database.to_string(), "PostgreSQL at environment:5432/a");
    assert_eq!(database.origin.to_string(), "DATABASE_URL (environment)");
}

#[case]
fn several_databases() {
    let project =
        Project::new().file("manage.toml", "[databases.archive]\nbackend = \"sqlite\"\nname = \"old.db\"\n");
    let variables = [("DATABASE_URL", "postgres://db/a"), ("DATABASE_URL_REPLICA", "postgres://replica/a")];
    let settings = load(project.folder(), &variables).expect("settings");
    let aliases: Vec<&str> = settings.databases().map(|database| database.alias.as_str()).collect();
    assert_eq!(aliases, ["archive", "default", "replica"]);
    assert_eq!(settings.database("archive").unwrap().name, project.folder().join("old.db").to_str().unwrap());
    let error = settings.database("nope").unwrap_err();
    assert_eq!(error.to_string(), "There is no database 'nope' in the settings.");
    assert_eq!(error.hint_text(), Some("The databases are: archive, default, replica."));
}

#[case]
fn split_variables() {
    let folder = Project::new();
    let variables = [
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_PORT", "5433"),
        ("POSTGRES_USER", "app"),
        ("POSTGRES_PASSWORD", "p@ss:w/ord?#%"),
        ("POSTGRES_DB", "blog"),
        ("POSTGRES_SSLMODE", "verify-full"),
    ];
    let database = default(folder.folder(), &variables);
    assert_eq!(database.to_string(), "PostgreSQL at db:5433/blog as app");
    assert_eq!(database.password.unwrap().expose(), "p@ss:w/ord?#%");
    assert_eq!(database.tls.mode, SslMode::VerifyFull);
    let database =
        default(folder.folder(), &[("POSTGRES_HOST", "/run/postgresql"), ("POSTGRES_USER", "app")]);
    assert_eq!(database.addresses, [Address::Unix("/run/postgresql".into(), 5432)]);
    assert_eq!(database.name, "app");
    let database = default(folder.folder(), &[("MYSQL_HOST", "db"), ("MYSQL_DATABASE", "blog")]);
    assert_eq!(database.to_string(), "MySQL at db:3306/blog as root");
    // What is called MariaDB is shown as that.
    let database = default(folder.folder(), &[("MARIADB_HOST", "db"), ("MARIADB_DATABASE", "blog")]);
    assert_eq!(database.to_string(), "MariaDB at db:3306/blog as root");
    let database = default(folder.folder(), &[("DATABASE_URL", "mariadb://app@db/blog")]);
    assert_eq!(
        (database.to_string().as_str(), database.backend),
        ("MariaDB at db:3306/blog as app", Backend::Mysql)
    );
    let table = "[databases.default]\nbackend = \"mariadb\"\nname = \"blog\"\n";
    let database = default(Project::new().file("manage.toml", table).folder(), &[]);
    assert_eq!(database.to_string(), "MariaDB at localhost:3306/blog");
    let database = default(folder.folder(), &[("DATABASE_URL", "sqlite:x.db"), ("POSTGRES_HOST", "db")]);
    assert_eq!(database.backend, Backend::Sqlite, "the URL is stronger");
}

#[case]
fn secrets_in_files() {
    let project = Project::new().file("secret", "s3cret\n").file("url", "postgres://app:in-file@db/blog\n");
    let path = |name: &str| project.folder().join(name).to_str().unwrap().to_owned();
    let password = |variables: &[(&str, &str)]| {
        default(project.folder(), variables).password.expect("a password").expose().to_owned()
    };
    assert_eq!(password(&[("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", &path("secret"))]), "s3cret");
    assert_eq!(password(&[("DATABASE_URL_FILE", &path("url"))]), "in-file");
    assert_eq!(
        password(&[("DATABASE_URL", "postgres://app@db/blog"), ("DATABASE_PASSWORD_FILE", "secret")]),
        "s3cret"
    );
    let error = load(project.folder(), &[("DATABASE_URL_FILE", "/no/such/file")]).unwrap_err().to_string();
    assert!(
        error.starts_with("Cannot read /no/such/file, which DATABASE_URL_FILE (environment) names:"),
        "{error}"
    );
    // The secret itself, where the path of its file belongs.
    for (name, value) in [
        ("DATABASE_URL_FILE", "postgres://app:hunter2@db/blog"),
        ("DATABASE_URL_FILE", "sqlite:hunter2"),
        ("POSTGRES_PASSWORD_FILE", "hunter2"),
        ("POSTGRES_PASSWORD_FILE", "hunter2/x"),
    ] {
        let error = load(project.folder(), &[("POSTGRES_HOST", "db"), (name, value)]).unwrap_err();
        let shown = format!("{error} {}", error.hint_text().unwrap_or_default());
        assert!(
            shown.starts_with(&format!("Cannot read the file that {name} (environment) names: ")),
            "{shown}"
        );
        assert!(!shown.contains("hunter2") && shown.contains("without `_FILE`"), "{shown}");
    }
    let error = load(project.folder(), &[("DATABASE_URL_FILE", "./none")]).unwrap_err().to_string();
    assert!(error.contains("./none, which DATABASE_URL_FILE (environment) names"), "{error}");
    let both = [("DATABASE_URL", "sqlite:x"), ("DATABASE_URL_FILE", "url")];
    let error = load(project.folder(), &both).unwrap_err().to_string();
    assert_eq!(error, "Both DATABASE_URL and DATABASE_URL_FILE (environment) are set.");
}

/// What is no URL must not become the name of a new, empty SQLite file.
#[case]
fn a_slip_in_a_url_is_no_file() {
    for text in [
        "postgress",
        "host=h user=u password=hunter2",
        "Server=h;Password=hunter2",
        "mysql//u:hunter2@h/db",
        "//u:hunter2@h/db",
        "postgres//u:hunter2@h:5432/db",
        "sqlite:u:hunter2@h/db",
        "hunter2@h/db",
        "file://u:hunter2@h/db",
        "localhost:5432/db",
    ] {
        let error = load(Project::new().folder(), &[("DATABASE_URL", text)]).expect_err(text).to_string();
        assert!(
            error.starts_with("DATABASE_URL (environment): ") && !error.contains("hunter2"),
            "{text}: {error}"
        );
    }
    for text in ["db.sqlite3", "./data/blog", "/srv/blog", "sqlite:blog", ":memory:", "file:x.db?mode=ro"] {
        let database = default(Project::new().folder(), &[("DATABASE_URL", text)]);
        assert_eq!(database.backend, Backend::Sqlite, "{text}");
    }
}

#[case]
fn a_stronger_source_decides_alone() {
    let password = |dotenv: &str, variables: &[(&str, &str)]| {
        let project = Project::new().file(".env", dotenv).file("secret", "in-file");
        default(project.folder(), variables).password.map(|password| password.expose().to_owned())
    };
    let url = ("DATABASE_URL", "postgres://app:mine@db/blog");
    assert_eq!(password("DATABASE_PASSWORD=other\n", &[url]).as_deref(), Some("mine"));
    let parts = [("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD", "mine")];
    assert_eq!(password("DATABASE_URL=sqlite:x.db\n", &parts).as_deref(), Some("mine"));
    let in_file = [("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", "secret")];
    assert_eq!(password("POSTGRES_PASSWORD=other\n", &in_file).as_deref(), Some("in-file"));
    // Parts may stand in two places, as with Compose.
    assert_eq!(password("POSTGRES_PASSWORD=mine\n", &[("POSTGRES_HOST", "db")]).as_deref(), Some("mine"));
    let project =
        Project::new().file("manage.toml", "[databases.default]\nurl = \"postgres://app@db/blog\"\n");
    let database = default(project.folder(), &[("DATABASE_PASSWORD", "mine")]);
    assert_eq!(database.password.expect("a password").expose(), "mine");
}

#[case]
fn each_file_is_looked_for_by_itself() {
    let project = Project::new()
        .file("manage.toml", "[databases.default]\nurl = \"sqlite:top.db\"\n")
        .file("below/.env", "DATABASE_URL_OTHER=sqlite:other.db\n");
    let settings = load(&project.folder().join("below"), &[]).expect("settings");
    assert_eq!(settings.database("default").unwrap().name, project.folder().join("top.db").to_str().unwrap());
    assert!(settings.database("other").is_ok());
}

#[case]
fn found_from_a_folder_below() {
    let project = Project::new()
        .file("manage.toml", "[databases.default]\nurl = \"sqlite:data/x.db\"\n")
        .file("app/src/lib.rs", "");
    let below = project.folder().join("app/src");
    assert_eq!(default(&below, &[]).name, project.folder().join("data/x.db").to_str().unwrap());
}

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Blog {
    title: String,
    per_page: u32,
}

#[case]
fn settings_of_an_app() {
    let project = Project::new().file("manage.toml", "[apps.it]\ntitle = \"Notes\"\nper_page = 10\n");
    let settings = load(project.folder(), &[]).expect("settings");
    assert_eq!(settings.app::<Blog>("it"), Ok(Blog { title: "Notes".into(), per_page: 10 }));
    assert_eq!(settings.app::<Blog>("other"), Ok(Blog::default()));
    let project = Project::new().file("manage.toml", "\n[apps.it]\ntitel = \"Notes\"\n");
    let error = load(project.folder(), &[]).expect("settings").app::<Blog>("it").unwrap_err().to_string();
    assert!(error.contains("manage.toml, line 2: [apps.it]: unknown key `titel`"), "{error}");
}

#[case]
fn the_environment_has_a_name() {
    let of = |variables: &[(&str, &str)]| load(Project::new().folder(), variables).expect("settings");
    assert_eq!((of(&[]).environment(), of(&[]).is_production()), ("development", false));
    assert_eq!(of(&[("MANAGE_ENV", "")]).environment(), "development", "empty is unset");
    for name in ["production", "PRODUCTION", "prod"] {
        assert!(of(&[("MANAGE_ENV", name)]).is_production(), "{name}");
    }
    let staging = of(&[("MANAGE_ENV", "staging-2")]);
    assert_eq!((staging.environment(), staging.is_production()), ("staging-2", false));
    let error = load(Project::new().folder(), &[("MANAGE_ENV", "a b")]).unwrap_err();
    assert_eq!(error.to_string(), "MANAGE_ENV (environment): 'a b' is no name of an environment.");
}

#[case]
fn another_file() {
    let project = Project::new().file("deploy/prod.toml", "[databases.default]\nurl = \"nonsense://x\"\n");
    let ran = project.run("check --settings deploy/prod.toml");
    assert!(ran.err.contains("deploy/prod.toml, line 2:"), "{}", ran.err);
    let ran = project.run("check --settings nope.toml");
    assert!(ran.err.contains("nope.toml") && ran.exit.0 == 1, "{}", ran.all());
}

#[case]
fn errors_name_the_place() {
    for (file, text, expected) in [
        (
            "manage.toml",
            "[databases.default]\nurl = \"postgres://db/a\"\nsslmod = \"require\"\n",
            "manage.toml, line 3: unknown key `sslmod`",
        ),
        ("manage.toml", "[databases.default]\nurl = 5\n", "manage.toml, line 2: "),
        (
            "manage.toml",
            "[checks]\nsilenced = \"x\"\n",
            "manage.toml, line 2: expected a list in brackets, found a text.",
        ),
        (
            "manage.toml",
            "[checks]\nsilenced = [true]\n",
            "manage.toml, line 2: expected a text in quotes, found true or false.",
        ),
        (
            "manage.toml",
            "[databases.default]\nport = 99999\n",
            "manage.toml, line 2: expected a whole number from 0 to 65535, found a number.",
        ),
        ("manage.toml", "[database.default]\n", "manage.toml, line 1: unknown key `database`"),
        ("manage.toml", "[databases.default]\nurl = \"oracle://db/a\"\n", "manage.toml, line 2: "),
        ("manage.toml", "\n\nnot toml\n", "manage.toml, line 3: "),
        (
            "manage.toml",
            "[databases.default]\n",
            "manage.toml, line 1: [databases.default] has neither url nor backend",
        ),
        (
            "manage.toml",
            "[databases.default]\nbackend = \"oracle\"\nname = \"x\"\n",
            "manage.toml, line 2: The value is no backend",
        ),
        (
            "manage.toml",
            "[databases.default]\nurl = \"postgres://db/a\"\nsslmode = \"yes\"\n",
            "manage.toml, line 3: The value is no sslmode",
        ),
        (".env", "A=1\nDATABASE_URL=oracle://db\n", ".env, line 2)"),
        (".env", "A=1\nDATABASE_URL: x\n", ".env, line 2): the line is not NAME=value."),
    ] {
        let project = Project::new().file(file, text);
        let error = load(project.folder(), &[]).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}\n{error}");
    }
    for (name, value) in
        [("DATABASE_URL", "oracle://db"), ("POSTGRES_PORT", "many"), ("POSTGRES_SSLMODE", "yes")]
    {
        let variables = [(name, value), ("POSTGRES_HOST", "db")];
        let error = load(Project::new().folder(), &variables).expect_err(name).to_string();
        assert!(error.contains(name), "{error}");
    }
    let both = [("POSTGRES_HOST", "a"), ("MYSQL_HOST", "b"), ("MYSQL_DATABASE", "c")];
    let error = load(Project::new().folder(), &both).expect_err("both").to_string();
    assert!(error.contains("POSTGRES_HOST") && error.contains("MYSQL_HOST"), "{error}");
}

#[case]
fn no_error_shows_a_password() {
    const PASSWORD: &str = "hunter2";
    let toml = [
        "[databases.default]\nurl = \"postgres://app:hunter2@db:port/a\"\n",
        "[databases.default]\nurl = \"postgres://app:hunter2@db/a\" x\n",
        "[databases.default]\nurl = \"oracle://app:hunter2@db/a\"\n",
        "[databases.default]\npassword = hunter2\n",
        "[databases.default]\nhunter2\n",
        "[databases]\ndefault = \"postgres://u:hunter2@h/db\"\n",
        "[databases]\ndefault = [\"postgres://u:hunter2@h/db\"]\n",
        "databases = \"postgres://u:hunter2@h/db\"\n",
        "[databases.default]\nurl = \"postgres://h/db\"\nport = \"hunter2\"\n",
        "[databases.default]\npassword = [\"hunter2\"]\n",
        "[databases.default]\nurl = \"postgres://db/a?password=hunter2&x=y\"\n",
    ];
    for text in toml {
        let project = Project::new().file("manage.toml", text);
        let ran = project.run("check");
        assert_eq!(ran.exit.0, 1, "{text}\n{}", ran.all());
        assert!(!ran.all().contains(PASSWORD), "{text}\n{}", ran.all());
    }
    for text in [
        "DATABASE_URL=postgres://app:hunter2 @db/a\n",
        "DATABASE_URL='postgres://app:hunter2@db\n",
        "PASSWORD hunter2\n",
    ] {
        let project = Project::new().file(".env", text);
        let ran = project.run("check --traceback");
        assert!(!ran.all().contains(PASSWORD), "{text}\n{}", ran.all());
    }
    let project = Project::new().env("DATABASE_URL", "postgres://app:hunter2@db/a");
    let settings =
        load(project.folder(), &[("DATABASE_URL", "postgres://app:hunter2@db/a")]).expect("settings");
    assert!(!format!("{settings:?}").contains(PASSWORD), "{settings:?}");
}
