//! What the cases are made of: a server of either kind, a wait, and how it ended.

use std::time::Duration;

use manage::settings::{DatabaseSettings, Origin};
use manage_test_support::{
    Backend, DatabaseServer, Program, Running, Signal, Transcript, shared_mariadb, shared_postgres,
};
use serde_json::Value;

/// Only a case that fails takes so long.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// A password that is refused everywhere, and must show nowhere.
pub(super) const WRONG: &str = "hunter2-is-wrong";

/// The URL of the database that is always there.
pub(super) fn own_url(server: &DatabaseServer) -> String {
    server.url(server.own_database())
}

/// The same through a port that is not the server's.
pub(super) fn url_at(server: &DatabaseServer, port: u16) -> String {
    own_url(server).replace(&format!(":{}/", server.port()), &format!(":{port}/"))
}

/// Nobody left without a word.
#[track_caller]
pub(super) fn has_a_clean_log(server: &DatabaseServer) {
    let log = server.log();
    for complaint in [
        "incomplete startup packet",
        "invalid length of startup packet",
        "Aborted connection",
        "Got an error reading communication packets",
        "could not receive data from client",
        "unexpected EOF on client connection",
        "Connection reset by peer",
        "PANIC",
    ] {
        assert!(!log.contains(complaint), "the server complains of “{complaint}”:\n{log}");
    }
}

/// A server that cases share, and do not stop.
pub(super) fn shared_url(backend: Backend, user: &str, password: &str, database: &str) -> String {
    match backend {
        Backend::Postgres => shared_postgres().unwrap().url_as("127.0.0.1", user, password, database),
        _ => shared_mariadb().unwrap().url_as("127.0.0.1", user, password, database),
    }
}

/// A session that takes a place on the server until it drops.
#[track_caller]
pub(super) fn session(url: &str) -> manage::database::Connection {
    let settings = DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL");
    manage::database::Connection::open(&settings).unwrap_or_else(|error| panic!("{error}"))
}

/// A URL with one more parameter, whose value needs no encoding.
pub(super) fn with(url: &str, parameter: &str) -> String {
    format!("{url}{}{parameter}", if url.contains('?') { '&' } else { '?' })
}

/// A URL of this kind of database at some port of this machine.
pub(super) fn at_port(backend: Backend, port: u16) -> String {
    let scheme = if backend == Backend::Postgres { "postgres" } else { "mysql" };
    format!("{scheme}://app:{WRONG}@127.0.0.1:{port}/app")
}

/// `manage wait_for_db --format json …`, to be run.
pub(super) struct Wait {
    program: Program,
    secrets: Vec<String>,
    becomes: bool,
}

impl Wait {
    /// For the database `default`, with options that a shell would take apart at spaces.
    pub(super) fn new(url: &str, options: &str) -> Self {
        Self::bare().url("DATABASE_URL", url).words("--format json").words(options)
    }

    /// The same that speaks to people.
    pub(super) fn text(url: &str, options: &str) -> Self {
        Self::bare().url("DATABASE_URL", url).words(options)
    }

    fn bare() -> Self {
        let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(std::env::temp_dir()).arg("wait_for_db");
        Self { program, secrets: vec![WRONG.to_owned()], becomes: false }
    }

    /// Sets a variable to a URL, whose password must show nowhere.
    pub(super) fn url(mut self, variable: &str, url: &str) -> Self {
        let login = url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map(|(login, _)| login);
        if let Some((_, password)) = login.and_then(|login| login.split_once(':'))
            && password.len() > 3
        {
            let bytes = percent_decoded(password);
            self.secrets.extend([password.to_owned(), bytes]);
        }
        Self { program: self.program.env(variable, url), ..self }
    }

    fn words(self, words: &str) -> Self {
        Self { program: self.program.args(words.split_whitespace()), ..self }
    }

    /// What it becomes when all is ready.
    pub(super) fn then(self, command: &[&str]) -> Self {
        Self { program: self.program.arg("--").args(command), becomes: true, ..self }
    }

    pub(super) fn program(self) -> Program {
        self.program
    }

    pub(super) fn start(self) -> Waiting {
        Waiting { running: self.program.spawn(), secrets: self.secrets, becomes: self.becomes }
    }

    /// Runs it to its end.
    #[track_caller]
    pub(super) fn end(self) -> Ended {
        self.start().end()
    }

    /// It goes on waiting behind this reason, though an configuration error would end it at once.
    #[track_caller]
    pub(super) fn waits(self, reason: &str, code: &str) {
        let mut waiting = self.words("--timeout 0 --fail-fast-after 0").start();
        let line = waiting.running.wait_for_line(&format!("\"reason\":\"{reason}\""), LONG);
        assert!(
            line.contains(&format!("\"code\":\"{code}\"")) && line.contains("\"transient\":true"),
            "{line}"
        );
        assert!(waiting.is_waiting(), "{}", waiting.running.stdout());
        waiting.signal(Signal::TERM, 143);
    }

    /// Does something once this reason was reported, and runs it to its end. Before, nothing was ready.
    #[track_caller]
    pub(super) fn end_after(self, reason: &str, change: impl FnOnce()) -> Ended {
        let mut waiting = self.start();
        waiting.until(reason);
        assert!(waiting.is_waiting(), "ready too early:\n{}", waiting.running.stdout());
        change();
        waiting.end()
    }
}

/// A wait that lasts.
pub(super) struct Waiting {
    pub(super) running: Running,
    secrets: Vec<String>,
    becomes: bool,
}

impl Waiting {
    /// Until this reason is reported.
    #[track_caller]
    pub(super) fn until(&mut self, reason: &str) {
        self.running.wait_for_line(&format!("\"reason\":\"{reason}\""), LONG);
    }

    /// Whether it waits, and has called nothing ready.
    pub(super) fn is_waiting(&mut self) -> bool {
        self.running.is_running() && !self.running.stdout().contains("\"event\":\"ready\"")
    }

    #[track_caller]
    pub(super) fn end(self) -> Ended {
        Ended::of(self.running.wait(LONG), &self.secrets, self.becomes)
    }

    /// Ends it by a signal. It must be gone long before anything that it waits for would end it.
    #[track_caller]
    pub(super) fn signal(mut self, signal: Signal, code: i32) -> Transcript {
        assert!(self.running.is_running(), "it waits:\n{}", self.running.stdout());
        self.running.signal(signal);
        let transcript = self.running.wait(Duration::from_secs(8)).expect_code(code);
        shows_no_secret(&transcript, &self.secrets);
        assert!(!transcript.stdout.contains("\"outcome\""), "{transcript}");
        transcript
    }
}

/// How a wait ended.
pub(super) struct Ended {
    pub(super) transcript: Transcript,
    events: Vec<Value>,
}

impl Ended {
    /// Checks what holds for every wait.
    #[track_caller]
    fn of(transcript: Transcript, secrets: &[String], becomes: bool) -> Self {
        assert!(transcript.timed_out.is_none(), "it hangs:\n{transcript}");
        assert!(transcript.code().is_some(), "it ends by itself:\n{transcript}");
        shows_no_secret(&transcript, secrets);
        for ugly in ["panicked", "This is a bug", "RUST_BACKTRACE"] {
            assert!(!transcript.to_string().contains(ugly), "{transcript}");
        }
        if !transcript.command.contains("--format json") || becomes {
            return Self { transcript, events: Vec::new() };
        }
        assert_eq!(transcript.stderr, "", "{transcript}");
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let events: Vec<Value> = transcript.stdout.lines().map(parse).collect();
        let summary = events.last().unwrap_or_else(|| panic!("no summary:\n{transcript}"));
        assert_eq!(summary["event"], "summary", "{transcript}");
        assert_eq!(summary["exit_code"].as_i64(), transcript.code().map(i64::from), "{transcript}");
        let all_ready = summary["targets"].as_array().is_some_and(|targets| {
            !targets.is_empty() && targets.iter().all(|target| target["ready"] == true)
        });
        assert_eq!(
            transcript.code() == Some(0),
            all_ready,
            "0 means ready, and nothing else does:\n{transcript}"
        );
        Self { transcript, events }
    }

    /// It ended with 0.
    #[track_caller]
    pub(super) fn ready(self) -> Self {
        assert_eq!(self.transcript.code(), Some(0), "ready:\n{}", self.transcript);
        self
    }

    /// Time ran out, and this was the reason in the end. An empty code stands for any.
    #[track_caller]
    pub(super) fn timed_out(self, reason: &str, code: &str) -> Self {
        self.failed(124, reason, code, true)
    }

    /// Waiting will not help, for this reason.
    #[track_caller]
    pub(super) fn misconfigured(self, reason: &str, code: &str) -> Self {
        self.failed(78, reason, code, false)
    }

    /// The single attempt failed for this reason, which waiting may fix.
    #[track_caller]
    pub(super) fn not_ready(self, reason: &str, code: &str) -> Self {
        self.failed(1, reason, code, true)
    }

    /// It ended with this exit code, and the first target that is not ready has this reason.
    #[track_caller]
    pub(super) fn failed(self, exit: i32, reason: &str, code: &str, transient: bool) -> Self {
        let summary = self.events.last().expect("a summary");
        let targets = || summary["targets"].as_array().into_iter().flatten();
        let missing = targets().find(|target| target["ready"] == false && target["reason"].is_string());
        let missing = missing.unwrap_or_else(|| panic!("something is not ready:\n{}", self.transcript));
        let said = |name: &str| missing[name].as_str().unwrap_or_default();
        let got = (self.transcript.code(), said("reason"), missing["transient"].as_bool());
        assert_eq!(got, (Some(exit), reason, Some(transient)), "{}", self.transcript);
        assert!(code.is_empty() || said("code") == code, "code {code}:\n{}", self.transcript);
        self
    }

    /// It reported this reason meanwhile.
    #[track_caller]
    pub(super) fn saw(self, reason: &str, code: &str) -> Self {
        let reported = self
            .events
            .iter()
            .any(|event| event["reason"] == reason && (code.is_empty() || event["code"] == code));
        assert!(reported, "it reports {reason} {code}:\n{}", self.transcript);
        self
    }

    /// What it said of the failure in words.
    #[track_caller]
    pub(super) fn says(self, words: &str) -> Self {
        let all = format!("{}{}", self.transcript.stdout, self.transcript.stderr);
        assert!(all.contains(words), "it says “{words}”:\n{}", self.transcript);
        self
    }

    /// How often it asked.
    pub(super) fn attempts(&self) -> u64 {
        self.events.last().and_then(|summary| summary["attempts"].as_u64()).unwrap_or_default()
    }
}

#[track_caller]
fn shows_no_secret(transcript: &Transcript, secrets: &[String]) {
    for secret in secrets {
        let quoted = format!("{secret:?}");
        for form in [secret.as_str(), quoted.trim_matches('"')] {
            assert!(!transcript.to_string().contains(form), "a secret shows:\n{transcript}");
        }
    }
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
