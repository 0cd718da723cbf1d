//! Several targets, of which one goes while another one is asked again.

use std::thread;
use std::time::{Duration, Instant};

use manage_test_support::{Need, Postgres, Program, case, needs, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// The one that answered first is asked again, and hangs; the one that answered last goes meanwhile.
#[case(needs(Need::Postgres))]
fn an_answer_that_grew_old_is_not_trusted() {
    let first = Postgres::start().unwrap_or_else(|error| panic!("{error}"));
    let last = Postgres::prepare().unwrap_or_else(|error| panic!("{error}"));
    let program = Program::new(env!("CARGO_BIN_EXE_manage"))
        .env("DATABASE_URL", first.url("postgres"))
        .env("DATABASE_URL_LAST", last.url("postgres"));
    let line = ["wait_for_db", "--all", "--format", "json", "--timeout", "8", "--attempt-timeout", "30"];
    let mut running = program.args(line).spawn();
    running.wait_for_line("\"event\":\"ready\"", SOON);
    let ready = Instant::now();
    first.pause();
    wait_until(SOON, "the first answer is old", || ready.elapsed() > Duration::from_millis(1500));
    last.start_again();
    running.wait_for_line("\"event\":\"ready\"", SOON);
    last.kill();
    // Not a hope: this is the age that the last answer shall have.
    thread::sleep(Duration::from_secs(3));
    first.resume();
    let transcript = running.wait(SOON).expect_code(124);
    assert!(transcript.stdout.contains("\"reason\":\"refused\""), "{transcript}");
}
