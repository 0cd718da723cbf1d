//! The table that is printed, and the same as JSON.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::measure::{Samples, median, minimum, paired};
use crate::rows::Row;

/// What one contender took in one row.
pub struct Entry {
    pub name: &'static str,
    /// How many operations a turn had.
    pub times: usize,
    pub samples: Samples,
}

/// All results, for JSON.
#[derive(Default, Serialize)]
pub struct Report {
    results: Vec<Measured>,
}

/// Times are in microseconds an operation, ratios relative to the first contender of the row.
#[derive(Serialize)]
struct Measured {
    backend: &'static str,
    row: &'static str,
    contender: &'static str,
    rounds: usize,
    operations_a_round: usize,
    wall_min: f64,
    wall_median: f64,
    cpu_min: f64,
    cpu_median: f64,
    wall_ratio_of_min: f64,
    wall_ratio: f64,
    cpu_ratio_of_min: f64,
    cpu_ratio: f64,
}

impl Report {
    /// Prints the head of a backend's table.
    pub fn begin(&self, backend: &str) {
        println!("\n## {backend}\n");
        println!(
            "| row | connection | wall | CPU | wall, of minima | CPU, of minima | wall µs: min | median | CPU µs: min | median |"
        );
        println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    }

    /// Prints and keeps a row. The first entry is what the others are compared with.
    pub fn add(&mut self, backend: &'static str, row: Row, rounds: usize, entries: Vec<Entry>) {
        let Some(first) = entries.first() else { return };
        let base = &first.samples;
        for entry in &entries {
            let Samples { wall, cpu } = &entry.samples;
            let measured = Measured {
                backend,
                row: row.name(),
                contender: entry.name,
                rounds,
                operations_a_round: entry.times,
                wall_min: minimum(wall),
                wall_median: median(wall),
                cpu_min: minimum(cpu),
                cpu_median: median(cpu),
                wall_ratio_of_min: minimum(wall) / minimum(&base.wall),
                wall_ratio: paired(wall, &base.wall),
                cpu_ratio_of_min: minimum(cpu) / minimum(&base.cpu),
                cpu_ratio: paired(cpu, &base.cpu),
            };
            let m = &measured;
            println!(
                "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {} | {} | {} |",
                row.title(),
                m.contender,
                m.wall_ratio,
                m.cpu_ratio,
                m.wall_ratio_of_min,
                m.cpu_ratio_of_min,
                micros(m.wall_min),
                micros(m.wall_median),
                micros(m.cpu_min),
                micros(m.cpu_median),
            );
            self.results.push(measured);
        }
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Three digits, at least.
fn micros(value: f64) -> String {
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$}")
}
