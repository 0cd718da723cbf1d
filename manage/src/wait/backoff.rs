//! How long to pause between two attempts: fast at first, then polite.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use crate::database::Reason;
use crate::database::lookup::SHORTEST;

/// The pauses of one wait: some hundredths of a second for as long as a database usually takes to start, then growing to one second.
#[derive(Debug)]
pub struct Backoff {
    since: Instant,
    /// Whether `since` is a change, and not the start.
    changed: bool,
    count: u32,
    /// What this process had worked when it started.
    worked: Duration,
    /// Random, as replicas in containers have the same process id.
    seed: u64,
}

impl Backoff {
    /// For so long after the start, or the last change, no pause is longer than the shortest of its kind.
    const FAST_FOR: Duration = Duration::from_secs(10);
    const LONGEST: Duration = Duration::from_secs(1);
    /// The same for a name that is not known: for so long it is noticed within a quarter of a second.
    const LOOKED_UP_FOR: Duration = Duration::from_secs(60);
    /// A server that has just begun to answer is ready within a moment: for so long after a change there is hardly a pause.
    const MOMENT: Duration = Duration::from_millis(200);

    /// Starts fast.
    #[expect(clippy::new_without_default, reason = "it starts a clock")]
    pub fn new() -> Self {
        // The standard library's hashers have random keys.
        let seed = RandomState::new().build_hasher().finish();
        Self { since: Instant::now(), changed: false, count: 0, worked: cpu_time(), seed }
    }

    /// Starts anew: something has changed, and more may follow soon.
    pub fn reset(&mut self) {
        self.since = Instant::now();
        self.changed = true;
    }

    /// The next pause after an attempt that failed for this reason, give or take a fifth.
    pub fn next(&mut self, reason: Reason) -> Duration {
        self.count = self.count.saturating_add(1);
        let passed = self.since.elapsed();
        let shortest = match reason {
            // MySQL blocks a host that has left too often in the middle of its greeting.
            Reason::Tls | Reason::WrongService => Duration::from_millis(500),
            // A server writes each refused login into its log.
            reason if !reason.is_transient() => {
                Duration::from_millis(20).max(passed.min(Self::FAST_FOR) / 100)
            }
            // Others share the name server, which may limit how often it is asked.
            Reason::UnknownHost => SHORTEST + (passed / 200).min(SHORTEST / 4),
            _ if self.changed && passed < Self::MOMENT => Duration::from_millis(3),
            reason => {
                // From one in 14 ms to one in 54 ms, as most databases appear soon; but as often as a two-hundredth of a
                // processor allows. A server that is up costs more, as it is logged in to.
                let most = (Duration::from_millis(14) + passed / 250).min(Duration::from_millis(54));
                let most = if is_silent(reason) { most } else { most * 2 };
                let cost = cpu_time().saturating_sub(self.worked) / self.count;
                (cost * 200).clamp(Duration::from_millis(9), most)
            }
        };
        let longest = match reason {
            Reason::Tls | Reason::WrongService => Self::LONGEST * 10,
            _ => Self::LONGEST,
        };
        let (fast_for, least) = match reason {
            Reason::UnknownHost => (Self::LOOKED_UP_FOR, 1.0),
            _ => (Self::FAST_FOR, 0.8),
        };
        // From the tenth second on an eighth of what has passed since then.
        let pause = (passed.saturating_sub(fast_for) / 8).clamp(shortest, longest);
        pause.mul_f64(least + (1.2 - least) * self.jitter()).min(longest)
    }

    /// Between 0 and 1. Many replicas that start together should not ask together.
    fn jitter(&self) -> f64 {
        let seed = self.seed.wrapping_add(u64::from(self.count));
        let mixed =
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        f64::from((mixed >> 40) as u32) / f64::from(1 << 24)
    }
}

/// Whether nobody was there to log in to.
fn is_silent(reason: Reason) -> bool {
    matches!(reason, Reason::Refused | Reason::Unreachable | Reason::Socket | Reason::NotThere)
}

/// How long the processors have worked for this process.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(passed: Duration, reason: Reason) -> (Duration, Duration) {
        let mut backoff = Backoff::new();
        backoff.since = Instant::now().checked_sub(passed).expect("a machine that has run for a while");
        let pauses: Vec<Duration> = (0..1000).map(|_| backoff.next(reason)).collect();
        (*pauses.iter().min().unwrap(), *pauses.iter().max().unwrap())
    }

    #[test]
    fn it_starts_fast_and_stays_so_for_ten_seconds() {
        for seconds in [0, 9] {
            let (shortest, longest) = pauses(Duration::from_secs(seconds), Reason::Refused);
            assert!(shortest >= Duration::from_millis(7) && longest <= Duration::from_millis(65));
        }
    }

    #[test]
    fn names_are_looked_up_ten_times_a_second_at_most_and_noticed_within_a_quarter() {
        for seconds in [0, 5, 59] {
            let (shortest, longest) = pauses(Duration::from_secs(seconds), Reason::UnknownHost);
            assert!(shortest >= Duration::from_millis(100) && longest <= Duration::from_millis(150));
        }
        let (shortest, _) = pauses(Duration::from_secs(90), Reason::UnknownHost);
        assert!(shortest >= Duration::from_secs(1));
    }

    #[test]
    fn no_two_waits_have_the_same_pauses() {
        assert_ne!(Backoff::new().jitter(), Backoff::new().jitter());
    }

    #[test]
    fn it_grows_to_a_second_and_pauses_differ() {
        let (shortest, longest) = pauses(Duration::from_secs(40), Reason::Refused);
        assert!(shortest >= Duration::from_millis(800) && longest <= Duration::from_secs(1));
        assert!(longest - shortest > Duration::from_millis(100));
    }

    #[test]
    fn broken_greetings_are_few() {
        for reason in [Reason::Tls, Reason::WrongService] {
            let (shortest, _) = pauses(Duration::ZERO, reason);
            assert!(shortest >= Duration::from_millis(400));
            let (shortest, longest) = pauses(Duration::from_secs(200), reason);
            assert!(shortest >= Duration::from_secs(8) && longest <= Duration::from_secs(10));
        }
    }

    #[test]
    fn refused_logins_are_rarer() {
        let (shortest, longest) = pauses(Duration::from_secs(5), Reason::Credentials);
        assert!(shortest >= Duration::from_millis(40) && longest <= Duration::from_millis(61));
    }

    #[test]
    fn a_change_makes_it_fast_again() {
        let mut backoff = Backoff::new();
        backoff.since =
            Instant::now().checked_sub(Duration::from_secs(40)).expect("a machine that has run for a while");
        backoff.reset();
        assert!(backoff.next(Reason::StartingUp) <= Duration::from_millis(4));
    }
}
