//! Wall and CPU time of a piece of work, and what many rounds say together.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What a piece of work took.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub wall: Duration,
    /// The CPU time of all threads of this process, in user and kernel mode. The other contenders are idle.
    pub cpu: Duration,
}

pub struct Watch {
    started: Instant,
    cpu: Duration,
}

impl Watch {
    pub fn start() -> Self {
        Self { cpu: cpu(), started: Instant::now() }
    }

    pub fn stop(self) -> Sample {
        Sample { wall: self.started.elapsed(), cpu: cpu().saturating_sub(self.cpu) }
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The samples of one contender in one row, one a round.
#[derive(Debug, Default)]
pub struct Samples {
    pub wall: Vec<f64>,
    pub cpu: Vec<f64>,
}

impl Samples {
    /// Adds a round of so many operations, in microseconds an operation.
    pub fn add(&mut self, sample: Sample, operations: usize) {
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / operations as f64;
        self.wall.push(micros(sample.wall));
        self.cpu.push(micros(sample.cpu));
    }
}

pub fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => (sorted[even / 2 - 1] + sorted[even / 2]) / 2.0,
    }
}

/// Returns the median of the ratios of rounds: both values of a ratio were measured one right after the other.
pub fn paired(values: &[f64], base: &[f64]) -> f64 {
    let ratios: Vec<f64> = values.iter().zip(base).map(|(value, base)| value / base).collect();
    median(&ratios)
}
