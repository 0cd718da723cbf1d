//! A man in the middle of a connection to PostgreSQL, where `sslmode=require` verifies nobody: a log-in that
//! is bound to the encrypted channel (SCRAM-SHA-256-PLUS) finds him.

use std::time::Duration;

use manage_test_support::hostile::Hostile;
use manage_test_support::hostile::middle::{Case, Middle};
use manage_test_support::{Need, Postgres, Program, Transcript, case, needs};

const LONG: Duration = Duration::from_secs(60);
const PASSWORD: &str = "right-Passw0rd";

struct Scene {
    server: Postgres,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let server = Postgres::builder().tls().start().expect("PostgreSQL");
        server.execute(&format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"));
        server.execute("CREATE DATABASE app OWNER app");
        Self { server, folder: tempfile::tempdir().expect("a folder") }
    }

    fn middle(&self, case: Case) -> Hostile {
        Hostile::start(Middle { case, server: self.server.port() })
    }

    fn url(port: u16, parameters: &str) -> String {
        format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/app?{parameters}")
    }

    fn manage(&self, url: &str, words: &str) -> Program {
        let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(self.folder.path());
        program.env("DATABASE_URL", url).args(words.split(' '))
    }

    fn psql(&self, url: &str) -> Transcript {
        self.server.psql().args([url, "-c", "SELECT 1"]).run(LONG)
    }

    /// The program and `psql` both refuse.
    #[track_caller]
    fn refuses(&self, url: &str, words: &str) {
        let once = self.manage(url, "wait_for_db --once --format json").run(LONG).expect_code(78);
        assert!(once.to_string().contains("\"reason\":\"credentials\""), "{once}");
        for transcript in [
            once,
            self.manage(url, "wait_for_db --timeout 20 --fail-fast-after 0").run(LONG).expect_code(78),
            self.manage(url, "showmigrations").run(LONG).expect_code(1),
            self.psql(url).expect_code(2),
        ] {
            let text = format!("{}{}", transcript.stdout, transcript.stderr);
            assert!(text.contains(words) && !text.contains(PASSWORD), "expected “{words}”:\n{text}");
        }
    }

    #[track_caller]
    fn lets_in(&self, url: &str) {
        self.manage(url, "wait_for_db --once").run(LONG).expect_success();
        self.manage(url, "showmigrations").run(LONG).expect_success();
        self.psql(url).expect_success();
    }
}

/// What the server says whose certificate is not the one that the client saw.
const MISMATCH: &str = "SCRAM channel binding check failed";

#[case(needs(Need::PostgresTls))]
fn every_command_refuses_him() {
    let scene = Scene::new();
    let middle = scene.middle(Case::Relay);
    for parameters in ["sslmode=require", "sslmode=require&channel_binding=require"] {
        scene.refuses(&Scene::url(middle.port(), parameters), MISMATCH);
    }
    let url = Scene::url(middle.port(), "sslmode=require");
    for (words, code) in [
        ("migrate", 1),
        ("check --database default", 1),
        ("wait_for_db --once --migrations", 78),
        ("delete_drafts", 1),
    ] {
        let refused = scene.manage(&url, words).run(LONG).expect_code(code);
        assert!(refused.to_string().contains(MISMATCH), "{refused}");
    }
    // The server for development starts without its database, and says why.
    let mut serving = scene.manage(&url, "runserver --noreload 0").spawn();
    serving.wait_for_line(MISMATCH, LONG);
    assert!(!middle.has_received(PASSWORD));
}

#[case(needs(Need::PostgresTls))]
fn the_server_itself_is_let_in() {
    let scene = Scene::new();
    for binding in ["disable", "prefer", "require"] {
        let parameters = format!("sslmode=require&channel_binding={binding}");
        scene.lets_in(&Scene::url(scene.server.port(), &parameters));
    }
    scene.lets_in(&Scene::url(scene.server.port(), "sslmode=disable"));
}

#[case(needs(Need::PostgresTls))]
fn who_strips_the_offer_is_refused() {
    let scene = Scene::new();
    let middle = scene.middle(Case::StripPlus);
    let url = Scene::url(middle.port(), "sslmode=require");
    scene.refuses(&url, "SCRAM channel binding negotiation error");
    let url = Scene::url(middle.port(), "sslmode=require&channel_binding=require");
    for transcript in [
        scene.manage(&url, "wait_for_db --once").run(LONG).expect_code(78),
        scene.manage(&url, "showmigrations").run(LONG).expect_code(1),
    ] {
        assert!(transcript.to_string().contains("did not bind the login"), "{transcript}");
    }
    scene.psql(&url).expect_code(2);
}

/// As with libpq: without `channel_binding=require` a log-in without such an offer is taken, since servers
/// without TLS behind a pooler have none; and a password is sent over TLS to any server that asks for it.
#[case(needs(Need::PostgresTls))]
fn what_require_does_not_promise() {
    let scene = Scene::new();
    let middle = scene.middle(Case::PlainServer);
    scene.lets_in(&Scene::url(middle.port(), "sslmode=require"));
    assert!(!middle.has_received(PASSWORD));
    scene.lets_in(&Scene::url(scene.middle(Case::RefuseTls).port(), "sslmode=prefer"));
    let middle = scene.middle(Case::AskCleartext);
    let url = Scene::url(middle.port(), "sslmode=require");
    scene.manage(&url, "wait_for_db --once").run(LONG).expect_code(1);
    assert!(middle.has_received(PASSWORD));
}

#[case(needs(Need::PostgresTls))]
fn channel_binding_require_promises_it() {
    let scene = Scene::new();
    for case in [Case::PlainServer, Case::RefuseTls, Case::AskCleartext] {
        let middle = scene.middle(case);
        for mode in ["require", "prefer"] {
            let url = Scene::url(middle.port(), &format!("sslmode={mode}&channel_binding=require"));
            let once = scene.manage(&url, "wait_for_db --once").run(LONG).expect_code(78);
            assert!(!once.to_string().contains(PASSWORD), "{once}");
            scene.manage(&url, "showmigrations").run(LONG).expect_code(1);
            scene.psql(&url).expect_code(2);
        }
        assert!(!middle.has_received(PASSWORD), "{case:?}");
    }
}
