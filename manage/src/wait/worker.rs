//! Asks one target again and again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::diagnose::diagnose;
use super::refusal::Refusal;
use super::{Backoff, FailFast, Patience, Reached, Target};
use crate::database::{ConnectError, Life, Reason};

/// What a worker tells.
pub(super) enum News {
    /// It is not ready, for another reason than before.
    Unavailable(ConnectError),
    /// It answers; now it must go on to.
    Answers,
    Ready(Reached),
    /// The error that was told last is final.
    Misconfigured,
    /// The single attempt failed.
    NotReady,
    /// A driver, or we, have a bug. The wait must not go on without this target.
    Panicked(Box<dyn Any + Send>),
}

pub(super) struct Worker {
    pub(super) index: usize,
    pub(super) target: Target,
    pub(super) patience: Patience,
    pub(super) deadline: Option<Instant>,
    pub(super) attempts: Arc<AtomicU32>,
    /// Whether it was ready before, so that one more answer is enough.
    pub(super) confirms: bool,
}

/// The longest that one attempt may take, unless the patience says more.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(60);

/// How long something odd must answer before it is looked at: a server that just stops is odd for a moment.
const ODD_FOR: Duration = Duration::from_millis(500);

impl Worker {
    /// Works until the target is ready or given up, or nobody listens any more.
    pub(super) fn run(mut self, sender: &Sender<(usize, News)>) {
        let index = self.index;
        let work = AssertUnwindSafe(|| self.work(|news| sender.send((index, news)).is_ok()));
        #[cfg(feature = "network")]
        let work = AssertUnwindSafe(|| crate::database::Background::here(work));
        if let Err(payload) = catch_unwind(work) {
            let _ = sender.send((index, News::Panicked(payload)));
        }
    }

    fn work(&mut self, mut tell: impl FnMut(News) -> bool) {
        let mut backoff = Backoff::new();
        let mut limit = self.patience.attempt;
        let mut standing: Option<Standing> = None;
        let mut steady: Option<Instant> = None;
        let mut life: Option<Life> = None;
        let mut refusal = Refusal::default();
        loop {
            self.attempts.fetch_add(1, Ordering::Relaxed);
            let refused = standing.as_ref().filter(|standing| standing.reason == Reason::Refused);
            let limit_now = self.left().map_or(limit, |left| left.min(limit));
            let answer = match refused {
                // A driver's attempt costs more than a socket's.
                Some(refused) if refusal.stands(&self.target, limit_now) => Err(refused.error.clone()),
                _ => self.target.attempt_of_life(limit_now, !self.patience.stable_for.is_zero()),
            };
            let answer = match answer {
                // It went and came back between two questions.
                Ok((_, Some(now))) if life.as_ref().is_some_and(|before| now.is_after(before)) => {
                    life = Some(now);
                    let name = self.target.to_string();
                    Err(ConnectError::of_service(&name, Reason::Closed, "it was restarted meanwhile"))
                }
                Ok((reached, now)) => {
                    life = now.or(life);
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
                        tell(News::Ready(reached));
                        return;
                    }
                    if first && !tell(News::Answers) {
                        return;
                    }
                    let pause = self.target.steady_pause(self.patience.stable_for);
                    std::thread::sleep(pause.min(self.patience.stable_for - answers_for));
                    continue;
                }
                Err(error) => error,
            };
            steady = None;
            self.confirms = false;
            // A server that cut a statement short says so with a code: that was no limit of ours.
            let ran_out = error.reason == Reason::TimedOut && error.code.is_none();
            let cut_short = limit_now < limit && ran_out;
            if cut_short && standing.is_some() {
                // The time that was left was no fair trial: what stood before it is the reason.
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
            // Told before the look, which takes its time with a server that is silent.
            if !std::mem::replace(&mut now.told, true) && !tell(News::Unavailable(now.error.clone())) {
                return;
            }
            // What is final is told as well as it can be.
            let at_once = self.patience.once || now.is_final(&self.patience);
            let looked = now.look(&self.target, at_once);
            if looked && !tell(News::Unavailable(now.error.clone())) {
                return;
            }
            let is_final = now.is_final(&self.patience);
            if is_final || self.patience.once {
                tell(if is_final { News::Misconfigured } else { News::NotReady });
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

/// A failure that is the same again and again.
struct Standing {
    reason: Reason,
    code: Option<String>,
    since: Instant,
    /// What is told of it: more than the attempt said, once the peer was looked at.
    error: ConnectError,
    told: bool,
    looked: bool,
}

impl Standing {
    fn of(error: ConnectError) -> Self {
        let (reason, code) = (error.reason, error.code.clone());
        Self { reason, code, since: Instant::now(), error, told: false, looked: false }
    }

    fn is(&self, error: &ConnectError) -> bool {
        // Whether a connection was closed or reset is a matter of microseconds.
        self.reason == error.reason && (self.code == error.code || self.reason == Reason::Closed)
    }

    /// Looks at who answers there instead, once. True if there is more to tell now.
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
