//! The tests of one test program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};

use crate::case;
use crate::caught::caught;
use crate::cell;
use crate::extent::{ALL, tests_all};
use crate::find::Unavailable;
use crate::fuzz;
use crate::need::{Need, REQUIRE};
use crate::overdue::limited;
use crate::shared::end_shared;
use crate::turns;

/// Tests to be run by libtest-mimic, with the arguments that `cargo test` passes on. A test fails by
/// panicking.
///
/// Tests whose need is not installed show as ignored, and are named again, loudly, after the summary; so do those that
/// build projects, in a run without a filter. A test that takes longer than ten minutes ends the process, with its
/// name.
pub struct Suite {
    trials: Vec<Trial>,
    /// How long a test may take.
    limit: Duration,
    /// The tests, by number, that were not run for want of something.
    skipped: BTreeMap<Need, Vec<usize>>,
    /// The tests for the process inside the namespaces, in that process.
    inside: Vec<(String, cell::Test)>,
    /// Their numbers, in the process outside.
    outside: Vec<usize>,
    /// The tests that run one after the other.
    in_turn: Vec<(String, turns::Test)>,
    /// The names of those that this run leaves out.
    left_out: BTreeSet<String>,
    /// The names of the tests that run before all others.
    calm: BTreeSet<String>,
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

impl Suite {
    /// No tests yet.
    pub fn new() -> Self {
        Self {
            trials: Vec::new(),
            // The slowest need half a minute.
            limit: Duration::from_secs(600) + fuzz::time().unwrap_or_default() + time_for_rounds(),
            skipped: BTreeMap::new(),
            inside: Vec::new(),
            outside: Vec::new(),
            in_turn: Vec::new(),
            left_out: BTreeSet::new(),
            calm: BTreeSet::new(),
        }
    }

    /// Sets how long each of the tests that are added next may take.
    pub fn limit(&mut self, limit: Duration) -> &mut Self {
        self.limit = limit;
        self
    }

    /// Returns the tests of this program with the attribute [`case`](macro@crate::case).
    pub fn of_cases() -> Self {
        let mut suite = Self::new();
        case::add_all(&mut suite);
        suite
    }

    /// Adds a test that runs everywhere.
    pub fn test(&mut self, name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> &mut Self {
        let (name, limit) = (name.into(), self.limit);
        self.trials.push(Trial::test(name.clone(), move || {
            limited(&name, limit, || caught(test)).map_err(Into::into)
        }));
        self
    }

    /// Adds a test that needs something.
    pub fn needs(
        &mut self,
        need: Need,
        name: impl Into<String>,
        test: impl FnOnce() + Send + 'static,
    ) -> &mut Self {
        if let Some(missing) = need.missing() {
            return self.not_run(need, name, missing);
        }
        let name = name.into();
        if need == Need::Docker {
            self.calm.insert(name.clone());
        }
        self.test(name, test)
    }

    fn not_run(&mut self, need: Need, name: impl Into<String>, missing: Unavailable) -> &mut Self {
        // `--include-ignored` runs it, too, and shall say what is missing.
        let trial = Trial::test(name, move || Err(missing.into()));
        if need.is_required() {
            self.trials.push(trial);
        } else {
            self.skipped.entry(need).or_default().push(self.trials.len());
            self.trials.push(trial.with_ignored_flag(true));
        }
        self
    }

    /// Adds a test that builds a project. Such tests share a target directory, so one runs after the other, from the
    /// beginning and beside all others; they are listed behind them. They take minutes, so that a run without a filter
    /// leaves them out, unless [`tests_all`](crate::tests_all).
    pub fn in_turn(
        &mut self,
        need: Need,
        name: impl Into<String>,
        test: impl FnOnce() + Send + 'static,
    ) -> &mut Self {
        if let Some(missing) = need.missing() {
            return self.not_run(need, name, missing);
        }
        let (name, limit) = (name.into(), self.limit);
        let (running, asked) = (name.clone(), name.clone());
        self.in_turn.push((name.clone(), Box::new(move || limited(&running, limit, || caught(test)))));
        self.trials.push(Trial::test(name, move || turns::outcome(&asked).map_err(Into::into)));
        self
    }

    /// Adds a test that runs inside network, mount and process namespaces of its process's own, at the same
    /// time as others of this kind. There the process may do as root does to network and mounts; the servers
    /// of [`crate::TestDatabase`] are those of that process, and listen at all its addresses.
    pub fn inside(
        &mut self,
        needs: &[Need],
        name: impl Into<String>,
        test: impl FnOnce() + Send + 'static,
    ) -> &mut Self {
        let name = name.into();
        if cell::is_inside() {
            self.inside.push((name, Box::new(test)));
            return self;
        }
        let needs = [&[Need::Namespaces], needs].concat();
        let missing = needs.iter().find(|need| need.missing().is_some()).unwrap_or(&Need::Namespaces);
        self.outside.push(self.trials.len());
        let asked = name.clone();
        self.needs(missing.clone(), name, move || {
            if let Err(said) = cell::result(&asked) {
                panic!("inside the namespaces: {said}");
            }
        })
    }

    /// Runs them all, ends the shared servers, and says what was not run.
    pub fn run(mut self) -> ExitCode {
        if cell::is_inside() {
            cell::run_inside(self.inside);
            end_shared();
            return ExitCode::SUCCESS;
        }
        let mut arguments = Arguments::from_args();
        arguments.test_threads.get_or_insert_with(threads);
        let trials = self.outside.iter().map(|&number| &self.trials[number]);
        let wanted = trials.filter(|trial| !arguments.is_filtered_out(trial));
        cell::want(wanted.map(|trial| trial.name().to_owned()).collect());
        self.leave_out_projects(&arguments);
        let notice = self.notice(&arguments);
        let before = databases_here();
        let is_successful = run_all(&arguments, self.trials, self.in_turn, &self.calm);
        cell::end();
        end_shared();
        // Not among the names that `--list` prints for other programs.
        if let (Some(notice), false) = (notice, arguments.list) {
            show(&notice);
        }
        let left: Vec<_> = databases_here().difference(&before).cloned().collect();
        if !left.is_empty() {
            show(&format!("\nA test left files in the package's directory: {}\n", left.join(", ")));
            return ExitCode::FAILURE;
        }
        // That of Rust's own test programs.
        if is_successful { ExitCode::SUCCESS } else { ExitCode::from(101) }
    }

    /// Lets the tests that build projects show as ignored, unless they were asked for.
    fn leave_out_projects(&mut self, arguments: &Arguments) {
        if tests_all() || arguments.filter.is_some() {
            return;
        }
        let names: BTreeSet<&str> = self.in_turn.iter().map(|(name, _)| name.as_str()).collect();
        let flagged = std::mem::take(&mut self.trials).into_iter().map(|trial| {
            let is_ignored = trial.has_ignored_flag() || names.contains(trial.name());
            trial.with_ignored_flag(is_ignored)
        });
        self.trials = flagged.collect();
        if !(arguments.ignored || arguments.include_ignored) {
            self.left_out = self.in_turn.drain(..).map(|(name, _)| name).collect();
        }
    }

    fn notice(&self, arguments: &Arguments) -> Option<String> {
        let mut lines = Vec::new();
        let is_wanted = |trial: &&Trial| !arguments.is_filtered_out(trial);
        let left_out =
            self.trials.iter().filter(|trial| self.left_out.contains(trial.name())).filter(is_wanted);
        let count = left_out.count();
        if count > 0 {
            lines.push(format!("{} NOT RUN: building projects takes minutes.", tests(count)));
            lines.push(format!("    To run them: {ALL}=1, or a part of their names behind `--`"));
        }
        for (need, trials) in &self.skipped {
            let count =
                trials.iter().filter(|&&number| !arguments.is_filtered_out(&self.trials[number])).count();
            if count > 0 {
                lines.push(match need.missing() {
                    Some(Unavailable::Broken { why }) => format!("{} NOT RUN: {why}", tests(count)),
                    _ => format!("{} NOT RUN: {need} is not installed.", tests(count)),
                });
                lines.push(format!("    To run them: {}", need.install()));
                lines.push(format!("    To fail without it: {REQUIRE}={}", need.name()));
            }
        }
        let bar = "!".repeat(78);
        (!lines.is_empty()).then(|| format!("\n{bar}\n{}\n{bar}\n", lines.join("\n")))
    }
}

fn tests(count: usize) -> String {
    format!("{count} {}", if count == 1 { "test was" } else { "tests were" })
}

/// Returns the SQLite files in the directory in which the tests run, and what SQLite and locks create beside
/// them. Tests must leave none.
fn databases_here() -> BTreeSet<String> {
    let names = fs::read_dir(".").into_iter().flatten().flatten();
    let names = names.filter_map(|file| file.file_name().into_string().ok());
    names.filter(|name| [".db", ".sqlite", ".lock"].iter().any(|part| name.contains(part))).collect()
}

/// Runs the trials, and returns whether none failed. Containers are measured with less beside them, so those tests come
/// first, one for each processor.
fn run_all(
    arguments: &Arguments,
    trials: Vec<Trial>,
    in_turn: Vec<(String, turns::Test)>,
    calm: &BTreeSet<String>,
) -> bool {
    let is_wanted = |trial: &Trial| !arguments.list && !arguments.is_filtered_out(trial);
    let (first, others): (Vec<_>, Vec<_>) =
        trials.into_iter().partition(|trial| is_wanted(trial) && calm.contains(trial.name()));
    let is_alone = !first.is_empty() && !others.iter().any(is_wanted);
    let is_successful = first.is_empty() || {
        let fewer = Arguments {
            test_threads: arguments.test_threads.map(|many| many.div_ceil(4)),
            ..arguments.clone()
        };
        !libtest_mimic::run(&fewer, first).has_failed()
    };
    if is_alone {
        return is_successful;
    }
    let names: BTreeSet<String> = in_turn.iter().map(|(name, _)| name.clone()).collect();
    let wanted: BTreeSet<&str> = others.iter().filter(|trial| is_wanted(trial)).map(Trial::name).collect();
    turns::start(in_turn.into_iter().filter(|(name, _)| wanted.contains(name.as_str())).collect());
    // What waits for them must not keep others from running.
    let (last, before): (Vec<_>, Vec<_>) = others.into_iter().partition(|trial| names.contains(trial.name()));
    let conclusion = libtest_mimic::run(arguments, before.into_iter().chain(last).collect());
    is_successful && !conclusion.has_failed()
}

/// Most tests wait for a server or for a program, most of the time.
fn threads() -> usize {
    4 * std::thread::available_parallelism().map_or(1, |number| number.get())
}

/// On both outputs, since one of them often goes to a file that nobody reads; once on a terminal that shows
/// both.
fn show(notice: &str) {
    let _ = writeln!(io::stderr(), "{notice}");
    if !(io::stdout().is_terminal() && io::stderr().is_terminal()) {
        let _ = writeln!(io::stdout(), "{notice}");
    }
}

/// The time that a test may take for the rounds that `MANAGE_TEST_ROUNDS` asks for.
fn time_for_rounds() -> Duration {
    let rounds: Option<u32> = std::env::var("MANAGE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    Duration::from_secs(30) * rounds.unwrap_or(0)
}
