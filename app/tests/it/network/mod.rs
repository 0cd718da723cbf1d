//! `wait_for_db` in networks of its own: names, addresses, routes and links that come, go, lie and break.

mod addresses;
mod first_process;
mod lan;
mod links;
mod lookups;
mod names;
mod wire;

use std::time::Duration;

use manage_test_support::{Backend, CaseName, Need, Running, Suite, TestDatabase, Transcript};

/// Where the name of the server is meant.
const NAME: &str = "db.test";

/// What anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// A test for each kind of server; it receives the URL of a database.
fn on_each_server(suite: &mut Suite, name: &CaseName, test: fn(Backend, &str)) {
    on_each_server_with(&[], suite, name, test);
}

fn on_each_server_with_tun(suite: &mut Suite, name: &CaseName, test: fn(Backend, &str)) {
    on_each_server_with(&[Need::Tun], suite, name, test);
}

fn on_each_server_with(needs: &[Need], suite: &mut Suite, name: &CaseName, test: fn(Backend, &str)) {
    let mut add = |backend: Backend, need: Need| {
        let needs = [&[need], needs].concat();
        suite.inside(&needs, name.on(backend.name()), move || {
            let database = TestDatabase::new(backend);
            test(backend, database.url());
        });
    };
    add(Backend::Postgres, Need::Postgres);
    #[cfg(feature = "mysql")]
    add(Backend::MariaDb, Need::MariaDb);
}

/// The output of `--format json`.
fn events(stdout: &str) -> Vec<serde_json::Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    stdout.lines().map(parse).collect()
}

/// Why it was not ready, in order: the reasons and their codes.
fn reasons(transcript: &Transcript) -> Vec<String> {
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let mut reasons: Vec<String> = events(&transcript.stdout)
        .iter()
        .filter(|event| event["event"] == "unavailable")
        .map(|event| format!("{} {}", text(event, "reason"), text(event, "code")).trim_end().to_owned())
        .collect();
    // The same one may be reported again with a better hint.
    reasons.dedup();
    reasons
}

/// Ready, and for these reasons not before.
#[track_caller]
fn expect_ready(transcript: Transcript, why: &[&str]) -> Transcript {
    let transcript = transcript.expect_success();
    assert_eq!(reasons(&transcript), why, "{transcript}");
    transcript
}

/// Ready in the first attempt.
#[track_caller]
fn expect_one_attempt(transcript: Transcript) {
    let transcript = expect_ready(transcript, &[]);
    assert_eq!(events(&transcript.stdout).last().expect("a summary")["attempts"], 1, "{transcript}");
}

#[track_caller]
fn until_reported(running: &mut Running, reason: &str) {
    running.wait_for_line(&format!("\"reason\":\"{reason}\""), SOON);
}
