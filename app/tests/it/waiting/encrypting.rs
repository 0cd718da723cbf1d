//! TLS: what the client demands, what the server has, and certificates that do not fit.

use std::path::Path;

use manage_test_support::{Backend, CaseName, DatabaseServer, MariaDb, Postgres, Suite, Tls, case};

use super::bench::{Wait, own_url, with};
use super::{on_both, on_mariadb, on_postgres_with_tls};

fn on_both_with_tls(suite: &mut Suite, name: &CaseName, case: fn(Backend)) {
    on_postgres_with_tls(suite, name, move || case(Backend::Postgres));
    on_mariadb(suite, name, move || case(Backend::MariaDb));
}

#[case(on_both)]
fn a_server_without_it(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let url = own_url(&server);
    for mode in ["disable", "prefer"] {
        Wait::new(&with(&url, &format!("sslmode={mode}")), "--fail-fast-after 0").end().ready();
    }
    Wait::new(&with(&url, "sslmode=require"), "--fail-fast-after 0").end().misconfigured("tls", "");
    Wait::new(&with(&url, "sslmode=require"), "--once").end().misconfigured("tls", "");
    // A server of MySQL's blocks a host that has broken off a hundred greetings.
    let ended = Wait::new(&with(&url, "sslmode=require"), "--timeout 30").end().misconfigured("tls", "");
    assert!(ended.attempts() < 40, "{}", ended.transcript);
    Wait::new(&with(&url, "sslmode=require"), "--timeout 2 --fail-fast-after never")
        .end()
        .failed(124, "tls", "", false);
}

/// The driver leaves a server without encryption at its greeting, which the server's log has. Once is enough
/// to know it.
#[case(on_mariadb)]
fn prefer_without_it_costs_one_complaint() {
    let server = DatabaseServer::start(Backend::MariaDb);
    let ended = Wait::new(&own_url(&server), "--stable-for 0.8").end().ready();
    assert!(ended.attempts() >= 3, "{}", ended.transcript);
    assert!(server.log().matches("Aborted connection").count() <= 1, "{}", server.log());
}

/// A server's certificate is for `localhost` and 127.0.0.1; this is a third way to it.
const ANOTHER_NAME: &str = "0.0.0.0";

fn prepare(backend: Backend) -> (DatabaseServer, Tls) {
    let server = match backend {
        Backend::Postgres => {
            let rules = ["hostssl all all 127.0.0.1/32 scram-sha-256"];
            DatabaseServer::Postgres(Postgres::builder().tls().hba(rules).prepare().unwrap())
        }
        _ => DatabaseServer::MariaDb(
            MariaDb::builder().tls().setting("require_secure_transport = ON").prepare().unwrap(),
        ),
    };
    let tls = server.tls().expect("certificates").clone();
    (server, tls)
}

fn url(server: &DatabaseServer, host: &str, mode: &str, ca: Option<&Path>) -> String {
    let url = server.url_as(host, server.user(), server.password(), server.own_database());
    let url = with(&url, &format!("sslmode={mode}"));
    match ca {
        Some(ca) => with(&url, &format!("sslrootcert={}", ca.display())),
        None => url,
    }
}

#[case(on_both_with_tls)]
fn a_server_that_demands_it(backend: Backend) {
    let (server, _) = prepare(backend);
    server.start_again();
    for mode in ["prefer", "require"] {
        Wait::new(&url(&server, "127.0.0.1", mode, None), "--fail-fast-after 0").end().ready();
    }
    // MariaDB has no number of its own for it, and says that the login is wrong.
    let code = if backend == Backend::Postgres { "28000" } else { "1045" };
    let plain = url(&server, "127.0.0.1", "disable", None);
    Wait::new(&plain, "--fail-fast-after 0").end().misconfigured("credentials", code);
}

#[case(on_both_with_tls)]
fn each_mode_and_certificate(backend: Backend) {
    let (server, tls) = prepare(backend);
    server.start_again();
    let (right, other) = (Some(tls.ca()), Some(tls.untrusted_ca()));
    for (host, mode, ca, is_ready) in [
        ("127.0.0.1", "require", None, true),
        ("127.0.0.1", "require", right, true),
        ("127.0.0.1", "require", other, false),
        ("127.0.0.1", "verify-ca", right, true),
        (ANOTHER_NAME, "verify-ca", right, true),
        ("127.0.0.1", "verify-ca", other, false),
        ("localhost", "verify-full", right, true),
        ("127.0.0.1", "verify-full", right, true),
        (ANOTHER_NAME, "verify-full", right, false),
        ("localhost", "verify-full", other, false),
    ] {
        let ended = Wait::new(&url(&server, host, mode, ca), "--fail-fast-after 0").end();
        if is_ready {
            ended.ready()
        } else {
            ended.misconfigured("tls", "")
        };
    }
    // No file of authorities: the self-signed one is not among those of the machine, which may have none at
    // all.
    let unknown = Wait::new(&url(&server, "localhost", "verify-full", None), "--fail-fast-after 0").end();
    assert_eq!(unknown.transcript.code(), Some(78), "{}", unknown.transcript);
}

#[case(on_both_with_tls)]
fn a_certificate_that_has_expired(backend: Backend) {
    let (server, tls) = prepare(backend);
    std::fs::copy(tls.expired(), tls.certificate()).expect("a certificate");
    server.start_again();
    for mode in ["verify-ca", "verify-full"] {
        let expired = url(&server, "localhost", mode, Some(tls.ca()));
        let ended = Wait::new(&expired, "--fail-fast-after 0").end().misconfigured("tls", "");
        ended.says("expired");
    }
    // Who verifies nothing is not kept out.
    Wait::new(&url(&server, "localhost", "require", None), "--fail-fast-after 0").end().ready();
}
