//! One target: its kept inputs, then random ones for as long as is wished.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fmt};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::inputs::kept;
use super::watch::Watch;
use crate::caught::caught;

/// The variable that says for how long each target gets random inputs.
pub const FUZZ_SECONDS: &str = "MANAGE_TEST_FUZZ_SECONDS";

const SEED: &str = "MANAGE_TEST_SEED";

/// How many inputs come from one seed.
const BATCH: u32 = 64;

/// How many seeds an ordinary run takes.
const SEEDS: u64 = 4;

/// A target.
pub struct Fuzz {
    name: &'static str,
    /// Inputs that once failed, and examples of what is valid: one in each file.
    folder: PathBuf,
}

impl Fuzz {
    /// Creates a target whose kept inputs are in a directory of this package: `tests/fuzz/<name>`.
    pub fn new(package: &str, name: &'static str) -> Self {
        Self { name, folder: PathBuf::from(package).join("tests/fuzz").join(name) }
    }

    /// Returns the kept inputs that are texts, to be changed by [`super::mutated`].
    pub fn examples(&self) -> Vec<String> {
        kept(&self.folder).into_iter().filter_map(|(_, input)| String::from_utf8(input).ok()).collect()
    }

    /// Panics, with the smallest input that was found, where the property does not hold or panics itself.
    pub fn texts(&self, texts: impl Strategy<Value = String>, property: impl Fn(&str) -> Result<(), String>) {
        self.bytes(texts.prop_map(String::into_bytes), |bytes| property(&String::from_utf8_lossy(bytes)));
    }

    /// The same for inputs that need not be text.
    pub fn bytes(
        &self,
        inputs: impl Strategy<Value = Vec<u8>>,
        property: impl Fn(&[u8]) -> Result<(), String>,
    ) {
        let watch = Watch::new(self.name);
        let holds = |seed: u64, input: &[u8]| {
            watch.begins(seed, input);
            let result = contained(|| property(input));
            watch.ends();
            result
        };
        for (file, input) in kept(&self.folder) {
            if let Err(why) = holds(0, &input) {
                panic!("{}: the kept input {file}: {why}\n{}", self.name, Shown(&input));
            }
        }
        let (begin, time) = (Instant::now(), time());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64);
        let first = number(SEED).unwrap_or_else(|| if time.is_some() { clock() } else { 1 });
        let goes_on = |played: u64| match time {
            Some(time) => begin.elapsed() < time,
            None => played < SEEDS,
        };
        let mut played = 0;
        while goes_on(played) {
            let seed = first.wrapping_add(played);
            let outcome = runner(seed).run(&inputs, |input| holds(seed, &input).map_err(TestCaseError::fail));
            match outcome {
                Ok(()) => {}
                Err(TestError::Fail(why, input)) => panic!(
                    "{}: {SEED}={seed}: {why}\n{}\nWhen it is fixed, keep this input in {}.",
                    self.name,
                    Shown(&input),
                    self.folder.display()
                ),
                Err(TestError::Abort(why)) => panic!("{}: {SEED}={seed}: {why}", self.name),
            }
            played += 1;
        }
        // For those who ask for more than an ordinary run.
        if time.is_some() {
            let count = played * u64::from(BATCH);
            let _ = writeln!(io::stderr(), "{}: {count} inputs from {SEED}={first} on", self.name);
        }
    }
}

/// Returns for how long each target gets random inputs, if that is set.
pub(crate) fn time() -> Option<Duration> {
    number(FUZZ_SECONDS).map(Duration::from_secs)
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: BATCH,
        failure_persistence: None,
        max_shrink_time: 20_000,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Runs a test on an input. A panic counts as a failure and is not printed while shrinking.
fn contained(property: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let mut result = Ok(());
    match caught(|| result = property()) {
        Ok(()) => result,
        Err(said) => Err(said),
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// An input as text and, where that is not all, as bytes.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => write!(f, "b\"{}\"", self.0.escape_ascii()),
        }
    }
}
