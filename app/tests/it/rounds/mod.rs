//! `wait_for_db` against servers that start, stop, crash, hang and restart at random moments, with random
//! options.
//!
//! Random choices come from a seed, which a failure prints: `MANAGE_TEST_SEED=… MANAGE_TEST_ROUNDS=1` plays
//! that round again. `MANAGE_TEST_ROUNDS=200` plays more of them than an ordinary run.

mod chance;
mod several;
mod truth;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, thread};

use manage_test_support::{Need, Program, Transcript, case, needs};

use chance::Chance;
use truth::{Server, Truth};

pub(crate) const SEED: &str = "MANAGE_TEST_SEED";
const ROUNDS: &str = "MANAGE_TEST_ROUNDS";

/// How long its report may take once the last server is up and stays up, on a busy machine.
const BOUND: Duration = Duration::from_secs(20);

/// How old an answer may be when readiness is reported: nothing but the way through a busy machine, and for
/// several targets the second for which an answer holds.
const LATE: Duration = Duration::from_millis(500);
const FRESH: Duration = Duration::from_secs(1);

/// How long a server must be away within the time of `--stable-for` to be missed for certain, and how well
/// moments are known.
const GAP: Duration = Duration::from_millis(500);
const MARGIN: Duration = Duration::from_millis(100);

#[case(needs(Need::Postgres))]
fn postgres() {
    play(&[Server::postgres]);
}

#[cfg(feature = "mysql")]
#[case(needs(Need::MariaDb))]
fn mariadb() {
    play(&[Server::mariadb]);
}

#[cfg(feature = "mysql")]
#[case(needs_both)]
fn both() {
    play(&[Server::postgres, Server::mariadb]);
}

/// The tests above report that one of them is missing.
#[cfg(feature = "mysql")]
fn needs_both(suite: &mut manage_test_support::Suite, name: &manage_test_support::CaseName, test: fn()) {
    let missing = [Need::Postgres, Need::MariaDb].into_iter().find(|need| need.missing().is_some());
    suite.needs(missing.unwrap_or(Need::MariaDb), name, test);
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Plays the rounds, several at a time, each player with servers of its own.
fn play(kinds: &[fn() -> Server]) {
    let rounds = number(ROUNDS).unwrap_or(4);
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64);
    let seed = number(SEED).unwrap_or_else(clock);
    let next = AtomicU64::new(0);
    let tally = Mutex::new(std::collections::BTreeMap::<Option<i32>, u32>::new());
    thread::scope(|scope| {
        let players = (rounds / 4).clamp(1, 3);
        let play = || {
            let servers: Vec<Server> = kinds.iter().map(|kind| kind()).collect();
            loop {
                let round = next.fetch_add(1, Ordering::Relaxed);
                if round >= rounds {
                    return Ok::<(), String>(());
                }
                let seed = seed.wrapping_add(round);
                let code = Round::new(seed, &servers).play().map_err(|wrong| {
                    next.store(rounds, Ordering::Relaxed);
                    let said: Vec<String> = servers.iter().map(Server::story).collect();
                    format!("{SEED}={seed} {ROUNDS}=1: {wrong}\n{}", said.join("\n"))
                })?;
                *tally.lock().expect("no panic").entry(code).or_default() += 1;
            }
        };
        let handles: Vec<_> = (0..players).map(|_| scope.spawn(play)).collect();
        for handle in handles {
            match handle.join() {
                Ok(played) => played.unwrap_or_else(|wrong| panic!("{wrong}")),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    // For those who ask for more than an ordinary run.
    if number(ROUNDS).is_some() {
        let tally = tally.into_inner().expect("no panic");
        let names: String = tally.iter().map(|(code, count)| format!(" {count} with {code:?}")).collect();
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "{rounds} rounds from {SEED}={seed} on:{names}");
    }
}

struct Round<'a> {
    chance: Chance,
    servers: &'a [Server],
    stable_for: Duration,
    once: bool,
    /// Whether the servers are up at the end.
    ends_up: bool,
    timeout: Duration,
}

impl<'a> Round<'a> {
    fn new(seed: u64, servers: &'a [Server]) -> Self {
        let mut chance = Chance::new(seed);
        let once = chance.one_in(6);
        let ends_up = !chance.one_in(6);
        let stable_for = if !once && chance.one_in(3) { chance.millis(300, 2500) } else { Duration::ZERO };
        let timeout = if ends_up { BOUND * 5 } else { chance.millis(300, 2500) };
        Self { chance, servers, stable_for, once, ends_up, timeout }
    }

    fn play(mut self) -> Result<Option<i32>, String> {
        for server in self.servers {
            server.begin();
        }
        let (program, delay) = (self.program(), self.chance.millis(0, 1500));
        let plans: Vec<_> = self.servers.iter().map(|_| self.chance.plan(self.ends_up)).collect();
        thread::scope(|scope| {
            let servers: Vec<_> = self
                .servers
                .iter()
                .zip(plans)
                .map(|(server, plan)| {
                    scope.spawn(move || plan.into_iter().for_each(|step| server.step(step)))
                })
                .collect();
            thread::sleep(delay);
            let start = Instant::now();
            let running = program.spawn();
            let shown = running.pid();
            let waiter = scope.spawn(move || running.wait(BOUND * 6));
            for server in servers {
                server.join().map_err(|_| "a server does not start or stop".to_owned())?;
            }
            let settled = Instant::now();
            if self.ends_up {
                self.servers.iter().try_for_each(Server::answers)?;
            }
            let transcript = waiter.join().map_err(|_| format!("no transcript of {shown}"))?;
            self.judge(start, settled, &transcript)
                .map(|()| transcript.code())
                .map_err(|wrong| format!("{wrong}\n{transcript}"))
        })
    }

    fn program(&mut self) -> Program {
        let mut program = Program::new(env!("CARGO_BIN_EXE_manage"));
        for (i, server) in self.servers.iter().enumerate() {
            let name = if i == 0 { "DATABASE_URL".to_owned() } else { format!("DATABASE_URL_{i}") };
            program = program.env(name, server.url());
        }
        let seconds = |time: Duration| time.as_secs_f64().to_string();
        program =
            program.args(["wait_for_db", "--all", "--format", "json", "--timeout", &seconds(self.timeout)]);
        if self.once {
            program = program.arg("--once");
        }
        if !self.stable_for.is_zero() {
            program = program.args(["--stable-for", &seconds(self.stable_for)]);
        }
        if !self.once && self.chance.one_in(3) {
            program = program.args(["--attempt-timeout", &seconds(self.chance.millis(30, 500))]);
        }
        program
    }

    fn judge(&self, start: Instant, settled: Instant, transcript: &Transcript) -> Result<(), String> {
        let end = start + transcript.duration;
        if transcript.timed_out.is_some() {
            return Err("it hangs".to_owned());
        }
        let summary = transcript.stdout.lines().last().unwrap_or_default();
        let summary: serde_json::Value =
            serde_json::from_str(summary).map_err(|_| "no summary".to_owned())?;
        let Some(code) = transcript.code() else { return Err("a signal ended it".to_owned()) };
        if summary["exit_code"] != code || !transcript.stderr.is_empty() {
            return Err("the summary says something else, or there is more on stderr".to_owned());
        }
        // What it says of itself counts from a moment after its start.
        let reported =
            start + Duration::from_secs_f64(summary["elapsed_seconds"].as_f64().unwrap_or_default());
        match code {
            0 => self.was_ready(reported, end)?,
            1 if self.once => {
                let fair = self.timeout >= BOUND;
                if fair && self.servers.iter().all(|server| server.was(Truth::Up, start, end)) {
                    return Err("not ready, though every server was up all the time".to_owned());
                }
            }
            124 if !self.once => {
                if self.ends_up {
                    return Err("time ran out, though the servers are up".to_owned());
                }
                if reported + Duration::from_millis(20) < start + self.timeout
                    || end > start + self.timeout + BOUND
                {
                    return Err("it did not end when its time was up".to_owned());
                }
            }
            _ => return Err("a wrong exit code".to_owned()),
        }
        if self.ends_up && end > settled.max(start) + self.stable_for + BOUND {
            return Err("it was reported too late".to_owned());
        }
        Ok(())
    }

    /// Whether each server lived in the moments before it was reported, and for long enough.
    fn was_ready(&self, reported: Instant, end: Instant) -> Result<(), String> {
        let late = if self.servers.len() > 1 { LATE + FRESH } else { LATE };
        for server in self.servers {
            if server.was_dead(reported.checked_sub(late).unwrap_or(reported), end) {
                return Err("ready, though the server was dead or suspended in the moments before".to_owned());
            }
            // Of several targets each has its own time, and is asked once more at the end.
            if self.servers.len() == 1 && self.stable_for > GAP + MARGIN * 2 {
                let (from, to) =
                    (reported - self.stable_for + MARGIN, reported.checked_sub(MARGIN).unwrap_or(reported));
                if server.was_down_for(GAP, from, to) {
                    return Err(
                        "ready, though the server was down within the time of --stable-for".to_owned()
                    );
                }
            }
        }
        Ok(())
    }
}
