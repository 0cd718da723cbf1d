//! Several addresses of one name, of which one is dead, and a single one that swallows everything.

use std::net::IpAddr;
use std::time::Duration;

use manage_test_support::{Backend, MariaDb, Postgres, Signal, case};

use super::lan::Lan;
use super::names::Answer;
use super::wire::{Quality, Wire};
use super::{
    NAME, SOON, events, expect_one_attempt, expect_ready, on_each_server, on_each_server_with_tun, reasons,
    until_reported,
};

const WAIT: [&str; 3] = ["wait_for_db", "--format", "json"];

#[case(on_each_server)]
fn an_address_that_swallows_everything_is_reported(_: Backend, url: &str) {
    let lan = Lan::new();
    let ip = lan.blackhole().to_string();
    let program = lan.manage(url, &ip).args(WAIT).args(["--timeout", "1.5", "--attempt-timeout", "0.3"]);
    let transcript = program.run(SOON).expect_code(124);
    assert_eq!(reasons(&transcript), ["timed_out"], "{transcript}");
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let line = ["--timeout", "0", "--attempt-timeout", "0.3"];
        let mut running = lan.manage(url, &ip).args(WAIT).args(line).spawn();
        until_reported(&mut running, "timed_out");
        running.signal(signal);
        running.wait(Duration::from_secs(4)).expect_code(code);
    }
}

#[case(on_each_server)]
fn a_dead_address_does_not_hide_the_next(_: Backend, url: &str) {
    for dead in [Lan::refused, Lan::blackhole] {
        let lan = Lan::new();
        let (dead, alive) = (dead(&lan), lan.server());
        lan.names.set(NAME, Answer::Is(vec![dead.into(), alive.into()]));
        assert_eq!(lan.order(NAME), [dead.to_string(), alive.to_string()]);
        expect_one_attempt(lan.manage(url, NAME).args(WAIT).run(SOON));
        // The other way round it makes no difference, and neither does a second dead one.
        lan.names.set(NAME, Answer::Is(vec![alive.into(), dead.into()]));
        assert_eq!(lan.order(NAME), [alive.to_string(), dead.to_string()]);
        expect_one_attempt(lan.manage(url, NAME).args(WAIT).run(SOON));
        lan.names.set(NAME, Answer::Is(vec![dead.into(), lan.blackhole().into(), alive.into()]));
        expect_one_attempt(lan.manage(url, NAME).args(WAIT).run(SOON));
    }
}

#[case(on_each_server)]
fn an_address_of_ipv6_that_leads_nowhere(_: Backend, url: &str) {
    let lan = Lan::new();
    let dead: IpAddr = format!("fd77::{}:66", lan.number()).parse().expect("an address");
    lan.names.set(NAME, Answer::Is(vec![dead, lan.server().into()]));
    // No route: an error at once.
    expect_one_attempt(lan.manage(url, NAME).args(WAIT).run(SOON));
    // A route on which everything is lost.
    lan.client(&format!(
        "ip -6 addr add fd77::{}:2/64 dev c nodad && ip -6 neigh add {dead} lladdr 02:00:00:00:00:66 dev c nud permanent",
        lan.number()
    ));
    assert_eq!(lan.order(NAME), [dead.to_string(), lan.server().to_string()]);
    expect_one_attempt(lan.manage(url, NAME).args(WAIT).run(SOON));
    // Nothing else.
    lan.names.set(NAME, Answer::Is(vec![dead]));
    let line = ["--timeout", "1.5", "--attempt-timeout", "0.3"];
    let transcript = lan.manage(url, NAME).args(WAIT).args(line).run(SOON).expect_code(124);
    assert_eq!(reasons(&transcript), ["timed_out"], "{transcript}");
}

/// The near address refuses at once, and says nothing about the far one, whose answers take their time.
#[case(on_each_server_with_tun)]
fn a_far_server_beside_a_dead_address(backend: Backend, _: &str) {
    let lan = Lan::new();
    let wire = Wire::new(&lan, Quality { delay: Duration::from_millis(100), ..Quality::default() });
    let (url, start): (String, Box<dyn Fn()>) = match backend {
        Backend::MariaDb => {
            let server = MariaDb::builder().everywhere().prepare().expect("a server");
            (server.url("mysql"), Box::new(move || server.start_again()))
        }
        _ => {
            let server = Postgres::builder().everywhere().prepare().expect("a server");
            (server.url("postgres"), Box::new(move || server.start_again()))
        }
    };
    let (near, far) = (lan.refused(), wire.server());
    for order in [[far, near], [near, far]] {
        lan.names.set(NAME, Answer::Is(order.map(IpAddr::V4).to_vec()));
        assert_eq!(lan.order(NAME), order.map(|ip| ip.to_string()));
    }
    lan.names.set(NAME, Answer::Is(vec![far.into(), near.into()]));
    let tcp = format!("tcp://{NAME}:{}", super::lan::port(&url));
    let mut database = lan.manage(&url, NAME).args(WAIT).spawn();
    let mut service = lan.manage(&url, NAME).args(WAIT).args(["--no-database", "--for", &tcp]).spawn();
    until_reported(&mut database, "refused");
    until_reported(&mut service, "refused");
    start();
    let transcript = expect_ready(database.wait(SOON), &["refused ECONNREFUSED"]);
    assert_eq!(events(&transcript.stdout).last().expect("a summary")["outcome"], "ready");
    service.wait(SOON).expect_success();
}
