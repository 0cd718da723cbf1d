//! Routes and cables: missing, slow, lossy, and cut in the middle.

use std::time::Duration;

use manage_test_servers::{Backend, Need, Suite};

use super::lan::Lan;
use super::wire::{Quality, Wire};
use super::{SOON, events, expect_ready, on_each_server, reasons, until_told};

pub(super) fn add(suite: &mut Suite) {
    let needs = [Need::Tun];
    on_each_server(
        suite,
        &needs,
        "a_slow_and_lossy_link_takes_its_time",
        a_slow_and_lossy_link_takes_its_time,
    );
    on_each_server(suite, &needs, "a_narrow_link_takes_its_time", a_narrow_link_takes_its_time);
    let mut add = |name, test: fn(Backend, &str)| on_each_server(suite, &[], name, test);
    add("a_route_that_appears_is_taken", a_route_that_appears_is_taken);
    add("a_route_that_swallows_or_forbids_is_none", a_route_that_swallows_or_forbids_is_none);
    add("an_interface_that_comes_up_is_used", an_interface_that_comes_up_is_used);
    add("a_cable_that_is_plugged_in_is_used", a_cable_that_is_plugged_in_is_used);
    add("a_cut_cable_is_not_stable", a_cut_cable_is_not_stable);
}

const WAIT: [&str; 3] = ["wait_for_db", "--format", "json"];

fn a_route_that_appears_is_taken(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.route(false);
    let mut running = lan.manage(url, &lan.server().to_string()).args(WAIT).spawn();
    until_told(&mut running, "unreachable");
    lan.route(true);
    expect_ready(running.wait(SOON), &["unreachable ENETUNREACH"]);
}

/// Linux calls the first an invalid argument and the second a missing permission.
fn a_route_that_swallows_or_forbids_is_none(_: Backend, url: &str) {
    for (kind, code) in [("blackhole", "EINVAL"), ("prohibit", "EACCES")] {
        let lan = Lan::new();
        let server = lan.server();
        lan.client(&format!("ip route add {kind} {server}"));
        let mut running =
            lan.manage(url, &server.to_string()).args(WAIT).args(["--fail-fast-after", "0"]).spawn();
        until_told(&mut running, "unreachable");
        lan.client(&format!("ip route del {kind} {server}"));
        expect_ready(running.wait(SOON), &[&format!("unreachable {code}")]);
        let web = format!("tcp://{server}:1");
        lan.client(&format!("ip route add {kind} {server}"));
        let words = ["wait_for_db", "--no-database", "--for", &web, "--once"];
        let ran = lan.manage(url, &server.to_string()).args(words).run(SOON).expect_code(1);
        assert!(ran.stderr.contains(&format!("{code}: no route leads there")), "{ran}");
    }
}

fn an_interface_that_comes_up_is_used(_: Backend, url: &str) {
    let lan = Lan::new();
    lan.client("ip link set c down");
    let mut running = lan.manage(url, &lan.server().to_string()).args(WAIT).spawn();
    until_told(&mut running, "unreachable");
    lan.client("ip link set c up");
    lan.route(true);
    expect_ready(running.wait(SOON), &["unreachable ENETUNREACH"]);
}

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

fn a_cut_cable_is_not_stable(_: Backend, url: &str) {
    let lan = Lan::new();
    let line = ["--stable-for", "1.5", "--attempt-timeout", "2"];
    let mut running = lan.manage(url, &lan.server().to_string()).args(WAIT).args(line).spawn();
    until_told(&mut running, "unstable");
    lan.cut(lan.server());
    until_told(&mut running, "timed_out");
    lan.mend(lan.server());
    // The time that counts begins anew.
    until_told(&mut running, "unstable");
    let transcript = expect_ready(running.wait(SOON), &["unstable", "timed_out", "unstable"]);
    let told = events(&transcript.stdout);
    let seconds = |event: &serde_json::Value| event["elapsed_seconds"].as_f64().expect("a number");
    let unstable = told.iter().rfind(|event| event["reason"] == "unstable").expect("told");
    let ready = told.iter().find(|event| event["event"] == "ready").expect("told");
    assert!(seconds(ready) - seconds(unstable) >= 1.45, "{transcript}");
}

fn a_slow_and_lossy_link_takes_its_time(backend: Backend, url: &str) {
    let lan = Lan::new();
    // MariaDB takes twice as many questions and answers until it is ready: 18 seconds where every fifth packet is lost.
    let (lost, attempt) = if backend == Backend::MariaDb { (12, "4") } else { (5, "1") };
    let wire = Wire::new(&lan, Quality { delay: Duration::from_millis(300), lost, ..Quality::default() });
    let program = lan.manage(url, &wire.server().to_string()).args(WAIT);
    let transcript = program.args(["--attempt-timeout", attempt, "--timeout", "120"]).run(SOON * 5);
    expect_ready(transcript, &["timed_out"]);
}

fn a_narrow_link_takes_its_time(_: Backend, url: &str) {
    let lan = Lan::new();
    let wire = Wire::new(&lan, Quality { bytes_per_second: 2_000, ..Quality::default() });
    let program = lan.manage(url, &wire.server().to_string()).args(WAIT);
    let transcript = program.args(["--attempt-timeout", "0.3"]).run(SOON * 2);
    expect_ready(transcript, &["timed_out"]);
}
