//! HTTPS: whom to trust, by `openssl s_server`.

use manage_test_servers::{Need, Program, Running, Suite, Tls, free_port, wait_until};

use super::{LONG, answering_plainly, says, waiter};

pub(super) fn add(suite: &mut Suite) {
    suite.needs(Need::Program("openssl"), "services::tls::certificates", certificates);
    suite.needs(Need::Program("openssl"), "services::tls::authorities", authorities);
    suite.needs(Need::Program("openssl"), "services::tls::one_side_without_tls", one_side_without_tls);
}

struct Server {
    _running: Running,
    port: u16,
}

fn server(tls: &Tls, certificate: &std::path::Path) -> Server {
    let port = free_port();
    let running = Program::new("openssl")
        .args(["s_server", "-quiet", "-www", "-accept", &format!("127.0.0.1:{port}"), "-cert"])
        .arg(certificate)
        .arg("-key")
        .arg(tls.key())
        .spawn();
    wait_until(LONG, "openssl listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    Server { _running: running, port }
}

fn tls() -> (tempfile::TempDir, Tls) {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = Tls::in_folder(folder.path()).expect("certificates");
    (folder, tls)
}

fn certificates() {
    let (_folder, tls) = tls();
    for (certificate, words) in [
        (tls.certificate(), None),
        (tls.expired(), Some("expired")),
        (tls.other_name(), Some("not valid for name")),
        (tls.self_signed(), Some("certificate")),
    ] {
        let server = server(&tls, certificate);
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{}/", server.port);
            let ran = waiter(&url, &["--fail-fast-after", "0"]).env("SSL_CERT_FILE", tls.ca()).run(LONG);
            match words {
                None => assert!(ran.expect_success().stdout.contains("HTTP 200 at ")),
                Some(words) => {
                    let ran = says(ran.expect_code(78), "o trusted, encrypted connection could be made");
                    let _ = says(ran, words);
                }
            }
        }
    }
}

fn authorities() {
    let (folder, tls) = tls();
    let server = server(&tls, tls.certificate());
    let url = format!("https://localhost:{}/", server.port);
    let with = |file: &std::path::Path| {
        waiter(&url, &["--fail-fast-after", "0"])
            .env_remove("SSL_CERT_DIR")
            .env("SSL_CERT_FILE", file)
            .run(LONG)
    };
    says(with(tls.untrusted_ca()).expect_code(78), "signed by no authority that is trusted here");
    let nonsense = folder.path().join("nonsense.pem");
    std::fs::write(&nonsense, "no certificate at all").expect("a file");
    let ran = says(with(&nonsense).expect_code(78), "no authority is trusted here");
    says(ran, "Hint: Install `ca-certificates`, or set SSL_CERT_FILE to a file");
    says(with(&folder.path().join("missing.pem")).expect_code(78), "missing.pem, which SSL_CERT_FILE names");
    // A file of authorities that is mounted a little later.
    let late = folder.path().join("late.pem");
    let mut running = waiter(&url, &["--fail-fast-after", "never"])
        .env_remove("SSL_CERT_DIR")
        .env("SSL_CERT_FILE", &late)
        .spawn();
    running.wait_for_line("which SSL_CERT_FILE names", LONG);
    std::fs::copy(tls.ca(), folder.path().join("copy.pem")).expect("a copy");
    std::fs::rename(folder.path().join("copy.pem"), &late).expect("a file");
    running.wait(LONG).expect_success();
}

fn one_side_without_tls() {
    let (_folder, tls) = tls();
    let server = server(&tls, tls.certificate());
    let wait = |url: &str| {
        let options = ["--fail-fast-after", "0", "--attempt-timeout", "1"];
        waiter(url, &options).env("SSL_CERT_FILE", tls.ca()).run(LONG)
    };
    let ran = wait(&format!("http://localhost:{}/", server.port)).expect_code(78);
    says(says(ran, "a server that speaks TLS answers"), "With TLS the scheme is `https`.");
    let plain = answering_plainly();
    let ran = wait(&format!("https://127.0.0.1:{plain}/")).expect_code(78);
    says(says(ran, "an HTTP server without TLS answers"), "Without TLS the scheme is `http`.");
}
