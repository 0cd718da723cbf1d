//! Tries again what waited too long for a lock, or was in a deadlock. Meanwhile those who came after it get
//! their turn.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use super::apply::Notes;
use super::contention::{Contended, Contention};
use super::failure::Failure;
use super::interrupt::Interrupt;
use crate::console::printable;
use crate::database::Connection;

/// The pause after the first try. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, before jitter.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The tries of a migration, or of a statement outside of a transaction.
pub(super) struct Retries {
    tried: u32,
    of: u32,
    pause: Duration,
}

impl Retries {
    pub(super) fn new(of: u32) -> Self {
        Self { tried: 1, of, pause: FIRST_PAUSE }
    }

    /// Pauses and returns `None` if a failure is to be tried again; otherwise returns the failure, with the
    /// session that is in the way.
    pub(super) fn again(
        &mut self,
        connection: &mut Connection,
        failure: Failure,
        interrupt: &Interrupt,
        notes: &mut Notes<'_>,
    ) -> Option<Failure> {
        let Some(Contended { contention, line, names }) = failure.contended() else { return Some(failure) };
        if interrupt.check().is_err() {
            return Some(failure);
        }
        let blocker = connection.operations().blocker(connection, &names);
        let in_use =
            blocker.as_ref().map(|blocker| format!(": {}", printable(&blocker.text))).unwrap_or_default();
        if self.tried >= self.of {
            let tries =
                if self.of == 1 { String::new() } else { format!(" It was tried {} times.", self.of) };
            let end = blocker.and_then(|blocker| blocker.end_sql);
            let end = end.map(|sql| format!(" To end that session: {sql};")).unwrap_or_default();
            return Some(failure.with_remedy(Some(match contention {
                Contention::LockTimeout => format!(
                    "Another session holds the lock{in_use}.{tries}{end} Run `migrate` again once the lock is free, or \
                     wait longer with --table-lock-timeout or --table-lock-tries."
                ),
                Contention::Deadlock => format!(
                    "Another session waited for this one, and this one for it{in_use}.{tries} Run `migrate` again once \
                     that session is done, or try more often with --table-lock-tries."
                ),
            })));
        }
        self.tried += 1;
        let pause = jittered(self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        let place = line.map_or_else(|| "It".to_owned(), |line| format!("Line {line}"));
        let what = match contention {
            Contention::LockTimeout => "waited too long for a lock of another session",
            Contention::Deadlock => "was in a deadlock with another session",
        };
        let text = format!(
            "{place} {what}{in_use}. Trying again in {:.1} s ({} of {}).",
            pause.as_secs_f64(),
            self.tried,
            self.of
        );
        if let Err(error) = notes.retry(&text) {
            return Some(Failure::Stopped(error));
        }
        interrupt.sleep(pause);
        None
    }
}

/// Returns a pause between half and one and a half of this one, so that several programs do not try in step.
fn jittered(pause: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or_default();
    pause / 2 + pause.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_and_stay_in_their_range() {
        let pauses: Vec<Duration> = (0..20).map(|_| jittered(FIRST_PAUSE)).collect();
        let range = FIRST_PAUSE / 2..=FIRST_PAUSE * 3 / 2;
        assert!(pauses.iter().all(|pause| range.contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }
}
