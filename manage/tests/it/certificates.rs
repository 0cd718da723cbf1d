//! Servers' certificates as people make them with `openssl`, and what is said of those that are not accepted.

use std::path::{Path, PathBuf};
use std::process::Command;

use manage::database::{Connection, Reason};
use manage_test_support::{Backend, DatabaseServer, Tls, case};

use crate::backends::{on_each_tls_server, project, refused, settings, text, with};
use crate::tls::encrypting;

/// A server whose certificate is changed while it is down.
struct Certified {
    server: DatabaseServer,
    tls: Tls,
    folder: tempfile::TempDir,
}

impl Certified {
    fn new(backend: Backend) -> Self {
        let (server, tls) = encrypting(backend);
        Self { server, tls, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, line: &str) {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(self.folder.path()).output();
        let output = output.expect("openssl");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes a certificate as PostgreSQL's manual does, with more options.
    fn manual(&self, options: &str) -> PathBuf {
        let line = "req -new -x509 -days 365 -nodes -text -out server.crt -keyout server.key -subj";
        self.openssl(&format!("{line} {options}"));
        self.path("server.crt")
    }

    /// Gives the server this certificate, and its key if there is another one. The files keep their owner.
    fn give(&self, certificate: &Path, key: Option<&Path>) {
        self.server.stop();
        let copy = |from: &Path, to: &Path| {
            std::fs::write(to, std::fs::read(from).expect("a file")).expect("a file")
        };
        if let Some(key) = key {
            copy(key, self.tls.key());
        }
        let keep = self.path("given.crt");
        copy(certificate, &keep);
        copy(&keep, self.tls.certificate());
        self.server.start_again();
    }

    fn settings(&self, host: &str, mode: &str, root: &Path) -> manage::settings::DatabaseSettings {
        let database = if matches!(self.server, DatabaseServer::Postgres(_)) { "postgres" } else { "mysql" };
        let url = self.server.url_as(host, self.server.user(), self.server.password(), database);
        settings(&with(&with(&url, "sslmode", mode), "sslrootcert", text(root)))
    }

    #[track_caller]
    fn accepts(&self, host: &str, mode: &str, root: &Path) {
        let settings = self.settings(host, mode, root);
        let mut connection =
            Connection::open(&settings).unwrap_or_else(|error| panic!("{host} {mode}: {error}"));
        assert!(connection.server_version().is_ok());
        // What is sent after the login is long, and comes back whole.
        let long = format!("'{}'", "x".repeat(300_000));
        let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>(&long));
        let answer: String = diesel::RunQueryDsl::get_result(query, &mut connection).expect("an answer");
        assert_eq!(answer.len(), 300_000);
        manage::database::probe(&settings, crate::backends::LONG).unwrap_or_else(|error| panic!("{error}"));
    }

    #[track_caller]
    fn refuses(&self, host: &str, mode: &str, root: &Path, words: &[&str]) {
        let error = refused(&self.settings(host, mode, root));
        assert_eq!(error.reason, Reason::Tls, "{host} {mode}: {error:?}");
        let reported = format!("{error}\n{}", error.hint.clone().unwrap_or_default());
        for words in words {
            assert!(reported.contains(words), "{words:?} is missing in: {reported}");
        }
        assert!(error.hint.is_some(), "no remedy: {error}");
        for debug in ["Other(", "Error(", "Context", "UnixTime", "CaUsed", "DnsName", "{"] {
            assert!(!reported.contains(debug), "{debug:?} in: {reported}");
        }
    }
}

#[case(on_each_tls_server)]
fn a_certificate_that_is_itself_trusted(backend: Backend) {
    let certified = Certified::new(backend);
    let (ca, key) = (certified.tls.ca().to_owned(), certified.path("server.key"));

    // An authority's certificate for one name, as the manual makes it, with no name but the common one.
    let own = certified.manual("/CN=localhost");
    certified.give(&own, Some(&key));
    for mode in ["require", "verify-ca", "verify-full"] {
        certified.accepts("localhost", mode, &own);
    }
    // A refusal by the server is reported as such, also by a waiter.
    let mut wrong = certified.settings("localhost", "verify-full", &own);
    wrong.password = Some(manage::settings::Secret::new("hunter2"));
    for _ in 0..5 {
        assert_eq!(refused(&wrong).reason, Reason::Credentials);
    }
    let right = certified.settings("localhost", "verify-full", &own);
    let ran = project(right.url().expose()).run("wait_for_db --stable-for 0.3");
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    let ran = project(wrong.url().expose()).run("wait_for_db --fail-fast-after 0");
    assert!(ran.exit.0 == 78 && ran.err.contains("refuses the password"), "{}", ran.all());
    certified.accepts("127.0.0.1", "verify-ca", &own);
    certified.refuses(
        "127.0.0.1",
        "verify-full",
        &own,
        &["not valid for name 127.0.0.1; it is for localhost"],
    );
    for mode in ["require", "verify-ca", "verify-full"] {
        certified.refuses(
            "localhost",
            mode,
            &ca,
            &["an authority, and not itself among the trusted ones", text(&ca)],
        );
    }
    // Another one of the same name and the same key is another one.
    certified.openssl("req -new -x509 -days 365 -key server.key -out again.crt -subj /CN=localhost");
    certified.refuses(
        "localhost",
        "verify-ca",
        &certified.path("again.crt"),
        &["an authority, and not itself"],
    );
    // One of several.
    let both = certified.path("both.pem");
    let texts = [&ca, &own].map(|path| std::fs::read_to_string(path).expect("a file"));
    std::fs::write(&both, texts.concat()).expect("a file");
    certified.accepts("localhost", "verify-full", &both);

    // With names in the extension, the common name is none.
    let named = certified.manual("/CN=db -addext subjectAltName=DNS:localhost,IP:127.0.0.1");
    certified.give(&named, Some(&key));
    certified.accepts("localhost", "verify-full", &named);
    certified.accepts("127.0.0.1", "verify-full", &named);
    let elsewhere = certified.manual("/CN=localhost -addext subjectAltName=DNS:a.example,DNS:b.example");
    certified.give(&elsewhere, Some(&key));
    certified.accepts("localhost", "verify-ca", &elsewhere);
    certified.refuses(
        "localhost",
        "verify-full",
        &elsewhere,
        &["not valid for name localhost; it is for a.example, b.example"],
    );
    let no_name = certified.manual("/O=example");
    certified.give(&no_name, Some(&key));
    certified.accepts("localhost", "verify-ca", &no_name);
    certified.refuses("localhost", "verify-full", &no_name, &["it is for no name at all"]);
}

#[case(on_each_tls_server)]
fn certificates_of_the_first_version(backend: Backend) {
    let certified = Certified::new(backend);
    let key = certified.path("server.key");
    // By itself, and by an authority as PostgreSQL's manual does it: neither has extensions.
    certified.openssl("req -new -nodes -text -out server.csr -keyout server.key -subj /CN=localhost");
    certified.openssl("x509 -req -in server.csr -text -days 365 -signkey server.key -out alone.crt");
    certified.openssl("req -new -x509 -days 365 -nodes -out root.crt -keyout root.key -subj /CN=root");
    certified
        .openssl("req -new -x509 -days 365 -nodes -out stranger.crt -keyout stranger.key -subj /CN=root");
    certified.openssl("x509 -req -in server.csr -text -days 365 -CA root.crt -CAkey root.key -CAcreateserial -out signed.crt");
    let (alone, signed, root) =
        (certified.path("alone.crt"), certified.path("signed.crt"), certified.path("root.crt"));
    for (given, trusted) in [(&alone, &alone), (&signed, &root), (&signed, &signed)] {
        certified.give(given, Some(&key));
        for mode in ["require", "verify-ca", "verify-full"] {
            certified.accepts("localhost", mode, trusted);
        }
        certified.refuses("127.0.0.1", "verify-full", trusted, &["not valid for name"]);
        // Signed by another one of the same name.
        certified.refuses(
            "localhost",
            "verify-ca",
            &certified.path("stranger.crt"),
            &["signed by no authority"],
        );
    }
    // No authority is trusted.
    let mut any = certified.settings("localhost", "require", &root);
    any.tls.root_cert = None;
    Connection::open(&any).unwrap_or_else(|error| panic!("{error}"));
}

#[case(on_each_tls_server)]
fn each_that_is_refused_is_reported_in_a_sentence(backend: Backend) {
    let certified = Certified::new(backend);
    let tls = certified.tls.clone();
    let (ca, expired) = (tls.ca().to_owned(), tls.expired().to_owned());
    let own_key = std::fs::read(tls.key()).expect("a key");
    certified.refuses(
        "localhost",
        "verify-full",
        tls.untrusted_ca(),
        &["signed by no authority that is trusted here", "untrusted-ca.pem"],
    );
    certified.give(&expired, None);
    certified.refuses(
        "localhost",
        "verify-full",
        &ca,
        &["expired on 2002-01-01 00:00 UTC", "The clock here says 20"],
    );
    // Also where it is itself trusted.
    certified.refuses("localhost", "verify-ca", &expired, &["expired on 2002-01-01 00:00 UTC"]);
    certified.give(tls.other_name(), None);
    certified.refuses(
        "localhost",
        "verify-full",
        &ca,
        &["not valid for name localhost; it is for elsewhere.example"],
    );
    assert_eq!(std::fs::read(tls.key()).expect("a key"), own_key);

    let client = certified.manual("/CN=localhost -addext extendedKeyUsage=clientAuth");
    certified.give(&client, Some(&certified.path("server.key")));
    certified.refuses("localhost", "verify-ca", &client, &["not for servers"]);
    // Signed by an authority of the same name with another key.
    certified.openssl("req -new -x509 -days 365 -nodes -out root.crt -keyout root.key -subj /CN=root");
    certified
        .openssl("req -new -x509 -days 365 -nodes -out stranger.crt -keyout stranger.key -subj /CN=root");
    certified.openssl("req -new -nodes -out server.csr -keyout server.key -subj /CN=localhost");
    std::fs::write(certified.path("names"), "subjectAltName=DNS:localhost\n").expect("a file");
    certified.openssl("x509 -req -in server.csr -days 365 -CA root.crt -CAkey root.key -CAcreateserial -extfile names -out signed.crt");
    certified.give(&certified.path("signed.crt"), Some(&certified.path("server.key")));
    certified.accepts("localhost", "verify-full", &certified.path("root.crt"));
    certified.refuses(
        "localhost",
        "verify-full",
        &certified.path("stranger.crt"),
        &["signature of the server's certificate is wrong"],
    );
    // Signed by a certificate that is not an authority's.
    certified.openssl("x509 -req -in server.csr -days 365 -CA signed.crt -CAkey server.key -CAcreateserial -extfile names -out below.crt");
    let chain = certified.path("chain.crt");
    let texts = ["below.crt", "signed.crt"]
        .map(|name| std::fs::read_to_string(certified.path(name)).expect("a file"));
    std::fs::write(&chain, texts.concat()).expect("a file");
    certified.give(&chain, None);
    certified.refuses("localhost", "verify-full", &certified.path("root.crt"), &["server's certificate"]);
}
