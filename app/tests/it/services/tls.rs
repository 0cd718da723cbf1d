//! HTTPS: whom to trust, by `openssl s_server`.

use manage_test_support::{Need, Program, Redis, Running, Tls, case, free_port, needs, wait_until};

use super::{LONG, answering_plainly, says, waiter};

struct Server {
    _running: Running,
    port: u16,
}

fn server(tls: &Tls, certificate: &std::path::Path) -> Server {
    server_with(certificate, tls.key(), &[])
}

fn server_with(certificate: &std::path::Path, key: &std::path::Path, options: &[&str]) -> Server {
    let port = free_port();
    let running = Program::new("openssl")
        .args(["s_server", "-quiet", "-www", "-accept", &format!("127.0.0.1:{port}"), "-cert"])
        .arg(certificate)
        .arg("-key")
        .arg(key)
        .args(options)
        .spawn();
    wait_until(LONG, "openssl listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    Server { _running: running, port }
}

fn tls() -> (tempfile::TempDir, Tls) {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = Tls::in_folder(folder.path()).expect("certificates");
    (folder, tls)
}

#[case(needs(Need::Program("openssl")))]
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
                    let ran = says(ran.expect_code(78), "o trusted TLS connection could be established");
                    let _ = says(ran, words);
                }
            }
        }
    }
}

#[case(needs(Need::Program("openssl")))]
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

#[case(needs(Need::Program("openssl")))]
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

fn openssl(folder: &std::path::Path, line: &str) {
    let output = std::process::Command::new("openssl").args(line.split(' ')).current_dir(folder).output();
    let output = output.expect("openssl");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Certificates as the manuals of servers make them.
#[case(needs(Need::Program("openssl")))]
fn certificates_made_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let make = |line: &str| openssl(folder, line);
    let own = "req -new -x509 -days 365 -nodes -text -out server.crt -keyout server.key -subj /CN=localhost";
    let first_version = [
        "req -new -nodes -out server.csr -keyout server.key -subj /CN=localhost",
        "x509 -req -in server.csr -days 365 -signkey server.key -out server.crt",
    ];
    let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
    let ask = |server: &Server, host: &str, trusted: &std::path::Path| {
        let url = format!("https://{host}:{}/", server.port);
        waiter(&url, &["--fail-fast-after", "0"])
            .env_remove("SSL_CERT_DIR")
            .env("SSL_CERT_FILE", trusted)
            .run(LONG)
    };
    for lines in [&[own][..], &first_version] {
        lines.iter().for_each(|line| make(line));
        // Each version of the protocol has its own way to prove that the key is there.
        for options in [&[][..], &["-tls1_2"]] {
            let server = server_with(&certificate, &key, options);
            ask(&server, "localhost", &certificate).expect_success();
            let ran = ask(&server, "127.0.0.1", &certificate).expect_code(78);
            says(ran, "not valid for name 127.0.0.1; it is for localhost");
        }
    }
    make(
        "req -new -x509 -days 365 -newkey rsa:1024 -nodes -out server.crt -keyout server.key -subj /CN=localhost",
    );
    let server = server_with(&certificate, &key, &["-cipher", "DEFAULT@SECLEVEL=0"]);
    let ran = says(ask(&server, "localhost", &certificate).expect_code(78), "1024 bits, which is too weak");
    says(ran, "Make a key of 2048 bits");
}

#[case(needs(Need::Redis))]
fn redis_with_a_certificate_that_is_itself_trusted() {
    let server = Redis::prepare(&["requirepass hunter3"], true);
    let tls = server.tls().expect("certificates");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(tls.key(), folder.path().join("server.key")).expect("a key");
    openssl(folder.path(), "req -new -x509 -days 365 -key server.key -out server.crt -subj /CN=localhost");
    std::fs::write(tls.certificate(), std::fs::read(folder.path().join("server.crt")).expect("a file"))
        .expect("a file");
    server.start_again();
    let url = format!("rediss://:hunter3@localhost:{}", server.port());
    let ask = |trusted: &std::path::Path| {
        waiter(&url, &["--fail-fast-after", "0"])
            .env_remove("SSL_CERT_DIR")
            .env("SSL_CERT_FILE", trusted)
            .run(LONG)
    };
    ask(tls.certificate()).expect_success();
    says(ask(tls.ca()).expect_code(78), "an authority, and not itself among the trusted ones");
}
