//! Connections with libpq's parameters, variables and files, compared with what `psql` does.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::{Connection, Reason, probe};
use manage::settings::DatabaseSettings;
use manage_test_support::{Need, Postgres, case, needs, shared_postgres};

use crate::backends::LONG;
use crate::libpq::{default, load, private};
use crate::project::Project;

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

#[case(needs(Need::Postgres))]
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

#[case(needs(Need::Postgres))]
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
            // The command drives the sockets in another way than `probe`.
            let waited = Project::new().env("DATABASE_URL", &url).env("PGPASSWORD", password);
            let waited = waited.run("wait_for_db --once");
            assert_eq!(waited.exit.0, u8::from(ours.is_err()), "{url}: {}", waited.all());
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

#[case(needs(Need::Postgres))]
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

#[case(needs(Need::Postgres))]
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
