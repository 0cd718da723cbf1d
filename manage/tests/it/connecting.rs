//! Ways to a server, and the ways in which they end elsewhere.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use manage::database::{Reason, probe};
use manage::settings::Backend::Postgres as PG;
use manage::settings::DatabaseSettings;
use manage_test_support::{
    Backend, DatabaseServer, MariaDb, Postgres, TestDatabase, case, execute, free_port, shared_mariadb,
    shared_postgres, wait_until,
};

use crate::backends::{
    LONG, on_each_server, open, project, refused, refused_within, reported, settings, shared_database, text,
    url_part, with,
};
use crate::project::{Project, Ran};

fn shared_port(backend: Backend) -> u16 {
    match backend {
        Backend::Postgres => shared_postgres().unwrap().port(),
        _ => shared_mariadb().unwrap().port(),
    }
}

/// A URL of the right scheme for some port of this machine.
fn at_port(backend: Backend, port: u16) -> DatabaseSettings {
    let scheme = if backend == Backend::Postgres { "postgres" } else { "mysql" };
    settings(&format!("{scheme}://app:hunter2@127.0.0.1:{port}/blog"))
}

/// Creates a user who may do everything.
fn create_user(backend: Backend, name: &str, password: &str) {
    let quoted = password.replace('\'', "''");
    match backend {
        Backend::Postgres => execute(backend, &format!("CREATE USER {name} PASSWORD '{quoted}'")),
        _ => {
            let quoted = quoted.replace('\\', "\\\\");
            execute(backend, &format!("CREATE USER {name} IDENTIFIED BY '{quoted}'"));
            execute(backend, &format!("GRANT ALL ON *.* TO {name}"));
        }
    }
}

#[case(on_each_server)]
fn a_password_may_have_any_character(backend: Backend) {
    let every_one: String = (' '..='~').collect();
    let long = "0123456789abcdef".repeat(12);
    let passwords =
        [every_one.as_str(), " leads and trails ", "%41%zz%", "漢字-ünï-👍", "\\'\"`$(x)${X}", &long];
    let (database, default) = shared_database(backend);
    let family = if default.backend == PG { "POSTGRES" } else { "MYSQL" };
    let variable = |part: &str| format!("{family}_{part}");
    let port = shared_port(backend).to_string();
    for (i, password) in passwords.iter().enumerate() {
        let user = format!("odd_{i}");
        create_user(backend, &user, password);
        let scheme = if default.backend == PG { "postgres" } else { "mysql" };
        let (encoded, name) = (url_part(password), database.name());
        let without = format!("{scheme}://{user}@127.0.0.1:{port}/{name}");
        let split = |project: Project| {
            project
                .env(&variable("HOST"), "127.0.0.1")
                .env(&variable("PORT"), &port)
                .env(&variable("USER"), &user)
                .env(&variable(if default.backend == PG { "DB" } else { "DATABASE" }), name)
        };
        let projects = [
            project(&format!("{scheme}://{user}:{encoded}@127.0.0.1:{port}/{name}")),
            Project::new()
                .file("url", &format!("{scheme}://{user}:{encoded}@127.0.0.1:{port}/{name}\n"))
                .env("DATABASE_URL_FILE", "url"),
            project(&without).env("DATABASE_PASSWORD", password),
            project(&without)
                .file("secret", &format!("{password}\n"))
                .env("DATABASE_PASSWORD_FILE", "secret"),
            split(Project::new()).env(&variable("PASSWORD"), password),
            split(Project::new()).file("secret", password).env(&variable("PASSWORD_FILE"), "secret"),
        ];
        for (way, project) in projects.iter().enumerate() {
            let ran = project.run("wait_for_db --timeout 30 --fail-fast-after 0");
            assert_eq!(ran.exit.0, 0, "way {way} with {password:?}:\n{}", ran.all());
        }
    }
}

#[case(on_each_server)]
fn the_first_host_that_answers_is_taken(backend: Backend) {
    let (_database, default) = shared_database(backend);
    let address = format!("127.0.0.1:{}", shared_port(backend));
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let silent = silent.local_addr().expect("an address").to_string();
    let dead = format!("127.0.0.1:{}", free_port());
    let url = default.url().expose().to_owned();
    for others in [dead.clone(), "no-such-host.invalid:1".to_owned(), format!("{dead},{dead}")] {
        open(&url.replace(&address, &format!("{others},{address}")));
    }
    let mut default = settings(&url.replace(&address, &format!("{silent},{address}")));
    default.connect_timeout = Duration::from_secs(4);
    probe(&default, default.connect_timeout).expect("the second has a share of the time");
    // Of several errors the most telling one stays.
    let wrong = settings(&with(&url.replace(&address, &format!("{address},{dead}")), "password", "hunter2"));
    assert_eq!(refused(&wrong).reason, Reason::Credentials);
}

#[case(on_each_server)]
fn an_unknown_host_is_reported(backend: Backend) {
    let mut settings = at_port(backend, 1);
    settings.addresses = vec![manage::settings::Address::Tcp("no-such-host.invalid".into(), 1)];
    let error = refused(&settings);
    assert_eq!(error.reason, Reason::UnknownHost, "{error}");
    assert!(error.to_string().contains("no-such-host.invalid:1/blog as app"), "{error}");
    assert_eq!(error.hint.as_deref(), Some(format!("The host comes from {}.", settings.origin).as_str()));
}

#[case(on_each_server)]
fn a_closed_port_is_reported(backend: Backend) {
    let error = refused(&at_port(backend, free_port()));
    assert_eq!(reported(&error), (Reason::Refused, Some("ECONNREFUSED")), "{error}");
}

#[case(on_each_server)]
fn a_silent_port_is_given_up(backend: Backend) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let settings = at_port(backend, listener.local_addr().expect("an address").port());
    let start = Instant::now();
    let error = refused_within(&settings, Duration::from_millis(300));
    assert_eq!(error.reason, Reason::TimedOut, "{error}");
    assert!(error.to_string().contains("no answer within 0.3 s"), "{error}");
    let question = format!("Is it {} that listens there? Its address comes from ", settings.backend);
    assert!(error.hint.expect("a hint").starts_with(&question));
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(5), "{took:?}");
}

/// A server that does this with everyone who connects, until the test process ends.
fn serve(answer: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

#[case(on_each_server)]
fn a_port_that_hangs_up_is_reported(backend: Backend) {
    // With and without reading: the kernel then says EOF, or resets the connection.
    let answers: [fn(TcpStream); 2] = [drop, |mut stream| {
        // MySQL's client says nothing before the server does.
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let _ = stream.read(&mut [0; 4096]);
    }];
    for (i, answer) in answers.into_iter().enumerate() {
        let error = refused(&at_port(backend, serve(answer)));
        assert_eq!(error.reason, Reason::Closed, "{i}: {error:?}");
        assert!(error.reason.is_transient());
        assert!(error.hint.expect("a hint").contains(" that listens there?"));
    }
}

#[case(on_each_server)]
fn another_kind_of_server_is_no_database(backend: Backend) {
    let http: fn(TcpStream) = |mut stream| {
        stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        let _ = stream.read(&mut [0; 4096]);
        let body = "<h1>Bad request</h1>".repeat(100);
        let _ = write!(stream, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{body}");
    };
    let ssh: fn(TcpStream) = |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        let _ = stream.read(&mut [0; 4096]);
    };
    let chatter: fn(TcpStream) = |mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {};
    for (name, answer) in [("http", http), ("ssh", ssh), ("chatter", chatter)] {
        let start = Instant::now();
        let error = refused_within(&at_port(backend, serve(answer)), Duration::from_secs(2));
        assert!(start.elapsed() < Duration::from_secs(10), "{name}: {:?}", start.elapsed());
        let expected = [Reason::Closed, Reason::TimedOut, Reason::Other];
        assert!(expected.contains(&error.reason), "{name}: {error:?}");
    }
}

#[case(on_each_server)]
fn a_suspended_server_is_given_up(backend: Backend) {
    let server = DatabaseServer::start(backend);
    server.create_database("blog");
    let settings = settings(&server.url("blog"));
    probe(&settings, LONG).expect("ready");
    server.pause();
    let start = Instant::now();
    let error = refused_within(&settings, Duration::from_millis(300));
    assert_eq!(error.reason, Reason::TimedOut, "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    server.resume();
    probe(&settings, LONG).expect("ready again");
}

#[case(on_each_server)]
fn a_unix_socket_is_an_address(backend: Backend) {
    let (parameter, path, port, user, password) = match backend {
        Backend::Postgres => {
            let server = shared_postgres().unwrap();
            ("host", server.socket_dir().to_owned(), server.port(), server.user(), server.password())
        }
        _ => {
            let server = shared_mariadb().unwrap();
            ("socket", server.socket(), server.port(), server.user(), server.password())
        }
    };
    let database = TestDatabase::new(backend);
    let (scheme, family, db) = match backend {
        Backend::Postgres => ("postgres", "POSTGRES", "DB"),
        _ => ("mysql", "MYSQL", "DATABASE"),
    };
    let (name, login) = (database.name(), format!("{user}:{}", url_part(password)));
    let in_query = with(&format!("{scheme}://{login}@:{port}/{name}"), parameter, text(&path));
    let as_host = format!("{scheme}://{login}@{}:{port}/{name}", url_part(text(&path)));
    // Encryption is for networks: a socket needs none, whatever is asked for.
    for url in [&in_query, &as_host, &with(&as_host, "sslmode", "require")] {
        let ready = probe(&settings(url), LONG);
        assert!(ready.is_ok(), "{url}: {ready:?}");
    }
    let split = Project::new()
        .env(&format!("{family}_HOST"), text(&path))
        .env(&format!("{family}_PORT"), &port.to_string())
        .env(&format!("{family}_USER"), user)
        .env(&format!("{family}_PASSWORD"), password)
        .env(&format!("{family}_{db}"), name);
    let ran: Ran = split.run("wait_for_db --fail-fast-after 0");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let missing = as_host.replace(&url_part(text(&path)), &url_part("/no/such/socket"));
    let error = refused(&settings(&missing));
    assert_eq!(reported(&error), (Reason::Socket, Some("ENOENT")), "{error}");
    assert!(error.to_string().contains("/no/such/socket"), "{error}");
    assert!(error.reason.is_transient(), "the server may be about to make it");
}

#[case(on_each_server)]
fn an_ipv6_address_is_an_address(backend: Backend) {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        // A machine without IPv6 has nothing to be tested.
        return;
    }
    let server = match backend {
        Backend::Postgres => {
            let builder = Postgres::builder().setting("listen_addresses = '::1'");
            DatabaseServer::Postgres(builder.hba(["host all all ::1/128 scram-sha-256"]).start().unwrap())
        }
        _ => DatabaseServer::MariaDb(MariaDb::builder().setting("bind-address = ::1").start().unwrap()),
    };
    server.create_database("blog");
    let url = server.url_as("[::1]", server.user(), server.password(), "blog");
    probe(&settings(&url), LONG).expect("ready");
    assert!(settings(&url).to_string().contains(&format!("[::1]:{}/blog", server.port())));
}

#[case(on_each_server)]
fn a_dropped_connection_leaves_the_server_at_once(backend: Backend) {
    let (database, settings) = shared_database(backend);
    let name = database.name();
    let sessions = || match backend {
        Backend::Postgres => {
            let query = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
            shared_postgres().unwrap().query_value(&query)
        }
        _ => {
            let query = format!("SELECT count(*) FROM information_schema.processlist WHERE db = '{name}'");
            shared_mariadb().unwrap().query_value(&query)
        }
    };
    let open_ten = || (0..10).map(|_| open(settings.url().expose())).collect::<Vec<_>>();
    let held = open_ten();
    assert_eq!(sessions(), "10");
    drop(held);
    wait_until(LONG, "the sessions are gone", || sessions() == "0");
    // Not even inside of a runtime is one left behind.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async { drop(open_ten()) });
    wait_until(LONG, "the sessions are gone", || sessions() == "0");
}
