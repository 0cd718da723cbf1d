//! Routes and cables: missing, slow, lossy, and cut in the middle.

use std::time::Duration;

use manage_test_support::{Backend, case};

use super::lan::Lan;
use super::wire::{Quality, Wire};
use super::{SOON, events, expect_ready, on_each_server, on_each_server_with_tun, reasons, until_reported};

const WAIT: [&str; 3] = ["wait_for_db", "--format", "json"];

#[case(on_each_server)]
fn a_route_that_appears_is_taken(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.route(false);
    let mut running = lan.manage(url, &lan.server().to_string()).args(WAIT).spawn();
    until_reported(&mut running, "unreachable");
    lan.route(true);
    expect_ready(running.wait(SOON), &["unreachable ENETUNREACH"]);
}

/// Linux calls the first an invalid argument and the second a missing permission.
#[case(on_each_server)]
fn a_route_that_swallows_or_forbids_is_none(_: Backend, url: &str) {
    for (kind, code) in [("blackhole", "EINVAL"), ("prohibit", "EACCES")] {
        let lan = Lan::new();
        let server = lan.server();
        lan.client(&format!("ip route add {kind} {server}"));
        let mut running =
            lan.manage(url, &server.to_string()).args(WAIT).args(["--fail-fast-after", "0"]).spawn();
        until_reported(&mut running, "unreachable");
        lan.client(&format!("ip route del {kind} {server}"));
        expect_ready(running.wait(SOON), &[&format!("unreachable {code}")]);
        let web = format!("tcp://{server}:1");
        lan.client(&format!("ip route add {kind} {server}"));
        let words = ["wait_for_db", "--no-database", "--for", &web, "--once"];
        let ran = lan.manage(url, &server.to_string()).args(words).run(SOON).expect_code(1);
        assert!(ran.stderr.contains(&format!("{code}: there is no route to it")), "{ran}");
    }
}

#[case(on_each_server)]
fn an_interface_that_comes_up_is_used(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.client("ip link set c down");
    let mut running = lan.manage(url, &lan.server().to_string()).args(WAIT).spawn();
    until_reported(&mut running, "unreachable");
    lan.client("ip link set c up");
    lan.route(true);
    expect_ready(running.wait(SOON), &["unreachable ENETUNREACH"]);
}

#[case(on_each_server)]
fn a_cable_that_is_plugged_in_is_used(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.servers("ip link set DEV down");
    let program = lan.manage(url, &lan.server().to_string());
    let mut running = program.args(WAIT).args(["--attempt-timeout", "0.5"]).spawn();
    running.wait_for_line("\"reason\"", SOON);
    lan.servers("ip link set DEV up");
    let transcript = running.wait(SOON).expect_success();
    let expected = ["timed_out", "unreachable EHOSTUNREACH"];
    assert!(reasons(&transcript).iter().all(|reason| expected.contains(&reason.as_str())), "{transcript}");
}

#[case(on_each_server)]
fn a_cut_cable_is_not_stable(_: Backend, url: &str) {
    let lan = Lan::new();
    let line = ["--stable-for", "1.5", "--attempt-timeout", "2"];
    let mut running = lan.manage(url, &lan.server().to_string()).args(WAIT).args(line).spawn();
    until_reported(&mut running, "unstable");
    lan.cut(lan.server());
    until_reported(&mut running, "timed_out");
    lan.restore(lan.server());
    // The clock restarts.
    until_reported(&mut running, "unstable");
    let transcript = expect_ready(running.wait(SOON), &["unstable", "timed_out", "unstable"]);
    let reported = events(&transcript.stdout);
    let seconds = |event: &serde_json::Value| event["elapsed_seconds"].as_f64().expect("a number");
    let unstable = reported.iter().rfind(|event| event["reason"] == "unstable").expect("reported");
    let ready = reported.iter().find(|event| event["event"] == "ready").expect("reported");
    assert!(seconds(ready) - seconds(unstable) >= 1.45, "{transcript}");
}

#[case(on_each_server_with_tun)]
fn a_slow_and_lossy_link_takes_its_time(backend: Backend, url: &str) {
    let lan = Lan::new();
    // MariaDB takes more questions and answers until it is ready.
    let (lost, attempt) = if backend == Backend::MariaDb { (8, "4") } else { (5, "1") };
    let wire = Wire::new(&lan, Quality { delay: Duration::from_millis(300), lost, ..Quality::default() });
    let program = lan.manage(url, &wire.server().to_string()).args(WAIT);
    let transcript = program.args(["--attempt-timeout", attempt, "--timeout", "120"]).run(SOON * 5);
    expect_ready(transcript, &["timed_out"]);
}

#[case(on_each_server_with_tun)]
fn a_narrow_link_takes_its_time(_: Backend, url: &str) {
    let lan = Lan::new();
    let wire = Wire::new(&lan, Quality { bytes_per_second: 2_000, ..Quality::default() });
    let program = lan.manage(url, &wire.server().to_string()).args(WAIT);
    let transcript = program.args(["--attempt-timeout", "0.3"]).run(SOON * 2);
    expect_ready(transcript, &["timed_out"]);
}
