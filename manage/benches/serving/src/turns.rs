//! Lets the contenders of a scenario take turns, and prints the table.

use std::time::Duration;

use crate::client::{Round, load};
use crate::contenders::{Kind, Scenario};
use crate::django;
use crate::kill::Killing;
use crate::options::Options;
use crate::process::{Contender, Setup};

/// What the rounds of a contender measured, one value each.
#[derive(Default)]
struct Results {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// The seconds of all rounds: the system counts them in hundredths.
    cpu: f64,
    requests: f64,
    failures: usize,
    killed: usize,
}

pub(crate) fn run(scenario: Scenario, kinds: &[&'static Kind], options: &Options, url: &str) {
    let setup = Setup { url, pool: options.pool, python: options.python.as_deref(), variables: &[] };
    let contenders: Vec<_> = kinds.iter().map(|kind| Contender::start(kind, &setup)).collect();
    for contender in &contenders {
        load(scenario, contender.address, 16, Duration::from_millis(300));
    }
    println!("\n{}", scenario.title());
    for connections in &options.connections {
        let mut results: Vec<_> = contenders.iter().map(|_| Results::default()).collect();
        for round in 0..options.rounds {
            for turn in 0..contenders.len() {
                // Nobody always follows the same one.
                let index = (turn + round) % contenders.len();
                let killing = options.kill.map(|pause| Killing::start(url, pause));
                measure(&contenders[index], *connections, options.length, &mut results[index]);
                results[index].killed += killing.map_or(0, Killing::end);
            }
        }
        print(*connections, &contenders, &results);
    }
}

/// Returns the contenders of a scenario without those that cannot run here, which it reports.
pub(crate) fn available(scenario: Scenario, options: &Options) -> Vec<&'static Kind> {
    let mut kinds: Vec<_> =
        options.contenders.iter().copied().filter(|kind| kind.scenario == scenario).collect();
    if kinds.iter().any(|kind| kind.is_django()) {
        let reason = match &options.python {
            None => Some("--python names no Python".to_owned()),
            Some(python) => django::missing(python),
        };
        if let Some(reason) = reason {
            println!("LEFT OUT: Django, which needs --python with Django, gunicorn and psycopg: {reason}");
            kinds.retain(|kind| !kind.is_django());
        }
    }
    kinds
}

fn measure(contender: &Contender, connections: usize, length: Duration, results: &mut Results) {
    let before = contender.cpu_time();
    let Round { mut times, failures, seconds } =
        load(contender.kind.scenario, contender.address, connections, length);
    let used = contender.cpu_time() - before;
    times.sort_unstable();
    let count = times.len().max(1) as f64;
    let at = |share: f64| times.get((count * share) as usize).map_or(0.0, |time| f64::from(*time));
    results.rates.push(count / seconds);
    results.p50.push(at(0.5));
    results.p99.push(at(0.99));
    results.cpu += used;
    results.requests += count;
    results.failures += failures;
}

/// Returns the value below which a share of all values is.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
}

fn print(connections: usize, contenders: &[Contender], results: &[Results]) {
    println!(
        "\n{:16} {:>10} {:>6} {:>12} {:>8} {:>8} {:>12}",
        format!("{connections} clients"),
        "requests/s",
        "ratio",
        "(half of)",
        "p50 µs",
        "p99 µs",
        "CPU µs/req."
    );
    for (contender, result) in contenders.iter().zip(results) {
        let median = |values: &[f64]| quantile(values, 0.5);
        // Of the same round, since other programs may have slowed down some.
        let ratios: Vec<f64> =
            result.rates.iter().zip(&results[0].rates).map(|(rate, first)| rate / first).collect();
        print!("{:16} {:10.0} {:6.2}", contender.kind.name, median(&result.rates), median(&ratios));
        print!(" {:>12}", format!("{:.2}–{:.2}", quantile(&ratios, 0.25), quantile(&ratios, 0.75)));
        print!(
            " {:8.0} {:8.0} {:12.1}",
            median(&result.p50),
            median(&result.p99),
            result.cpu * 1e6 / result.requests
        );
        match (result.failures, result.killed) {
            (0, 0) => println!(),
            (failures, killed) => println!("   {failures} FAILED, {killed} sessions killed"),
        }
    }
}
