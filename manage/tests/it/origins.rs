//! Where the parts of a database's settings come from: a message names the source of the part that was
//! refused.

use std::path::Path;

use manage::settings::{DatabaseSettings, Environment, Part, Settings, Source};
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{on_each_server, shared_database};
use crate::project::Project;

fn default(folder: &Path, variables: &[(&str, &str)]) -> DatabaseSettings {
    let source = Source::new(Environment::new(variables.iter().copied(), folder), None);
    Settings::load(&source).expect("settings").database("default").expect("a database").clone()
}

#[case]
fn each_part_has_its_own() {
    let text = "POSTGRES_PORT=5433\n\nPOSTGRES_USER=app\nPOSTGRES_HOST=elsewhere\n";
    let project = Project::new().file(".env", text).file("secret", "hunter2");
    let variables =
        [("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", "secret"), ("POSTGRES_SSLMODE", "require")];
    let database = default(project.folder(), &variables);
    let origin = |part| database.origin_of(part).to_string();
    assert_eq!(database.to_string(), "PostgreSQL at db:5433/app as app");
    assert_eq!(origin(Part::Host), "POSTGRES_HOST (environment)");
    let file = project.folder().join(".env");
    assert_eq!(origin(Part::Port), format!("POSTGRES_PORT ({}, line 1)", file.display()));
    assert_eq!(origin(Part::User), format!("POSTGRES_USER ({}, line 3)", file.display()));
    assert_eq!(origin(Part::Password), "POSTGRES_PASSWORD_FILE (environment)");
    assert_eq!(origin(Part::SslMode), "POSTGRES_SSLMODE (environment)");
    let url = [("DATABASE_URL", "postgres://app@db/blog"), ("DATABASE_PASSWORD", "hunter2")];
    let database = default(project.folder(), &url);
    assert_eq!(database.origin_of(Part::User).to_string(), "DATABASE_URL (environment)");
    assert_eq!(database.origin_of(Part::Password).to_string(), "DATABASE_PASSWORD (environment)");
}

#[case]
fn a_part_that_nobody_sets_is_a_default() {
    let project = Project::new();
    let database = default(project.folder(), &[("POSTGRES_HOST", "db")]);
    assert_eq!(database.origin_of(Part::User).to_string(), "the defaults");
    assert_eq!(database.origin_of(Part::Name).to_string(), "the defaults");
    assert_eq!(database.origin_of(Part::Port).to_string(), "POSTGRES_HOST (environment)");
}

#[case]
fn keys_of_the_settings_file() {
    let text =
        "[databases.default]\nurl = \"postgres://app@db/blog\"\nport = 5433\n\npassword_file = \"secret\"\n";
    let project = Project::new().file("manage.toml", text).file("secret", "hunter2");
    let database = default(project.folder(), &[]);
    let line = |part| match database.origin_of(part) {
        manage::settings::Origin::File(_, line) => *line,
        other => panic!("{other}"),
    };
    assert_eq!([Part::Host, Part::Port, Part::User, Part::Password].map(line), [2, 3, 2, 5]);
}

#[case]
fn a_refused_port() {
    let project =
        Project::new().file(".env", "# the port\nPOSTGRES_PORT=1\n").env("POSTGRES_HOST", "127.0.0.1");
    let ran = project.run("wait_for_db --once");
    let file = project.folder().join(".env");
    let expected = format!(
        "Its host comes from POSTGRES_HOST (environment), its port from POSTGRES_PORT ({}, line 2).",
        file.display()
    );
    assert!(ran.err.contains(&expected), "{}", ran.all());
}

#[case]
fn newlines_of_secret_files() {
    for (text, expected) in [
        ("hunter2", "hunter2"),
        ("hunter2\n", "hunter2"),
        ("hunter2\n\n\n", "hunter2"),
        ("hunter2\r\n", "hunter2\r"),
        (" hunter2 \n", " hunter2 "),
    ] {
        let project = Project::new().file("secret", text);
        let database =
            default(project.folder(), &[("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", "secret")]);
        assert_eq!(database.password.expect("a password").expose(), expected, "{text:?}");
    }
}

/// A database, and a project whose variables have it in parts, with these instead of its own.
fn parts(backend: Backend, others: &[(&str, &str)]) -> (TestDatabase, DatabaseSettings, Project) {
    let (database, settings) = shared_database(backend);
    let (family, name) = match backend {
        Backend::MariaDb => ("MARIADB", "DATABASE"),
        _ => ("POSTGRES", "DB"),
    };
    let manage::settings::Address::Tcp(host, port) = &settings.addresses[0] else { panic!("not TCP") };
    let password = settings.password.as_ref().expect("a password").expose();
    let own = [
        ("HOST", host.clone()),
        ("PORT", port.to_string()),
        ("USER", settings.user.clone().expect("a user")),
        ("PASSWORD", password.to_owned()),
        (name, settings.name.clone()),
    ];
    let mut project = Project::new();
    for (part, value) in own {
        let is_replaced =
            others.iter().any(|(other, _)| other.strip_suffix("_FILE").unwrap_or(other) == part);
        if !is_replaced {
            project = project.env(&format!("{family}_{part}"), &value);
        }
    }
    for (part, value) in others {
        project = project.env(&format!("{family}_{part}"), value);
    }
    (database, settings, project)
}

#[case(on_each_server)]
fn a_refused_password(backend: Backend) {
    let (_database, _, project) = parts(backend, &[("PASSWORD_FILE", "secret")]);
    let ran = project.file("secret", "wrong\n").run("wait_for_db --once");
    assert!(ran.err.contains("_USER (environment), the password from "), "{}", ran.all());
    assert!(ran.err.contains("_PASSWORD_FILE (environment)."), "{}", ran.all());
    assert!(!ran.err.contains("carriage return"), "{}", ran.all());
}

#[case(on_each_server)]
fn a_missing_database(backend: Backend) {
    let name = if backend == Backend::MariaDb { "DATABASE" } else { "DB" };
    let (_database, _, project) = parts(backend, &[(name, "not_there")]);
    let ran = project.run("wait_for_db --once");
    assert!(ran.err.contains(&format!("_{name} (environment).")), "{}", ran.all());
    assert!(!ran.err.contains("_HOST"), "{}", ran.all());
}

/// A file that was written on Windows: the password is right but for its last character.
#[case(on_each_server)]
fn a_carriage_return(backend: Backend) {
    let (_database, settings, project) = parts(backend, &[("PASSWORD_FILE", "secret")]);
    let password = settings.password.expect("a password");
    let project = project.file("secret", &format!("{}\r\n", password.expose()));
    let ran = project.run("wait_for_db --once");
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
    assert!(ran.err.contains("The password ends in a carriage return"), "{}", ran.all());
    assert!(!ran.all().contains(password.expose()), "{}", ran.all());
    let project = project.file("secret", &format!("{}\n\n", password.expose()));
    assert_eq!(project.run("wait_for_db --once").exit.0, 0);
}
