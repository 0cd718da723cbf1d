//! Probes one target repeatedly.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::diagnose::diagnose;
use super::refusal::Refusal;
use super::{FailFast, Patience, ReadyTarget, Target};
use crate::database::{ConnectError, Reason, ServerInstance};

/// An event from a worker.
pub(super) enum WorkerEvent {
    /// It is not ready, for a new reason.
    Unavailable(ConnectError),
    /// It answers, but must keep answering.
    Answers,
    Ready(ReadyTarget),
    /// The last reported error is permanent.
    Misconfigured,
    /// The single attempt failed.
    NotReady,
    /// A panic, caused by a bug here or in a driver. The wait must not continue without this target.
    Panicked(Box<dyn Any + Send>),
}

pub(super) struct Worker {
    pub(super) index: usize,
    pub(super) target: Target,
    pub(super) patience: Patience,
    pub(super) deadline: Option<Instant>,
    pub(super) attempts: Arc<AtomicU32>,
    /// Whether it was ready before, so that one answer is enough.
    pub(super) confirms: bool,
}

/// The maximum time limit of one attempt, unless the configured one is longer.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(60);

/// How long an unexpected answer must persist before it is diagnosed: a server that is shutting down may
/// answer unexpectedly for a moment.
const ODD_FOR: Duration = Duration::from_millis(500);

impl Worker {
    /// Runs until the target is ready or has failed permanently, or the receiver is dropped.
    pub(super) fn run(mut self, sender: &Sender<(usize, WorkerEvent)>) {
        let index = self.index;
        let work = AssertUnwindSafe(|| self.work(|news| sender.send((index, news)).is_ok()));
        let work = AssertUnwindSafe(|| crate::database::Background::here(work));
        if let Err(payload) = catch_unwind(work) {
            let _ = sender.send((index, WorkerEvent::Panicked(payload)));
        }
    }

    fn work(&mut self, mut tell: impl FnMut(WorkerEvent) -> bool) {
        let mut backoff = Backoff::new();
        let mut limit = self.patience.attempt;
        let mut standing: Option<Standing> = None;
        let mut steady: Option<Instant> = None;
        let mut instance: Option<ServerInstance> = None;
        let mut refusal = Refusal::default();
        loop {
            self.attempts.fetch_add(1, Ordering::Relaxed);
            let refused = standing.as_ref().filter(|standing| standing.reason == Reason::Refused);
            let limit_now = self.left().map_or(limit, |left| left.min(limit));
            let answer = match refused {
                // An attempt by a driver costs more than one by a socket.
                Some(refused) if refusal.still_refuses(&self.target, limit_now) => Err(refused.error.clone()),
                _ => self.target.attempt_with_instance(limit_now, !self.patience.stable_for.is_zero()),
            };
            let answer = match answer {
                // The server was restarted between two attempts.
                Ok((_, Some(now))) if instance.as_ref().is_some_and(|before| now.is_after(before)) => {
                    instance = Some(now);
                    let name = self.target.to_string();
                    Err(ConnectError::of_service(&name, Reason::Closed, "it was restarted meanwhile"))
                }
                Ok((reached, now)) => {
                    instance = now.or(instance);
                    Ok(reached)
                }
                Err(error) => Err(error),
            };
            let error = match answer {
                Ok(reached) => {
                    standing = None;
                    let first = steady.is_none();
                    let answers_for = steady.get_or_insert_with(Instant::now).elapsed();
                    if self.confirms || answers_for >= self.patience.stable_for {
                        tell(WorkerEvent::Ready(reached));
                        return;
                    }
                    if first && !tell(WorkerEvent::Answers) {
                        return;
                    }
                    let pause = self.target.steady_pause(self.patience.stable_for);
                    std::thread::sleep(pause.min(self.patience.stable_for - answers_for));
                    continue;
                }
                Err(error) => error,
            };
            let has_answered = steady.take().is_some();
            self.confirms = false;
            // If a server cancels a statement, it sends a code: then the error is not this worker's own time
            // limit.
            let ran_out = error.reason == Reason::TimedOut && error.code.is_none();
            let cut_short = limit_now < limit && ran_out;
            if cut_short && (standing.is_some() || has_answered) {
                // The remaining time was too short for an attempt: what was reported before is the real reason.
                return;
            }
            if ran_out {
                limit = (limit * 2).min(LONGEST_ATTEMPT.max(self.patience.attempt));
            }
            let now = match standing.take() {
                Some(before) if before.is(&error) => before,
                _ => {
                    backoff.reset();
                    Standing::of(error)
                }
            };
            let now = standing.insert(now);
            // The error is reported before the diagnosis, which takes a while if the server is silent.
            if !std::mem::replace(&mut now.reported, true)
                && !tell(WorkerEvent::Unavailable(now.error.clone()))
            {
                return;
            }
            // A permanent error is reported with the best available explanation.
            let at_once = self.patience.once || now.is_final(&self.patience);
            let looked = now.look(&self.target, at_once);
            if looked && !tell(WorkerEvent::Unavailable(now.error.clone())) {
                return;
            }
            let is_final = now.is_final(&self.patience);
            if is_final || self.patience.once {
                tell(if is_final { WorkerEvent::Misconfigured } else { WorkerEvent::NotReady });
                return;
            }
            let pause = backoff.next(now.error.reason);
            match self.left() {
                Some(left) if left.is_zero() => return,
                left => std::thread::sleep(left.map_or(pause, |left| left.min(pause))),
            }
        }
    }

    fn left(&self) -> Option<Duration> {
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        self.deadline.map(left)
    }
}

/// A persistent failure.
struct Standing {
    reason: Reason,
    code: Option<String>,
    since: Instant,
    /// The error to report: more specific than the attempt's own, once the server was diagnosed.
    error: ConnectError,
    reported: bool,
    looked: bool,
}

impl Standing {
    fn of(error: ConnectError) -> Self {
        let (reason, code) = (error.reason, error.code.clone());
        Self { reason, code, since: Instant::now(), error, reported: false, looked: false }
    }

    fn is(&self, error: &ConnectError) -> bool {
        // Whether a connection was closed or reset depends on microseconds.
        self.reason == error.reason && (self.code == error.code || self.reason == Reason::Closed)
    }

    /// Diagnoses once which server answers instead. Returns whether there is a new error to report.
    fn look(&mut self, target: &Target, at_once: bool) -> bool {
        let due = at_once || self.reason == Reason::TimedOut || self.since.elapsed() >= ODD_FOR;
        if self.looked || !due {
            return false;
        }
        self.looked = true;
        let Some(found) = diagnose(target, &self.error) else { return false };
        self.error = found;
        true
    }

    fn is_final(&self, patience: &Patience) -> bool {
        match patience.fail_fast {
            FailFast::After(limit) => {
                !self.error.reason.is_transient() && (patience.once || self.since.elapsed() >= limit)
            }
            FailFast::Never => false,
        }
    }
}
