//! The pauses between attempts: short at first, then longer.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use crate::database::Reason;
use crate::database::lookup::SHORTEST as LOOKUP;

/// The pauses of one wait.
///
/// A pause is a share of the time since the last change, within limits that depend on the last attempt's
/// result:
///
/// | the last attempt found | share | at first | after 10 s | after 60 s | longest |
/// |---|---|---|---|---|---|
/// | nothing that listens, or a server that is not ready | 1/300 | 30 ms | 33 ms | 200 ms | 1 s |
/// | the same, and something else less than 200 ms ago | | 3 ms | | | |
/// | an unknown host name | 1/300 | 100 ms | 100 ms | 200 ms | 1 s |
/// | a refused login or wrong settings | 1/100 | 50 ms | 100 ms | 600 ms | 1 s |
/// | no TLS, or another service | 1/10 | 500 ms | 1 s | 6 s | 10 s |
///
/// Each pause is up to a fifth longer, at random. So for a minute, the default time limit, a database that
/// becomes ready is noticed within a quarter of a second.
pub(super) struct Backoff<Clock = fn() -> Instant> {
    clock: Clock,
    /// The time of the start, or of the last change.
    since: Instant,
    has_changed: bool,
    count: u32,
    /// Hash keys that differ between processes, even if replicas in containers have the same process id.
    random: RandomState,
}

/// One row of the table.
struct Pace {
    shortest: Duration,
    /// The time since the last change is divided by this.
    divisor: u32,
    longest: Duration,
}

impl Backoff {
    /// Starts the clock.
    pub(super) fn new() -> Self {
        Self::with_clock(Instant::now)
    }
}

impl<Clock: Fn() -> Instant> Backoff<Clock> {
    fn with_clock(clock: Clock) -> Self {
        let since = clock();
        Self { clock, since, has_changed: false, count: 0, random: RandomState::new() }
    }

    /// Restarts the clock after a change, because more changes may follow soon.
    pub(super) fn reset(&mut self) {
        self.since = (self.clock)();
        self.has_changed = true;
    }

    /// Returns the next pause after an attempt that failed for this reason.
    pub(super) fn next(&mut self, reason: Reason) -> Duration {
        let passed = (self.clock)().saturating_duration_since(self.since);
        let is_changing = self.has_changed && passed < Duration::from_millis(200);
        let pace = Pace::after(reason, is_changing);
        self.count = self.count.wrapping_add(1);
        // Many replicas that start together must not probe at the same moments.
        let chance = (self.random.hash_one(self.count) >> 32) as f64 / f64::from(u32::MAX);
        let pause = (passed / pace.divisor).clamp(pace.shortest, pace.longest);
        pause.mul_f64(1.0 + chance / 5.0).min(pace.longest)
    }
}

impl Pace {
    fn after(reason: Reason, is_changing: bool) -> Self {
        let pace = |shortest: Duration, divisor: u32, longest: u64| Self {
            shortest,
            divisor,
            longest: Duration::from_secs(longest),
        };
        let ms = Duration::from_millis;
        match reason {
            // MySQL blocks a host that has interrupted a hundred handshakes.
            Reason::Tls | Reason::WrongService => pace(ms(500), 10, 10),
            // A server logs each of these.
            reason if !reason.is_transient() => pace(ms(50), 100, 1),
            // An earlier lookup would return the same result.
            Reason::UnknownHost => pace(LOOKUP, 300, 1),
            // A server that has just started to respond is ready soon.
            _ if is_changing => pace(ms(3), 300, 1),
            _ => pace(ms(30), 300, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const KINDS: [Reason; 5] =
        [Reason::Refused, Reason::StartingUp, Reason::UnknownHost, Reason::Credentials, Reason::Tls];

    /// Returns the shortest and the longest of many pauses, at this time after the start or, if there was
    /// one, the last change.
    fn pauses(passed: Duration, reason: Reason, has_changed: bool) -> (Duration, Duration) {
        let (start, elapsed) = (Instant::now(), Cell::new(Duration::ZERO));
        let mut backoff = Backoff::with_clock(|| start + elapsed.get());
        if has_changed {
            elapsed.set(Duration::from_secs(40));
            backoff.reset();
        }
        elapsed.set(elapsed.get() + passed);
        let pauses: Vec<Duration> = (0..1000).map(|_| backoff.next(reason)).collect();
        (*pauses.iter().min().expect("a pause"), *pauses.iter().max().expect("a pause"))
    }

    /// Returns the number of attempts in this many seconds, if attempts take no time.
    fn attempts(seconds: u64, reason: Reason) -> u32 {
        let (start, elapsed) = (Instant::now(), Cell::new(Duration::ZERO));
        let mut backoff = Backoff::with_clock(|| start + elapsed.get());
        let mut attempts = 0;
        while elapsed.get() < Duration::from_secs(seconds) {
            attempts += 1;
            elapsed.set(elapsed.get() + backoff.next(reason));
        }
        attempts
    }

    #[test]
    fn the_table_is_true() {
        let table = [
            (Reason::Refused, [30, 33, 200, 1_000]),
            (Reason::StartingUp, [30, 33, 200, 1_000]),
            (Reason::UnknownHost, [100, 100, 200, 1_000]),
            (Reason::Credentials, [50, 100, 600, 1_000]),
            (Reason::Tls, [500, 1_000, 6_000, 10_000]),
        ];
        for (reason, row) in table {
            for (seconds, expected) in [0, 10, 60, 3_600].into_iter().zip(row) {
                let (shortest, longest) = pauses(Duration::from_secs(seconds), reason, false);
                let expected = Duration::from_millis(expected);
                assert!(shortest >= expected, "{reason:?} after {seconds} s: {shortest:?}");
                assert!(longest <= expected.mul_f64(1.22), "{reason:?} after {seconds} s: {longest:?}");
            }
        }
    }

    #[test]
    fn a_change_makes_pauses_very_short_for_a_moment() {
        for (reason, shortens) in KINDS.into_iter().zip([true, true, false, false, false]) {
            for (ms, is_moment) in [(0, true), (199, true), (200, false)] {
                let (_, longest) = pauses(Duration::from_millis(ms), reason, true);
                let is_short = longest <= Duration::from_millis(4);
                assert_eq!(is_short, shortens && is_moment, "{reason:?} after {ms} ms: {longest:?}");
            }
        }
    }

    #[test]
    fn pauses_differ_up_to_the_longest() {
        for reason in KINDS {
            let (shortest, longest) = pauses(Duration::from_secs(5), reason, false);
            assert!(longest >= shortest.mul_f64(1.15), "{reason:?}: {shortest:?} to {longest:?}");
        }
        let same = |_| Backoff::new().next(Reason::Credentials);
        let pauses: Vec<Duration> = (0..8).map(same).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "every wait is in step: {pauses:?}");
    }

    #[test]
    fn readiness_is_noticed_within_a_quarter_of_a_second_for_a_minute() {
        for reason in [Reason::Refused, Reason::StartingUp, Reason::UnknownHost] {
            let (_, longest) = pauses(Duration::from_secs(60), reason, false);
            assert!(longest <= Duration::from_millis(250), "{reason:?}: {longest:?}");
        }
    }

    #[test]
    fn a_minute_has_a_bounded_number_of_attempts() {
        for (reason, most) in [(Reason::Refused, 800), (Reason::UnknownHost, 540), (Reason::Credentials, 330)]
        {
            let attempts = attempts(60, reason);
            assert!(attempts <= most, "{reason:?}: {attempts}");
        }
        // MySQL blocks a host after a hundred interrupted handshakes.
        assert!(attempts(600, Reason::Tls) < 100, "{}", attempts(600, Reason::Tls));
    }
}
