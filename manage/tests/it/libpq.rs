//! What libpq takes from its variables and files, compared with `psql` where there is one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::{Connection, Reason, probe};
use manage::settings::{Address, DatabaseSettings, Environment, Settings, SettingsError, Source, SslMode};
use manage_test_servers::{Need, Postgres, Suite, shared_postgres};

use crate::backends::LONG;
use crate::project::Project;

pub(crate) fn add(suite: &mut Suite) {
    let mut add = |name: &str, test: fn()| {
        suite.test(format!("libpq::{name}"), test);
    };
    add("variables_complete_what_is_open", variables_complete_what_is_open);
    add("other_databases_read_none", other_databases_read_none);
    add("a_variable_that_cannot_be_used_is_named", a_variable_that_cannot_be_used_is_named);
    add("a_password_file_is_read_as_libpq_does", a_password_file_is_read_as_libpq_does);
    add("a_password_file_that_others_can_read_is_not_used", a_password_file_that_others_can_read_is_not_used);
    add("several_hosts_have_one_password", several_hosts_have_one_password);
    add("a_service_goes_before_variables", a_service_goes_before_variables);
    add("hosts_of_parts_may_have_ports", hosts_of_parts_may_have_ports);
    if cfg!(feature = "postgres") {
        let mut add = |name: &str, test: fn()| {
            suite.needs(Need::Postgres, format!("libpq::{name}"), test);
        };
        add("it_connects_as_psql_does", it_connects_as_psql_does);
        add("the_server_of_the_wanted_kind_is_taken", the_server_of_the_wanted_kind_is_taken);
        add("parameters_reach_the_session", parameters_reach_the_session);
        add("tls_versions_are_limited", tls_versions_are_limited);
    }
}

const SECRET: &str = "Hunter2-xyz";

fn load(folder: &Path, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load(&Source::new(Environment::new(variables.iter().copied(), folder), None))
}

fn default(folder: &Path, variables: &[(&str, &str)]) -> DatabaseSettings {
    let settings = load(folder, variables).unwrap_or_else(|error| panic!("{variables:?}: {error}"));
    settings.database("default").expect("a database").clone()
}

fn password(settings: &DatabaseSettings) -> Option<&str> {
    settings.password.as_ref().map(|password| password.expose())
}

/// A file that only its owner may read.
fn private(project: Project, name: &str, text: &str) -> Project {
    let project = project.file(name, text);
    set_mode(&project, name, 0o600);
    project
}

fn set_mode(project: &Project, name: &str, mode: u32) {
    std::fs::set_permissions(project.folder().join(name), std::fs::Permissions::from_mode(mode))
        .expect("a mode");
}

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

    // Without PGDATABASE the name is the user's, whoever names that.
    let database = default(project.folder(), &[("DATABASE_URL", "postgres://db"), ("PGUSER", "bob")]);
    assert_eq!(database.to_string(), "PostgreSQL at db:5432/bob as bob");
    // The password that stands beside the URL is ours, and stronger.
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
    assert_eq!(database.to_string(), "SQLite at db.sqlite3");
}

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
    // A refused password is told with the file and its line.
    assert!(format!("{:?}", default(project.folder(), &variables).part_origins).contains("two"));
}

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

const WHO: &str = "current_user || ' ' || current_database() || ' ' || current_setting('port') || ' ' || \
                   current_setting('application_name') || ' ' || current_setting('search_path')";

fn ask(settings: &DatabaseSettings, query: &str) -> Result<String, String> {
    let mut connection = Connection::open(settings).map_err(|error| error.to_string())?;
    diesel::select(diesel::dsl::sql::<Text>(query))
        .get_result(&mut connection)
        .map_err(|error| error.to_string())
}

/// What `psql` answers with this URL and these variables.
fn psql(url: &str, variables: &[(&str, &str)], query: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["-X", "-q", "-A", "-t", "-d", url, "-c", &format!("SELECT {query}")])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables.iter().copied())
        .output()
        .map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn it_connects_as_psql_does() {
    let server = shared_postgres().expect("a server");
    server.execute("CREATE ROLE libpq_user LOGIN PASSWORD 'p:a\\ss'");
    server.execute("CREATE DATABASE libpq_user OWNER libpq_user");
    server.execute("CREATE DATABASE libpq_other OWNER libpq_user");
    let port = server.port().to_string();
    let pass = format!("127.0.0.1:{port}:*:libpq_user:p\\:a\\\\ss\n");
    let service = format!(
        "[blog]\nhost=127.0.0.1\nport={port}\nuser=libpq_user\ndbname=libpq_other\napplication_name=svc\n"
    );
    let project = private(Project::new(), ".pgpass", &pass).file(".pg_service.conf", &service);
    let home = project.folder().to_str().expect("UTF-8").to_owned();
    let base = [("HOME", home.as_str()), ("USER", "libpq_user")];
    let server_at = [("PGHOST", "127.0.0.1"), ("PGPORT", port.as_str()), ("PGUSER", "libpq_user")];
    let in_url = format!("postgresql://libpq_user@127.0.0.1:{port}/libpq_other");
    for (url, variables) in [
        ("postgresql://", &[][..]),
        ("postgresql:///libpq_other", &[]),
        (
            "postgresql://",
            &[("PGDATABASE", "libpq_other"), ("PGAPPNAME", "mine"), ("PGOPTIONS", "-c search_path=a")],
        ),
        ("postgresql://?application_name=own&fallback_application_name=no", &[("PGAPPNAME", "mine")]),
        ("postgresql://", &[("PGPASSWORD", "p:a\\ss"), ("PGPASSFILE", "/no/such/file")]),
        ("postgresql://?service=blog", &[("PGAPPNAME", "mine"), ("PGDATABASE", "nobody")]),
        ("postgresql://", &[("PGSERVICE", "blog"), ("PGUSER", "nobody")]),
        ("postgresql:///libpq_user?application_name=own", &[("PGSERVICE", "blog")]),
        ("postgresql://no-such-host.invalid/", &[("PGHOSTADDR", "127.0.0.1")]),
        (
            in_url.as_str(),
            &[("PGHOST", "no-such-host.invalid"), ("PGPORT", "1"), ("PGUSER", "x"), ("PGDATABASE", "y")],
        ),
        ("postgresql://", &[("PGPASSWORD", "wrong")]),
        ("postgresql://nobody@/", &[]),
        ("postgresql:///missing", &[]),
    ] {
        let mut all = [&base[..], &server_at].concat();
        all.retain(|(name, _)| variables.iter().all(|(other, _)| other != name));
        all.extend(variables);
        let theirs = psql(url, &all, WHO);
        all.push(("DATABASE_URL", url));
        let ours = load(project.folder(), &all).map_err(|error| error.to_string());
        let ours = ours.and_then(|settings| ask(settings.database("default").expect("a database"), WHO));
        // `psql` has a name of its own where none is set; what goes wrong is worded differently.
        let theirs_named = theirs.clone().map(|answer| answer.replace(" psql ", "  "));
        match (&ours, &theirs_named) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{url} {variables:?}"),
            (Err(_), Err(_)) => {}
            _ => panic!("{url} {variables:?}: {ours:?}, psql: {theirs:?}"),
        }
    }
}

fn the_server_of_the_wanted_kind_is_taken() {
    let primary =
        Postgres::builder().hba(["host all,replication all 127.0.0.1/32 scram-sha-256"]).start().unwrap();
    primary.execute("CREATE DATABASE app");
    let standby = Postgres::builder().standby_of(&primary).expect("a standby");
    let (one, two) = (primary.port(), standby.port());
    let (user, password) = (primary.user(), primary.password());
    let of = |hosts: &str, wanted: &str| {
        let url = format!("postgresql://{user}@{hosts}/app?target_session_attrs={wanted}");
        let variables = [("DATABASE_URL", url.as_str()), ("PGPASSWORD", password)];
        (url.clone(), default(Path::new("/"), &variables))
    };
    let port = "inet_server_port()::text";
    for wanted in ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] {
        for hosts in [
            format!("127.0.0.1:{one},127.0.0.1:{two}"),
            format!("127.0.0.1:{two},127.0.0.1:{one}"),
            format!("127.0.0.1:{one}"),
            format!("127.0.0.1:{two}"),
            format!("127.0.0.1:1,127.0.0.1:{one}"),
        ] {
            let (url, settings) = of(&hosts, wanted);
            let theirs = psql(&url, &[("PGPASSWORD", password)], port);
            let ours = ask(&settings, port);
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{url}"),
                (Err(ours), Err(_)) => {
                    assert!(ours.contains(&format!("target_session_attrs={wanted}")), "{url}: {ours}")
                }
                _ => panic!("{url}: {ours:?}, psql: {theirs:?}"),
            }
            // What the probe accepts a command can use, and the other way round.
            let probed = probe(&settings, Duration::from_secs(10));
            assert_eq!(probed.is_ok(), ours.is_ok(), "{url}: {probed:?}, {ours:?}");
            if let Err(error) = probed {
                assert_eq!(error.reason, Reason::SessionAttributes, "{url}: {error}");
                assert!(error.reason.is_transient());
            }
        }
    }
    // A primary that takes no changes.
    primary.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'");
    primary.execute("ALTER ROLE reader SET default_transaction_read_only = on");
    for wanted in ["read-write", "read-only", "primary"] {
        let url = format!("postgresql://reader:reader@127.0.0.1:{one}/app?target_session_attrs={wanted}");
        let settings = default(Path::new("/"), &[("DATABASE_URL", url.as_str())]);
        let theirs = psql(&url, &[], port);
        assert_eq!(ask(&settings, port).is_ok(), theirs.is_ok(), "{url}: psql: {theirs:?}");
    }
    // Hosts in a random order: twenty attempts that all lead to one happen once in 500,000 runs.
    let (_, mut settings) = of(&format!("127.0.0.1:{one},127.0.0.1:{two}"), "any");
    settings.parameters.insert("load_balance_hosts".to_owned(), "random".to_owned());
    let ports: std::collections::BTreeSet<String> =
        (0..20).map(|_| ask(&settings, port).expect("an answer")).collect();
    assert_eq!(ports.len(), 2, "{ports:?}");
}

fn parameters_reach_the_session() {
    let server = shared_postgres().expect("a server");
    let with = |query: &str| {
        let url = format!("{}?{query}", server.url("postgres"));
        DatabaseSettings::from_url("default", &url, manage::settings::Origin::Code).expect("a URL")
    };
    for (query, question, answer) in [
        ("application_name=blog", "current_setting('application_name')", "blog"),
        ("fallback_application_name=spare", "current_setting('application_name')", "spare"),
        (
            "fallback_application_name=spare&application_name=blog",
            "current_setting('application_name')",
            "blog",
        ),
        ("options=-c%20search_path%3Dblog", "current_setting('search_path')", "blog"),
        (
            "client_encoding=UTF8&connect_timeout=0&gssencmode=prefer",
            "current_setting('client_encoding')",
            "UTF8",
        ),
        ("connect_timeout=1", "'yes'", "yes"),
        (
            "keepalives=1&keepalives_idle=0&keepalives_interval=0&keepalives_count=0&tcp_user_timeout=0",
            "'yes'",
            "yes",
        ),
        (
            "keepalives_idle=32767&keepalives_interval=32767&keepalives_count=127&tcp_user_timeout=2147483647",
            "'yes'",
            "yes",
        ),
    ] {
        assert_eq!(ask(&with(query), question).as_deref(), Ok(answer), "{query}");
    }
    // The kernel shows when a keepalive is due next, in hundredths of a second.
    if cfg!(target_os = "linux") {
        for (query, most) in [
            ("keepalives=0", None),
            ("keepalives_idle=7", Some(7)),
            ("keepalives_idle=500", Some(500)),
            ("", Some(60)),
        ] {
            let settings = with(query);
            let mut connection = Connection::open(&settings).expect("a connection");
            let port = diesel::select(diesel::dsl::sql::<Text>("inet_client_port()::text"));
            let port: String = port.get_result(&mut connection).expect("a port");
            let due = keepalive_due(port.parse().expect("a number"));
            match most {
                None => assert_eq!(due, None, "{query}"),
                Some(most) => {
                    let seconds = due.unwrap_or_else(|| panic!("no keepalive: {query}"));
                    assert!(
                        seconds <= f64::from(most) && seconds > f64::from(most) - 6.0,
                        "{query}: {seconds}"
                    );
                }
            }
        }
    }
}

/// When the keepalive timer of the connection with this local port fires, in seconds.
fn keepalive_due(port: u16) -> Option<f64> {
    let suffix = format!(":{port:04X}");
    let deadline = Instant::now() + LONG;
    loop {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
        let is_ours =
            |line: &&str| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&suffix));
        let line = table.lines().find(is_ours).expect("the connection");
        let timer = line.split_whitespace().nth(5).expect("a timer");
        match timer.split_once(':').expect("two numbers") {
            ("00", _) => return None,
            ("02", when) => return Some(f64::from(u32::from_str_radix(when, 16).expect("a number")) / 100.0),
            // What was sent last is still to be acknowledged.
            _ => assert!(Instant::now() < deadline, "{timer}"),
        }
    }
}

fn tls_versions_are_limited() {
    let server = Postgres::builder().tls().setting("ssl_max_protocol_version = 'TLSv1.2'").start().unwrap();
    let with = |query: &str| {
        let url = format!("{}?sslmode=require&{query}", server.url("postgres"));
        DatabaseSettings::from_url("default", &url, manage::settings::Origin::Code).expect("a URL")
    };
    let version = "(SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
    assert_eq!(ask(&with("ssl_min_protocol_version=TLSv1.2"), version).as_deref(), Ok("TLSv1.2"));
    let refused = Connection::open(&with("ssl_min_protocol_version=TLSv1.3")).map(drop).expect_err("too old");
    assert_eq!(refused.reason, Reason::Tls, "{refused}");
    let newer = Postgres::builder().tls().start().unwrap();
    for (query, expected) in [("", "TLSv1.3"), ("ssl_max_protocol_version=TLSv1.2", "TLSv1.2")] {
        let url = format!("{}?sslmode=require&{query}", newer.url("postgres"));
        let settings =
            DatabaseSettings::from_url("default", &url, manage::settings::Origin::Code).expect("a URL");
        assert_eq!(ask(&settings, version).as_deref(), Ok(expected), "{query}");
    }
    // The address is taken from hostaddr, and the name is still verified.
    let ca = newer.tls().expect("certificates").ca().display().to_string();
    for (host, is_right) in [("localhost", true), ("elsewhere.invalid", false)] {
        let url = newer.url_as(host, newer.user(), newer.password(), "postgres");
        let url = format!("{url}?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={ca}");
        let settings =
            DatabaseSettings::from_url("default", &url, manage::settings::Origin::Code).expect("a URL");
        let opened = Connection::open(&settings).map(drop);
        assert_eq!(opened.is_ok(), is_right, "{host}: {opened:?}");
    }
}
