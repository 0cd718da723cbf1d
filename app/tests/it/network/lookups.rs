//! Names: unknown, late, silent, and other addresses than a moment ago.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use manage_test_support::{Backend, Running, Signal, case, free_port, inside, wait_until};

use super::lan::{Lan, at, nobody};
use super::names::Answer;
use super::{NAME, SOON, expect_ready, on_each_server, reasons, until_reported};

const WAIT: [&str; 3] = ["wait_for_db", "--format", "json"];

#[case(on_each_server)]
fn a_name_that_nobody_knows_is_named(_: Backend, url: &str) {
    let lan = Lan::new();
    let program = lan.manage(url, NAME).args(WAIT).args(["--timeout", "3"]);
    let transcript = program.run(SOON).expect_code(124);
    assert_eq!(reasons(&transcript), ["unknown_host"], "{transcript}");
    assert!(transcript.stdout.contains("The host comes from DATABASE_URL"), "{transcript}");
    // It was asked again and again.
    assert!(lan.names.questions() >= 6, "{} questions", lan.names.questions());
}

#[case(on_each_server)]
fn a_name_server_that_fails_is_reported(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.names.set(NAME, Answer::Failure);
    let transcript = lan.manage(url, NAME).args(WAIT).args(["--timeout", "3"]).run(SOON).expect_code(124);
    assert_eq!(reasons(&transcript), ["unknown_host"], "{transcript}");
    let mut running = lan.manage(url, NAME).args(WAIT).spawn();
    until_reported(&mut running, "unknown_host");
    lan.names.set(NAME, Answer::is(lan.server()));
    expect_ready(running.wait(SOON), &["unknown_host"]);
}

#[case(on_each_server)]
fn a_name_that_appears_is_found(_: Backend, url: &str) {
    let lan = Lan::new();
    let mut running = lan.manage(url, NAME).args(WAIT).spawn();
    until_reported(&mut running, "unknown_host");
    lan.names.set(NAME, Answer::is(lan.server()));
    expect_ready(running.wait(SOON), &["unknown_host"]);
}

#[case(on_each_server)]
fn a_late_name_server_is_waited_for(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.names.set(NAME, Answer::Late(Duration::from_millis(1500), vec![lan.server().into()]));
    // The time of an attempt doubles until there is enough of it.
    let program = lan.manage(url, NAME).args(WAIT).args(["--attempt-timeout", "0.4"]);
    expect_ready(program.run(SOON), &["timed_out"]);
}

#[case(on_each_server)]
fn a_silent_name_server_holds_nothing_up(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.names.set(NAME, Answer::Silence);
    // The resolver itself gives up after ten seconds, which is not waited for.
    for more in [&["--attempt-timeout", "0.2"][..], &[]] {
        let program = lan.manage(url, NAME).args(WAIT).args(["--timeout", "1"]).args(more);
        let transcript = program.run(SOON).expect_code(124);
        assert_eq!(reasons(&transcript), ["timed_out"], "{transcript}");
        assert!(transcript.stdout.contains("looking up its name took too long"), "{transcript}");
        assert!(transcript.duration < Duration::from_secs(8), "{:?}: {transcript}", transcript.duration);
    }
    let once = lan.manage(url, NAME).args(WAIT).args(["--once", "--attempt-timeout", "0.5"]).run(SOON);
    assert!(once.duration < Duration::from_secs(8), "{:?}: {once}", once.duration);
    assert_eq!(reasons(&once.expect_code(1)), ["timed_out"]);
    // A health check is not ready, also where its single attempt is cut short.
    let short =
        lan.manage(url, NAME).args(WAIT).args(["--once", "--timeout", "0.3"]).run(SOON).expect_code(1);
    assert!(short.stdout.contains("\"outcome\":\"not_ready\""), "{short}");
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let before = lan.names.questions();
        let mut running = lan.manage(url, NAME).args(WAIT).args(["--timeout", "0"]).spawn();
        wait_until(SOON, "it hangs in its first look-up", || lan.names.questions() > before);
        running.signal(signal);
        let transcript = running.wait(Duration::from_secs(4)).expect_code(code);
        assert_eq!(reasons(&transcript), [""; 0], "{transcript}");
    }
}

#[case(on_each_server)]
fn a_silent_name_server_that_wakes_up(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.names.set(NAME, Answer::Silence);
    // Look-ups that hang do not stand in the way of new ones, also where there are many.
    let mut running = lan.manage(url, NAME).args(WAIT).args(["--attempt-timeout", "0.1"]).spawn();
    until_reported(&mut running, "timed_out");
    wait_until(SOON, "several look-ups hang", || lan.names.questions() >= 6);
    lan.names.set(NAME, Answer::is(lan.server()));
    expect_ready(running.wait(SOON), &["timed_out"]);
}

#[case(on_each_server)]
fn a_name_is_looked_up_anew_each_time(_: Backend, url: &str) {
    for dead in [Lan::refused, Lan::blackhole] {
        let lan = Lan::new();
        let dead = dead(&lan);
        lan.names.set(NAME, Answer::is(dead));
        let mut running = lan.manage(url, NAME).args(WAIT).args(["--attempt-timeout", "2"]).spawn();
        let reported = running.wait_for_line("\"reason\"", SOON);
        // That the answer holds for an hour is of no interest.
        lan.names.set(NAME, Answer::is(lan.server()));
        let transcript = running.wait(SOON).expect_success();
        let expected = if dead == lan.ip(99) { "refused ECONNREFUSED" } else { "timed_out" };
        assert_eq!(reasons(&transcript), [expected], "{reported}");
    }
    // From an address to nothing, and to another one.
    let lan = Lan::new();
    lan.names.set(NAME, Answer::is(lan.refused()));
    let mut running = lan.manage(url, NAME).args(WAIT).spawn();
    until_reported(&mut running, "refused");
    lan.names.set(NAME, Answer::Nothing);
    until_reported(&mut running, "unknown_host");
    lan.names.set(NAME, Answer::is(lan.server()));
    expect_ready(running.wait(SOON), &["refused ECONNREFUSED", "unknown_host"]);
}

#[case(on_each_server)]
fn a_changed_hosts_file_is_read(_: Backend, url: &str) {
    let lan = Lan::new();
    let mut running = lan.manage(url, NAME).args(WAIT).spawn();
    until_reported(&mut running, "unknown_host");
    lan.hosts(&format!("{} {NAME}\n", lan.refused()));
    until_reported(&mut running, "refused");
    lan.hosts(&format!("{} {NAME}\n", lan.server()));
    expect_ready(running.wait(SOON), &["unknown_host", "refused ECONNREFUSED"]);
}

/// Ten look-ups a second, each of which asks for two kinds of address.
const QUESTIONS_A_SECOND: f64 = 20.0;

#[case(on_each_server)]
fn a_limited_name_server_is_asked_politely(_: Backend, url: &str) {
    let lan = Lan::new();
    let running = lan.manage(url, NAME).args(WAIT).spawn();
    is_asked_politely(&lan, running);
}

#[case(inside)]
fn a_limited_name_server_is_asked_politely_for_services() {
    let lan = Lan::new();
    let listener = TcpListener::bind((lan.server(), 0)).expect("a port");
    let service = format!("tcp://{NAME}:{}", listener.local_addr().expect("an address").port());
    let program = lan.manage(&nobody(Backend::Postgres), NAME).args(WAIT);
    is_asked_politely(&lan, program.args(["--no-database", "--for", &service]).spawn());
}

/// The name appears after three seconds. A client that has asked too often by then learns of it five seconds
/// later.
fn is_asked_politely(lan: &Lan, mut running: Running) {
    lan.names.limit(30);
    let start = Instant::now();
    until_reported(&mut running, "unknown_host");
    std::thread::sleep(Duration::from_secs(3).saturating_sub(start.elapsed()));
    let (asked, waited) = (lan.names.questions(), start.elapsed());
    let appears = Instant::now();
    lan.names.set(NAME, Answer::is(lan.server()));
    expect_ready(running.wait(SOON), &["unknown_host"]);
    assert!(!lan.names.was_silent(), "{asked} questions in {waited:?} are too many");
    let noticed = lan.names.found().expect("it was asked").duration_since(appears);
    // Far less than those five seconds, whatever else the machine does.
    assert!(noticed < Duration::from_secs(3), "noticed after {noticed:?}");
    let most = QUESTIONS_A_SECOND * waited.as_secs_f64() + 4.0;
    assert!(asked as f64 <= most, "{asked} questions in {waited:?}");
}

/// While nothing listens at the name's address, connections are tried more often than the name is looked up.
#[case(on_each_server)]
fn a_name_without_a_server_is_looked_up_politely(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.names.set(NAME, Answer::is(lan.server()));
    let url =
        at(url, "127.0.0.1").replace(&format!(":{}/", super::lan::port(url)), &format!(":{}/", free_port()));
    let start = Instant::now();
    let program = lan.manage(&url, NAME).args(WAIT).args(["--timeout", "2"]);
    let transcript = program.run(SOON).expect_code(124);
    assert_eq!(reasons(&transcript), ["refused ECONNREFUSED"], "{transcript}");
    let (asked, waited) = (lan.names.questions(), start.elapsed());
    assert!(
        asked as f64 <= QUESTIONS_A_SECOND * waited.as_secs_f64() + 4.0,
        "{asked} questions in {waited:?}"
    );
    let attempts = super::events(&transcript.stdout).last().expect("a summary")["attempts"].as_u64();
    assert!(attempts.is_some_and(|attempts| attempts > 25), "{attempts:?} attempts");
}
