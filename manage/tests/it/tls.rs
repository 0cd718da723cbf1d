//! Encryption: what each `sslmode` asks for, and whether the session really has it.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use manage::database::{Connection, Reason};
use manage::settings::{Backend as Kind, DatabaseSettings, SslMode};
use manage_test_support::{Backend, DatabaseServer, MariaDb, Postgres, Tls, case};

use crate::backends::{
    on_each_tls_server, on_postgres_with_tls, project, refused, reported, settings, text, with,
};

/// Its certificate is for `localhost` and 127.0.0.1. This is a third way to reach it.
const ANOTHER_NAME: &str = "0.0.0.0";

/// A server of its own that encrypts, and its certificates.
pub(crate) fn encrypting(backend: Backend) -> (DatabaseServer, Tls) {
    let server = match backend {
        Backend::Postgres => DatabaseServer::Postgres(Postgres::builder().tls().start().unwrap()),
        _ => DatabaseServer::MariaDb(MariaDb::builder().tls().start().unwrap()),
    };
    let tls = server.tls().expect("certificates").clone();
    (server, tls)
}

/// The settings of a database on the server that is always there.
fn at(server: &DatabaseServer, host: &str, mode: &str, ca: Option<&Path>) -> DatabaseSettings {
    let url = server.url_as(host, server.user(), server.password(), server.own_database());
    let url = with(&url, "sslmode", mode);
    match ca {
        Some(ca) => settings(&with(&url, "sslrootcert", text(ca))),
        None => settings(&url),
    }
}

/// Whether the session is encrypted, as the server sees it.
fn is_encrypted(connection: &mut Connection) -> bool {
    if connection.backend() == Kind::Postgres {
        let query = "(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
        return diesel::select(diesel::dsl::sql::<Bool>(query)).get_result(connection).expect("an answer");
    }
    let query =
        "(SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher')";
    let cipher: String =
        diesel::select(diesel::dsl::sql::<Text>(query)).get_result(connection).expect("an answer");
    !cipher.is_empty()
}

#[track_caller]
fn connects(settings: &DatabaseSettings, encrypted: bool) {
    let case = format!("{settings} {:?}", settings.tls);
    let mut connection = Connection::open(settings).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(is_encrypted(&mut connection), encrypted, "{case}");
}

#[track_caller]
fn distrusts(settings: &DatabaseSettings) {
    let error = refused(settings);
    // Without a list of authorities of its own, a machine cannot verify anything.
    let own_list = settings.tls.root_cert.is_some() || error.reason == Reason::Tls;
    let expected = if own_list { Reason::Tls } else { Reason::Configuration };
    assert_eq!(error.reason, expected, "{:?} {error:?}", settings.tls);
    assert!(!error.reason.is_transient());
}

#[case(on_each_tls_server)]
fn each_mode_with_a_server_that_offers_it(backend: Backend) {
    let (server, tls) = encrypting(backend);
    let (right, other) = (Some(tls.ca()), Some(tls.untrusted_ca()));
    for host in ["127.0.0.1", "localhost", ANOTHER_NAME] {
        for ca in [None, right, other] {
            connects(&at(&server, host, "disable", ca), false);
            connects(&at(&server, host, "prefer", ca), true);
        }
        connects(&at(&server, host, "require", None), true);
        // As in libpq, it verifies the authority once there is a file of them.
        connects(&at(&server, host, "require", right), true);
        distrusts(&at(&server, host, "require", other));
        connects(&at(&server, host, "verify-ca", right), true);
        distrusts(&at(&server, host, "verify-ca", other));
        distrusts(&at(&server, host, "verify-ca", None));
        distrusts(&at(&server, host, "verify-full", other));
        distrusts(&at(&server, host, "verify-full", None));
        let full = at(&server, host, "verify-full", right);
        if host == ANOTHER_NAME { distrusts(&full) } else { connects(&full, true) }
    }
    let error = refused(&at(&server, ANOTHER_NAME, "verify-full", right));
    assert!(error.message.contains("not valid for name"), "{error}");
    let ran = project(at(&server, "localhost", "verify-full", other).url().expose())
        .run("wait_for_db --fail-fast-after 0");
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
    assert!(ran.err.contains("o trusted TLS connection"), "{}", ran.err);
    let ran = project(at(&server, "localhost", "verify-full", right).url().expose()).run("wait_for_db");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
}

#[case(on_each_tls_server)]
fn each_mode_with_a_server_that_does_not(backend: Backend) {
    let (_other, tls) = encrypting(backend);
    let server = DatabaseServer::start(backend);
    for ca in [None, Some(tls.ca())] {
        connects(&at(&server, "127.0.0.1", "disable", ca), false);
        connects(&at(&server, "127.0.0.1", "prefer", ca), false);
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = refused(&at(&server, "127.0.0.1", mode, Some(tls.ca())));
        assert_eq!(error.reason, Reason::Tls, "{mode}: {error:?}");
        assert!(error.to_string().contains("no trusted, encrypted connection"), "{error}");
    }
}

#[case(on_each_tls_server)]
fn a_server_that_insists_is_obeyed(backend: Backend) {
    let server = match backend {
        Backend::Postgres => {
            let hba = ["hostssl all all 127.0.0.1/32 scram-sha-256", "hostnossl all all all reject"];
            DatabaseServer::Postgres(Postgres::builder().tls().hba(hba).start().unwrap())
        }
        _ => DatabaseServer::MariaDb(
            MariaDb::builder().tls().setting("require_secure_transport = ON").start().unwrap(),
        ),
    };
    for mode in ["prefer", "require"] {
        connects(&at(&server, "127.0.0.1", mode, None), true);
    }
    let error = refused(&at(&server, "127.0.0.1", "disable", None));
    // MariaDB says to its own client, too, that the password is wrong; MySQL has the number 3159 for it.
    let expected = if backend == Backend::Postgres { "28000" } else { "1045" };
    let expected = (Reason::Credentials, Some(expected));
    assert_eq!(reported(&error), expected, "{error}");
    let local = at(&server, "127.0.0.1", "disable", None);
    let ran = project(local.url().expose()).run("wait_for_db --fail-fast-after 0");
    assert_eq!(ran.exit.0, 78, "{}", ran.all());
}

#[case(on_postgres_with_tls)]
fn a_server_that_wants_none_is_obeyed() {
    let hba = ["hostnossl all all 127.0.0.1/32 scram-sha-256"];
    let server = DatabaseServer::Postgres(Postgres::builder().tls().hba(hba).start().unwrap());
    for mode in ["disable", "prefer"] {
        connects(&at(&server, "127.0.0.1", mode, None), false);
    }
    let error = refused(&at(&server, "127.0.0.1", "require", None));
    assert_eq!(reported(&error), (Reason::Credentials, Some("28000")), "{error}");
    // A wrong password is reported as such, whichever of the two attempts it was.
    let mut wrong = at(&server, "127.0.0.1", "prefer", None);
    wrong.password = Some(manage::settings::Secret::new("hunter2"));
    assert_eq!(reported(&refused(&wrong)), (Reason::Credentials, Some("28P01")));
}

#[case(on_each_tls_server)]
fn a_file_that_is_missing_or_broken_is_named(backend: Backend) {
    let (server, tls) = encrypting(backend);
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        std::fs::write(folder.path().join(name), content).expect("a file");
        folder.path().join(name)
    };
    let pem = |content: &str| format!("-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n");
    let key = std::fs::read_to_string(tls.key()).expect("a key");
    let secret = key.lines().nth(1).expect("its first line").to_owned();
    let files = [
        folder.path().join("missing.pem"),
        folder.path().to_owned(),
        file("empty.pem", ""),
        file("text.pem", "neither PEM nor anything"),
        file("nonsense.pem", &pem("bm9uc2Vuc2U=")),
        file("cut.pem", &pem("bm9uc2Vuc2U=").replace("-----END CERTIFICATE-----\n", "")),
        file("garbled.pem", &pem("%%%%")),
        file("key.pem", &key),
    ];
    for path in &files {
        for mode in ["require", "verify-ca", "verify-full"] {
            let error = refused(&at(&server, "localhost", mode, Some(path)));
            assert_eq!(error.reason, Reason::Configuration, "{}: {error:?}", path.display());
            assert!(error.to_string().contains(text(path)), "{error}");
            assert!(!error.to_string().contains(&secret), "a key shows: {error}");
        }
        // Who verifies nothing reads nothing.
        connects(&at(&server, "localhost", "prefer", Some(path)), true);
    }
    for (cert, key) in [(Some(tls.certificate()), None), (None, Some(tls.key()))] {
        let mut half = at(&server, "localhost", "require", None);
        half.tls.client_cert = cert.map(Path::to_owned);
        half.tls.client_key = key.map(Path::to_owned);
        assert_eq!(half.tls.mode, SslMode::Require);
        let error = refused(&half);
        assert_eq!(error.reason, Reason::Configuration, "{error:?}");
        assert!(error.to_string().contains("is set and"), "{error}");
    }
    let mut both = at(&server, "localhost", "require", None);
    (both.tls.client_cert, both.tls.client_key) = (Some(files[2].clone()), Some(tls.key().to_owned()));
    assert!(refused(&both).to_string().contains(text(&files[2])));
    (both.tls.client_cert, both.tls.client_key) =
        (Some(tls.certificate().to_owned()), Some(files[3].clone()));
    assert!(refused(&both).to_string().contains(text(&files[3])));
}
