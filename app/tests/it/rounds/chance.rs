//! What is random, and repeatable.

use std::time::Duration;

/// Numbers from a seed (SplitMix64).
pub(super) struct Chance(u64);

/// What happens to a server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Sleep(Duration),
    Stop,
    Kill,
    Pause,
    Resume,
    Start,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }

    /// Some milliseconds, short ones more often.
    pub(super) fn millis(&mut self, least: u64, most: u64) -> Duration {
        let span = most - least + 1;
        let (one, other) = (self.next() % span, self.next() % span);
        Duration::from_millis(least + one.min(other))
    }

    /// What happens to a server that is up, until it stays up, or is down.
    pub(super) fn plan(&mut self, ends_up: bool) -> Vec<Step> {
        let mut plan = Vec::new();
        for i in 0..1 + self.next() % 3 {
            // The first trouble begins before the program does, more often than not.
            plan.push(Step::Sleep(if i == 0 { self.millis(0, 400) } else { self.millis(0, 900) }));
            let (away, back) = match self.next() % 4 {
                0 => (Step::Stop, Step::Start),
                1 => (Step::Kill, Step::Start),
                _ => (Step::Pause, Step::Resume),
            };
            plan.extend([away, Step::Sleep(self.millis(0, 1300))]);
            // A suspended process may die that way.
            let dies = matches!(away, Step::Pause) && self.one_in(4);
            plan.extend(if dies { vec![Step::Kill, Step::Start] } else { vec![back] });
        }
        if !ends_up {
            plan.extend([
                Step::Sleep(self.millis(0, 500)),
                if self.one_in(2) { Step::Kill } else { Step::Stop },
            ]);
        }
        plan
    }
}
