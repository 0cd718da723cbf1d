//! What libpq takes from its variables and files. `libpq_servers.rs` compares it with `psql`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use manage::settings::{Address, DatabaseSettings, Environment, Settings, SettingsError, Source, SslMode};
use manage_test_support::case;

use crate::project::Project;

const SECRET: &str = "Hunter2-xyz";

pub(crate) fn load(folder: &Path, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load(&Source::new(Environment::new(variables.iter().copied(), folder), None))
}

pub(crate) fn default(folder: &Path, variables: &[(&str, &str)]) -> DatabaseSettings {
    let settings = load(folder, variables).unwrap_or_else(|error| panic!("{variables:?}: {error}"));
    settings.database("default").expect("a database").clone()
}

fn password(settings: &DatabaseSettings) -> Option<&str> {
    settings.password.as_ref().map(|password| password.expose())
}

/// A file that only its owner may read.
pub(crate) fn private(project: Project, name: &str, text: &str) -> Project {
    let project = project.file(name, text);
    set_mode(&project, name, 0o600);
    project
}

fn set_mode(project: &Project, name: &str, mode: u32) {
    std::fs::set_permissions(project.folder().join(name), std::fs::Permissions::from_mode(mode))
        .expect("a mode");
}

#[case]
fn variables_complete_what_is_open() {
    let project = Project::new();
    let all = [
        ("PGHOST", "pghost"),
        ("PGPORT", "6000"),
        ("PGUSER", "pguser"),
        ("PGDATABASE", "pgdb"),
        ("PGPASSWORD", SECRET),
        ("PGSSLMODE", "require"),
        ("PGAPPNAME", "pgapp"),
        ("PGCONNECT_TIMEOUT", "0"),
        ("PGOPTIONS", "-c geqo=off"),
        ("PGTARGETSESSIONATTRS", "primary"),
    ];
    let with = |url: &str| {
        let mut variables = all.to_vec();
        variables.push(("DATABASE_URL", url));
        default(project.folder(), &variables)
    };
    for (url, shown) in [
        ("postgres://", "PostgreSQL at pghost:6000/pgdb as pguser"),
        ("postgres:///blog", "PostgreSQL at pghost:6000/blog as pguser"),
        ("postgres://app@", "PostgreSQL at pghost:6000/pgdb as app"),
        ("postgres://:5433", "PostgreSQL at pghost:5433/pgdb as pguser"),
        ("postgres://db", "PostgreSQL at db:6000/pgdb as pguser"),
        ("postgres://a,b", "PostgreSQL at a:6000,b:6000/pgdb as pguser"),
        ("postgres://a:1,b", "PostgreSQL at a:1,b:5432/pgdb as pguser"),
        (
            "postgres://app:own@db:1/blog?sslmode=disable&application_name=own",
            "PostgreSQL at db:1/blog as app",
        ),
        ("postgresql+asyncpg://db", "PostgreSQL at db:6000/pgdb as pguser"),
    ] {
        assert_eq!(with(url).to_string(), shown, "{url}");
    }
    let open = with("postgres://");
    assert_eq!((password(&open), open.tls.mode), (Some(SECRET), SslMode::Require));
    assert_eq!(open.parameters["application_name"], "pgapp");
    assert_eq!(open.parameters["options"], "-c geqo=off");
    assert_eq!(open.parameters["target_session_attrs"], "primary");
    assert_eq!(open.connect_timeout, Duration::MAX);
    let explicit =
        with("postgres://app:own@db:1/blog?sslmode=disable&application_name=own&connect_timeout=3");
    assert_eq!((password(&explicit), explicit.tls.mode), (Some("own"), SslMode::Disable));
    assert_eq!(explicit.parameters["application_name"], "own");
    assert_eq!(explicit.connect_timeout, Duration::from_secs(3));

    // Without PGDATABASE the name is the user's, wherever that comes from.
    let database = default(project.folder(), &[("DATABASE_URL", "postgres://db"), ("PGUSER", "bob")]);
    assert_eq!(database.to_string(), "PostgreSQL at db:5432/bob as bob");
    // The password beside the URL is ours, and takes precedence.
    let database = default(
        project.folder(),
        &[("DATABASE_URL", "postgres://db"), ("DATABASE_PASSWORD", "own"), ("PGPASSWORD", SECRET)],
    );
    assert_eq!(password(&database), Some("own"));
    // `sslrootcert=system` is not weakened.
    let database = default(
        project.folder(),
        &[("DATABASE_URL", "postgres://db/a?sslrootcert=system"), ("PGSSLMODE", "disable")],
    );
    assert_eq!(database.tls.mode, SslMode::VerifyFull);
    // Parts, and tables.
    let database = default(
        project.folder(),
        &[("POSTGRES_HOST", "db"), ("PGPASSWORD", SECRET), ("PGUSER", "bob"), ("PGPORT", "7")],
    );
    assert_eq!(
        (database.to_string().as_str(), password(&database)),
        ("PostgreSQL at db:7/bob as bob", Some(SECRET))
    );
    let table = "[databases.default]\nbackend = \"postgres\"\nname = \"blog\"\n[databases.other]\nurl = \"postgres://app@h\"\n";
    let project = Project::new().file("manage.toml", table).file(".env", "PGUSER=envfile\nPGHOST=nobody\n");
    let as_host = [("DATABASE_URL", "postgres://"), ("PGHOST", "app:hunter2@db")];
    let error = load(project.folder(), &as_host).expect_err("a login").to_string();
    assert!(error.starts_with("PGHOST (environment)") && !error.contains("hunter2"), "{error}");
    let database = default(project.folder(), &[("PGHOST", "db")]);
    assert_eq!(database.to_string(), "PostgreSQL at db:5432/blog as envfile");
    let settings = load(project.folder(), &[("PGPASSWORD", SECRET)]).expect("settings");
    assert_eq!(password(settings.database("other").expect("a database")), Some(SECRET));
    // hostaddr: the name stays for the certificate.
    let variables = [("DATABASE_URL", "postgres://db"), ("PGHOSTADDR", "10.0.0.1")];
    let database = default(Project::new().folder(), &variables);
    assert_eq!(database.addresses, [Address::Tcp("db".into(), 5432)]);
    assert_eq!(database.parameters["hostaddr"], "10.0.0.1");
}

#[case]
fn other_databases_read_none() {
    let project = private(Project::new(), ".pgpass", &format!("*:*:*:*:{SECRET}\n"));
    let home = project.folder().to_str().expect("UTF-8").to_owned();
    for url in ["mysql://app@db/blog", "mariadb://app@db/blog", "sqlite:x.db"] {
        let variables = [
            ("DATABASE_URL", url),
            ("HOME", &home),
            ("PGHOST", "other"),
            ("PGPORT", "1"),
            ("PGPASSWORD", SECRET),
            ("PGSSLMODE", "nonsense"),
            ("PGSERVICE", "nonsense"),
        ];
        let database = default(project.folder(), &variables);
        let alone = default(project.folder(), &variables[..1]);
        assert_eq!(database, alone, "{url}");
    }
    // They make no database.
    let database = default(project.folder(), &[("PGHOST", "db"), ("PGPASSWORD", SECRET)]);
    assert_eq!(database.to_string(), format!("SQLite at {}", project.folder().join("db.sqlite3").display()));
}

#[case]
fn a_variable_that_cannot_be_used_is_named() {
    for (name, value, words) in [
        ("PGPORT", "many", "PGPORT (environment): the port must be"),
        ("PGSSLMODE", "allow", "PGSSLMODE (environment): the parameter `sslmode` takes one of"),
        (
            "PGCLIENTENCODING",
            "LATIN1",
            "PGCLIENTENCODING (environment): the parameter `client_encoding` takes UTF8",
        ),
        (
            "PGREQUIREAUTH",
            "scram-sha-256",
            "PGREQUIREAUTH (environment): the parameter `require_auth` has no meaning here",
        ),
        ("PGGSSENCMODE", "require", "PGGSSENCMODE (environment)"),
        ("PGTARGETSESSIONATTRS", "master", "PGTARGETSESSIONATTRS (environment)"),
        ("PGHOSTADDR", "db", "PGHOSTADDR (environment)"),
        ("PGSERVICE", SECRET, "PGSERVICE (environment): The service is not defined."),
    ] {
        let variables = [("DATABASE_URL", "postgres://app@db/blog"), (name, value)];
        let error = load(Project::new().folder(), &variables[..]).expect_err(name);
        let only_open =
            load(Project::new().folder(), &[("DATABASE_URL", "postgres://app@/blog"), (name, value)]);
        let shown = error.to_string();
        assert!(shown.contains(words) && only_open.is_err(), "{name}: {shown}");
        assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
    }
    // One that is not needed is not read.
    let variables = [
        ("DATABASE_URL", "postgres://app@db:1/blog?sslmode=require"),
        ("PGPORT", "many"),
        ("PGSSLMODE", "x"),
    ];
    assert!(load(Project::new().folder(), &variables).is_ok());
}

#[case]
fn a_password_file_is_read_as_libpq_does() {
    let text = "# nothing:1:2:3:no\n\
                db:5432:blog:app:first\n\
                db:5432:blog:app:second\n\
                db:*:other:app:es\\:caped\\\\\n\
                localhost:5432:*:app:socket\n\
                \\:\\:1:*:*:*:six\n\
                10.0.0.1:*:*:*:address\n";
    let project = private(Project::new(), ".pgpass", text);
    let home = project.folder().to_str().expect("UTF-8").to_owned();
    let read = |url: &str| {
        let database = default(project.folder(), &[("DATABASE_URL", url), ("HOME", &home)]);
        password(&database).map(str::to_owned)
    };
    for (url, expected) in [
        ("postgres://app@db/blog", Some("first")),
        ("postgres://app@db:5433/other", Some("es:caped\\")),
        ("postgres://app@db:5433/blog", None),
        ("postgres://bob@db/blog", None),
        ("postgres://app:own@db/blog", Some("own")),
        ("postgres://app@/blog?host=/var/run/postgresql", Some("socket")),
        ("postgres://app@[::1]/blog", Some("six")),
        ("postgres://app@/blog?hostaddr=10.0.0.1", Some("address")),
    ] {
        assert_eq!(read(url).as_deref(), expected, "{url}");
    }
    // Another file, from the weakest to the strongest.
    let project = private(private(project, "two", "*:*:*:*:two\n"), "three", "*:*:*:*:three\n");
    let file = |name: &str| project.folder().join(name).to_str().expect("UTF-8").to_owned();
    let variables =
        [("DATABASE_URL", "postgres://app@db/blog"), ("HOME", &home), ("PGPASSFILE", &file("two"))];
    let database = default(project.folder(), &variables);
    assert_eq!(password(&database), Some("two"));
    let url = format!("postgres://app@db/blog?passfile={}", file("three"));
    let database = default(project.folder(), &[("DATABASE_URL", &url), variables[1], variables[2]]);
    assert_eq!(password(&database), Some("three"));
    let database = default(project.folder(), &[("DATABASE_URL", &url), ("PGPASSWORD", "variable")]);
    assert_eq!(password(&database), Some("variable"));
    // A refused password is reported with the file and its line.
    assert!(format!("{:?}", default(project.folder(), &variables).part_origins).contains("two"));
}

#[case]
fn a_password_file_that_others_can_read_is_not_used() {
    let project = private(Project::new(), "pass", &format!("*:*:*:*:{SECRET}\n"));
    let path = project.folder().join("pass").to_str().expect("UTF-8").to_owned();
    let project = project.env("DATABASE_URL", "postgres://app@db/blog").env("PGPASSFILE", &path);
    assert!(!project.run("check").all().contains("W012"));
    for mode in [0o640, 0o604, 0o666] {
        set_mode(&project, "pass", mode);
        let ran = project.run("check");
        let words =
            format!("The password file {path} has group or world access, and is not used: run `chmod 0600");
        assert!(ran.err.contains("(manage.W012)") && ran.err.contains(&words), "{}", ran.all());
        assert!(!ran.all().contains(SECRET), "{}", ran.all());
    }
    let project =
        Project::new().env("DATABASE_URL", "postgres://app@db/blog").env("PGPASSFILE", "/no/such/file");
    let ran = project.run("check");
    assert!(
        ran.err.contains("Cannot read the password file /no/such/file, which PGPASSFILE (environment) names"),
        "{}",
        ran.all()
    );
    let project = Project::new().env("DATABASE_URL", "postgres://app@db/blog").env("PGPASSFILE", "/");
    assert!(project.run("check").err.contains("is not a plain file"), "{}", project.run("check").all());
}

#[case]
fn several_hosts_have_one_password() {
    let read = |text: &str| {
        let project = private(Project::new(), ".pgpass", text);
        let home = project.folder().to_str().expect("UTF-8").to_owned();
        let variables = [("DATABASE_URL", "postgres://app@a,b/blog"), ("HOME", home.as_str())];
        load(project.folder(), &variables).map(|settings| settings.database("default").expect("one").clone())
    };
    assert_eq!(password(&read("*:*:*:*:same\n").expect("settings")), Some("same"));
    assert_eq!(password(&read("a:*:*:*:same\nb:*:*:*:same\n").expect("settings")), Some("same"));
    assert_eq!(password(&read("c:*:*:*:same\n").expect("settings")), None);
    for text in ["a:*:*:*:one\nb:*:*:*:two\n", "a:*:*:*:one\n"] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.contains("does not have the same password for all hosts"), "{error}");
    }
}

#[case]
fn a_service_goes_before_variables() {
    let services = "# services\n[other]\nhost=nobody\n\n[blog]\nhost=service\nport=6001\nuser=svc\npassword=Hunter2-xyz\n\
                    sslmode=require\ntarget_session_attrs=read-write\n[last]\nhost=x\n";
    let project =
        Project::new().file(".pg_service.conf", services).file("system/pg_service.conf", "[sys]\nhost=sys\n");
    let home = project.folder().to_str().expect("UTF-8").to_owned();
    let read = |variables: &[(&str, &str)]| {
        let mut variables = variables.to_vec();
        variables.push(("HOME", &home));
        load(project.folder(), &variables).map(|settings| settings.database("default").expect("one").clone())
    };
    let database =
        read(&[("DATABASE_URL", "postgres://?service=blog"), ("PGHOST", "variable"), ("PGDATABASE", "db")])
            .expect("settings");
    assert_eq!(database.to_string(), "PostgreSQL at service:6001/db as svc");
    assert_eq!((password(&database), database.tls.mode), (Some(SECRET), SslMode::Require));
    let database =
        read(&[("DATABASE_URL", "postgres://app@mine/blog"), ("PGSERVICE", "blog")]).expect("settings");
    assert_eq!(database.to_string(), "PostgreSQL at mine:6001/blog as app");
    let system = project.folder().join("system").to_str().expect("UTF-8").to_owned();
    let database =
        read(&[("DATABASE_URL", "postgres://?service=sys"), ("PGSYSCONFDIR", &system)]).expect("settings");
    assert_eq!(database.addresses, [Address::Tcp("sys".into(), 5432)]);
    let error = read(&[("DATABASE_URL", "postgres://?service=none"), ("PGSYSCONFDIR", &system)])
        .expect_err("no service");
    assert!(error.to_string().contains("DATABASE_URL (environment): The service is not defined."), "{error}");
    for (line, words) in [
        ("nonsense", "line 2: The line is not name=value."),
        ("service=other", "line 2: A service cannot name another one."),
        ("sslmode=Hunter2-xyz", "line 2: the parameter `sslmode` takes one of"),
        ("colour=red", "line 2: the parameter `colour` is not known"),
        ("require_auth=none", "line 2: the parameter `require_auth` has no meaning here"),
    ] {
        let project = Project::new().file("services", &format!("[blog]\n{line}\n"));
        let path = project.folder().join("services").to_str().expect("UTF-8").to_owned();
        let variables = [("DATABASE_URL", "postgres://"), ("PGSERVICE", "blog"), ("PGSERVICEFILE", &path)];
        let error = load(project.folder(), &variables).expect_err(line);
        assert!(error.to_string().contains(words) && !format!("{error:?}").contains(SECRET), "{error}");
    }
}

#[case]
fn hosts_of_parts_may_have_ports() {
    let tcp = |host: &str, port| Address::Tcp(host.into(), port);
    for (host, expected) in [
        ("db", vec![tcp("db", 5432)]),
        ("db\n", vec![tcp("db", 5432)]),
        (" db\r\n", vec![tcp("db", 5432)]),
        ("db:5433", vec![tcp("db", 5433)]),
        ("db:5433\n", vec![tcp("db", 5433)]),
        ("127.0.0.1:5433", vec![tcp("127.0.0.1", 5433)]),
        ("[::1]:5433", vec![tcp("::1", 5433)]),
        ("[::1]", vec![tcp("::1", 5432)]),
        ("::1", vec![tcp("::1", 5432)]),
        ("a,b:5433", vec![tcp("a", 5432), tcp("b", 5433)]),
        ("/run/postgresql\n", vec![Address::Unix("/run/postgresql".into(), 5432)]),
    ] {
        let database = default(Project::new().folder(), &[("POSTGRES_HOST", host)]);
        assert_eq!(database.addresses, expected, "{host:?}");
        let toml = format!("[databases.default]\nbackend = \"postgres\"\nname = \"x\"\nhost = {host:?}\n");
        let database = default(Project::new().file("manage.toml", &toml).folder(), &[]);
        assert_eq!(database.addresses, expected, "{host:?}");
    }
    let database = default(Project::new().folder(), &[("MYSQL_HOST", "db:3307\n"), ("MYSQL_DATABASE", "a")]);
    assert_eq!(database.addresses, [tcp("db", 3307)]);
    let database =
        default(Project::new().folder(), &[("POSTGRES_HOST", "db:5433"), ("POSTGRES_PORT", "5433")]);
    assert_eq!(database.addresses, [tcp("db", 5433)]);
    let project = Project::new().file("host", "db:5433\n\n");
    assert_eq!(default(project.folder(), &[("POSTGRES_HOST_FILE", "host")]).addresses, [tcp("db", 5433)]);
    for host in [
        "postgres://u:Hunter2-xyz@db/x",
        "u:Hunter2-xyz@db",
        "db:many",
        "db:0",
        "[::1",
        "a b",
        "a/b",
        "a\nb",
        ",",
    ] {
        let error = load(Project::new().folder(), &[("POSTGRES_HOST", host)]).expect_err(host);
        let shown = format!("{error} {:?}", error.hint_text());
        assert!(
            error.to_string().starts_with("POSTGRES_HOST (environment) ") && shown.contains("POSTGRES_PORT"),
            "{host}: {shown}"
        );
        assert!(!shown.contains("Hunter2"), "{shown}");
    }
    let both = [("POSTGRES_HOST", "db:5433"), ("POSTGRES_PORT", "5434")];
    assert!(
        load(Project::new().folder(), &both).expect_err("two ports").to_string().contains("another port")
    );
}
