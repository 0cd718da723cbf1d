//! Servers that speak TLS, asked by clients that verify them.

use std::path::Path;
use std::time::Duration;

use manage_test_support::{MariaDb, Need, Postgres, Program, case, needs};

#[case(needs(Need::PostgresTls))]
fn postgres_is_verified() {
    let server =
        Postgres::builder().tls().hba(["hostssl all all 127.0.0.1/32 scram-sha-256"]).start().unwrap();
    let tls = server.tls().unwrap();
    let client = |host: &str, mode: &str, ca: &Path| {
        let url = server.url_as(host, server.user(), server.password(), "postgres");
        Program::new("psql")
            .env("PGSSLMODE", mode)
            .env("PGSSLROOTCERT", ca)
            .args(["-X", "-A", "-t", "-c"])
            .args(["SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &url])
            .run(Duration::from_secs(10))
    };
    for host in ["localhost", "127.0.0.1"] {
        let answer = client(host, "verify-full", tls.ca()).expect_success();
        assert!(answer.stdout.starts_with("TLSv1."), "{answer}");
    }
    let answer = client("localhost", "verify-full", tls.untrusted_ca()).expect_code(2);
    assert!(answer.stderr.contains("certificate verify failed"), "{answer}");
    let answer = client("localhost", "disable", tls.ca()).expect_code(2);
    assert!(answer.stderr.contains("no encryption"), "{answer}");
}

#[case(needs(Need::MariaDb))]
fn mariadb_is_verified() {
    let server = MariaDb::builder().tls().setting("require-secure-transport = ON").start().unwrap();
    let tls = server.tls().unwrap();
    let client = |tls: &[String]| {
        Program::new("mariadb")
            .args(["--no-defaults", "--default-character-set=utf8mb4", "--protocol=tcp", "--host=localhost"])
            .args([format!("--port={}", server.port()), format!("--user={}", server.user())])
            .arg(format!("--password={}", server.password()))
            .args(tls)
            .args(["--execute", "SHOW STATUS LIKE 'Ssl_version'"])
            .run(Duration::from_secs(10))
    };
    let verified =
        |ca: &Path| client(&["--ssl-verify-server-cert".into(), format!("--ssl-ca={}", ca.display())]);
    let answer = verified(tls.ca()).expect_success();
    assert!(answer.stdout.contains("TLSv1."), "{answer}");
    let answer = verified(tls.untrusted_ca()).expect_code(1);
    assert!(answer.stderr.contains("ertificate"), "{answer}");
    client(&["--skip-ssl".into()]).expect_code(1);
}
