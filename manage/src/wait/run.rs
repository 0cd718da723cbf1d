//! Waits for several targets at the same time, within one time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::worker::{Worker, WorkerEvent};
use super::{FailFast, Observer, Outcome, Plan, State, WaitSummary};
use crate::database::{ConnectError, Reason};
use crate::error::Result;

/// The maximum age of an answer when the last target becomes ready. A target with an older answer is probed
/// again. Each such round doubles the maximum age; otherwise the answers of two slow targets could keep
/// expiring.
const FRESH: Duration = Duration::from_secs(1);

/// How long a worker has to report its error after the total time limit.
const REPORT_LIMIT: Duration = Duration::from_millis(100);

/// Probes every target repeatedly until all are ready, the time limit passes, or waiting will not help.
///
/// Each target has its own thread, which is not joined: even if one hangs, this returns in time.
///
/// # Errors
///
/// That targets are not ready is no error: see [`WaitSummary::outcome`]. An error of the observer ends the
/// wait and is returned, so an [`Observer::tick`] with `cx.check_cancelled()` stops it at a signal.
pub fn until_ready(plan: &Plan, observer: &mut dyn Observer) -> Result<WaitSummary> {
    until_ready_since(Instant::now(), plan, observer)
}

/// Like [`until_ready`], with a time limit that began earlier.
pub(crate) fn until_ready_since(
    start: Instant,
    plan: &Plan,
    observer: &mut dyn Observer,
) -> Result<WaitSummary> {
    let mut wait = Wait {
        plan,
        start,
        // If the clock cannot represent the time limit, there is none.
        deadline: plan.patience.total.and_then(|total| start.checked_add(total)),
        states: named_apart(plan),
        attempts: plan.targets.iter().map(|_| Arc::default()).collect(),
        answers: vec![None; plan.targets.len()],
        confirmations: 0,
    };
    observer.started(&wait.states)?;
    let outcome = wait.run(observer)?;
    wait.count();
    Ok(WaitSummary { outcome, states: wait.states, elapsed: start.elapsed() })
}

/// Returns the states of all targets. If two have the same name, their aliases or numbers distinguish them.
fn named_apart(plan: &Plan) -> Vec<State> {
    let mut states: Vec<State> = plan.targets.iter().map(super::Target::state).collect();
    let names: Vec<String> = states.iter().map(|state| state.name.clone()).collect();
    for (i, (state, target)) in states.iter_mut().zip(&plan.targets).enumerate() {
        if names.iter().filter(|name| **name == state.name).count() > 1 {
            let number = format!("no. {}", i + 1);
            state.name = format!("{} ({})", state.name, target.alias().unwrap_or(&number));
        }
    }
    states
}

struct Wait<'a> {
    plan: &'a Plan,
    start: Instant,
    deadline: Option<Instant>,
    states: Vec<State>,
    attempts: Vec<Arc<AtomicU32>>,
    /// When each ready target last answered.
    answers: Vec<Option<Instant>>,
    /// The number of confirmation rounds since the last failure.
    confirmations: u32,
}

impl Wait<'_> {
    fn run(&mut self, observer: &mut dyn Observer) -> Result<Outcome> {
        let (sender, news) = mpsc::channel();
        let spawn = |wait: &Self, index: usize, confirms: bool| -> Result<()> {
            let worker = Worker {
                index,
                target: wait.plan.targets[index].clone(),
                patience: wait.plan.patience.clone(),
                deadline: wait.deadline,
                attempts: Arc::clone(&wait.attempts[index]),
                confirms,
            };
            let sender = sender.clone();
            std::thread::Builder::new().name("manage-wait".to_owned()).spawn(move || worker.run(&sender))?;
            Ok(())
        };
        for index in 0..self.states.len() {
            spawn(self, index, false)?;
        }
        let mut failed = None;
        let mut tick = self.start + observer.tick_every();
        loop {
            if self.answers.iter().all(Option::is_some) {
                let stale = self.stale();
                if stale.is_empty() {
                    return Ok(Outcome::Ready);
                }
                self.confirmations += 1;
                for index in stale {
                    self.answers[index] = None;
                    spawn(self, index, true)?;
                }
            }
            let now = Instant::now();
            if now >= tick {
                self.count();
                observer.tick(&self.states, self.start.elapsed())?;
                tick = now + observer.tick_every();
            }
            let end = self.end();
            let until = end.map_or(tick, |end| end.min(tick));
            let (index, news) = match news.recv_timeout(until.saturating_duration_since(now)) {
                Ok(news) => news,
                Err(RecvTimeoutError::Timeout) if end.is_some_and(|end| Instant::now() >= end) => {
                    // A health check can have three results.
                    return Ok(if self.plan.patience.once { Outcome::NotReady } else { self.out_of_time() });
                }
                Err(_) => continue,
            };
            self.count();
            match news {
                WorkerEvent::Unavailable(error) => {
                    self.confirmations = 0;
                    self.states[index].reached = None;
                    self.states[index].error = Some(error);
                    observer.unavailable(&self.states, index, self.start.elapsed())?;
                }
                WorkerEvent::Answers => {
                    let name = self.states[index].name.clone();
                    let message = format!(
                        "reachable, but not yet stable for {} s",
                        self.plan.patience.stable_for.as_secs_f64()
                    );
                    self.states[index].error =
                        Some(ConnectError::of_service(&name, Reason::Unstable, message));
                    observer.unavailable(&self.states, index, self.start.elapsed())?;
                }
                WorkerEvent::Ready(reached) => {
                    let again = self.states[index].reached.is_some();
                    let state = &mut self.states[index];
                    state.reached = Some(reached);
                    state.error = None;
                    self.answers[index] = Some(Instant::now());
                    if !again {
                        self.states[index].elapsed = self.start.elapsed();
                        observer.ready(&self.states, index, self.start.elapsed())?;
                    }
                }
                WorkerEvent::Panicked(payload) => std::panic::resume_unwind(payload),
                WorkerEvent::Misconfigured => return Ok(Outcome::Misconfigured),
                // The other targets also get one attempt.
                WorkerEvent::NotReady => {
                    self.answers[index] = Some(Instant::now());
                    failed = Some(Outcome::NotReady);
                }
            }
            if self.plan.patience.once && self.answers.iter().all(Option::is_some) {
                return Ok(failed.unwrap_or(Outcome::Ready));
            }
        }
    }

    /// Returns the outcome after a timeout. A known configuration error takes precedence even before its own
    /// time limit, because it is more specific than a timeout.
    fn out_of_time(&self) -> Outcome {
        let is_wrong = |state: &State| {
            state.reached.is_none() && state.error.as_ref().is_some_and(|error| !error.reason.is_transient())
        };
        match self.plan.patience.fail_fast {
            FailFast::After(_) if self.states.iter().any(is_wrong) => Outcome::Misconfigured,
            _ => Outcome::TimedOut,
        }
    }

    /// Returns the deadline. A target that has not reported anything yet gets extra time to report its error.
    fn end(&self) -> Option<Instant> {
        let silent = self.states.iter().any(|state| state.error.is_none() && state.reached.is_none());
        self.deadline.map(|deadline| if silent { deadline + REPORT_LIMIT } else { deadline })
    }

    /// Returns the targets whose last answer is too old to rely on.
    fn stale(&self) -> Vec<usize> {
        let allowed = FRESH.saturating_mul(1 << self.confirmations.min(16));
        let old = |answer: &Option<Instant>| answer.is_some_and(|at| at.elapsed() > allowed);
        (0..self.answers.len()).filter(|index| old(&self.answers[*index])).collect()
    }

    fn count(&mut self) {
        for (state, attempts) in self.states.iter_mut().zip(&self.attempts) {
            state.attempts = attempts.load(Ordering::Relaxed);
        }
    }
}
