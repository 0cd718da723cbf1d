//! Lets the contenders take turns, and prints the table.

use std::time::Duration;

use crate::Options;
use crate::client::load;
use crate::contender::{CONTENDERS, Contender};

/// What the rounds of a contender measured, one value each.
#[derive(Default)]
struct Results {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu: Vec<f64>,
}

pub(crate) fn run(options: &Options) {
    let contenders: Vec<_> = CONTENDERS.iter().map(|(name, _)| Contender::start(name, &[])).collect();
    for contender in &contenders {
        load(contender.address, 16, Duration::from_millis(300));
    }
    for connections in &options.connections {
        let mut results: Vec<_> = contenders.iter().map(|_| Results::default()).collect();
        for round in 0..options.rounds {
            for turn in 0..contenders.len() {
                // Nobody always follows the same one.
                let index = (turn + round) % contenders.len();
                measure(&contenders[index], *connections, options.length, &mut results[index]);
            }
        }
        print(*connections, &contenders, &results);
    }
}

fn measure(contender: &Contender, connections: usize, length: Duration, results: &mut Results) {
    let before = contender.cpu_time();
    let mut times = load(contender.address, connections, length);
    let used = contender.cpu_time() - before;
    times.sort_unstable();
    let count = times.len().max(1) as f64;
    let at = |share: f64| times.get((count * share) as usize).map_or(0.0, |time| f64::from(*time));
    results.rates.push(count / length.as_secs_f64());
    results.p50.push(at(0.5));
    results.p99.push(at(0.99));
    results.cpu.push(used * 1e6 / count);
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn print(connections: usize, contenders: &[Contender], results: &[Results]) {
    println!("\n{connections} connections");
    println!(
        "{:14} {:>10} {:>6} {:>8} {:>8} {:>12}",
        "", "requests/s", "ratio", "p50 µs", "p99 µs", "CPU µs/req."
    );
    let first = results.first().map_or(1.0, |results| median(&results.rates));
    for (contender, results) in contenders.iter().zip(results) {
        let rate = median(&results.rates);
        print!("{:14} {rate:10.0} {:6.2}", contender.name, rate / first);
        println!(" {:8.0} {:8.0} {:12.1}", median(&results.p50), median(&results.p99), median(&results.cpu));
    }
}
