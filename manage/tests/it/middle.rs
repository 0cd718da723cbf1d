//! A man in the middle of a connection to PostgreSQL: every way to open one refuses him, as `sslmode=require`
//! alone would not.

use diesel::r2d2::{ConnectionManager, ManageConnection as _};
use manage::database::{Connection, Pool, PostgresConnection, Reason, probe};
use manage_test_support::hostile::Hostile;
use manage_test_support::hostile::middle::{Case, Middle};
use manage_test_support::{Need, PgBouncer, Postgres, Tls, case, needs};

use crate::backends::{LONG, settings};

#[case(needs(Need::PostgresTls))]
fn every_way_to_connect_refuses_him() {
    let server = Postgres::builder().tls().start().expect("PostgreSQL");
    for case in [Case::Relay, Case::StripPlus] {
        let middle = Hostile::start(Middle { case, server: server.port() });
        let url =
            server.url("postgres").replace(&format!(":{}/", server.port()), &format!(":{}/", middle.port()));
        let settings = settings(&format!("{url}?sslmode=require"));
        let pool = Pool::new(settings.clone(), 1);
        for error in [
            probe(&settings, LONG).expect_err("a probe"),
            Connection::open(&settings).map(drop).expect_err("a connection"),
            PostgresConnection::open(&settings).map(drop).expect_err("a connection to PostgreSQL"),
            pool.get().map(drop).expect_err("a connection of a pool"),
        ] {
            assert_eq!(
                (error.reason, error.code.as_deref()),
                (Reason::Credentials, Some("28000")),
                "{error}"
            );
            assert!(error.to_string().contains("SCRAM channel binding"), "{error}");
        }
        let by_url = ConnectionManager::<PostgresConnection>::new(settings.url().expose());
        let error = by_url.connect().map(drop).expect_err("a connection of r2d2's");
        assert!(error.to_string().contains("SCRAM channel binding"), "{error}");
        assert!(!middle.has_received(server.password()));
    }
}

/// PgBouncer offers TLS, and no log-in that is bound to it.
#[case(needs(Need::PgBouncer))]
fn a_pooler_with_tls_is_let_in() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let server = Postgres::start().expect("PostgreSQL");
    let folder = tempfile::tempdir().expect("a folder");
    let tls = Tls::in_folder(folder.path()).expect("a certificate");
    // It may run as another user.
    set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder for everybody");
    set_permissions(tls.key(), Permissions::from_mode(0o644)).expect("a key for everybody");
    let lines = [
        "client_tls_sslmode = require".to_owned(),
        format!("client_tls_key_file = {}", tls.key().display()),
        format!("client_tls_cert_file = {}", tls.certificate().display()),
    ];
    let pooler = PgBouncer::start(&server, &lines.each_ref().map(String::as_str)).expect("PgBouncer");
    let url = pooler.url("postgres");
    for binding in ["prefer", "disable"] {
        let settings = settings(&format!("{url}?sslmode=require&channel_binding={binding}"));
        probe(&settings, LONG).expect("ready");
        drop(Connection::open(&settings).expect("a connection"));
    }
    let bound = settings(&format!("{url}?sslmode=require&channel_binding=require"));
    for error in [
        probe(&bound, LONG).expect_err("a probe"),
        Connection::open(&bound).map(drop).expect_err("a connection"),
    ] {
        assert_eq!(error.reason, Reason::Credentials, "{error}");
        assert!(error.to_string().contains("did not bind the login"), "{error}");
    }
}
