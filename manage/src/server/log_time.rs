//! The time of a line in the log.

use std::cell::RefCell;
use std::thread::LocalKey;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, Utc};
use serde::{Serialize, Serializer};

/// The time of a line: a reading of the monotonic clock, which also measures the request. The system's clock
/// is read once a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogTime(pub(super) Instant);

const SECOND: Duration = Duration::from_secs(1);

/// A second of the system's clock as text, which many lines share.
struct Second {
    text: String,
    /// When the next one begins.
    ends: Option<Instant>,
    format: fn(SystemTime) -> String,
}

thread_local! {
    static UTC: RefCell<Second> =
        const { Second::new(|now| DateTime::<Utc>::from(now).format("%Y-%m-%dT%H:%M:%S").to_string()) };
    static LOCAL: RefCell<Second> =
        const { Second::new(|now| DateTime::<Local>::from(now).format("[%d/%b/%Y %H:%M:%S] ").to_string()) };
}

impl Second {
    const fn new(format: fn(SystemTime) -> String) -> RefCell<Self> {
        RefCell::new(Self { text: String::new(), ends: None, format })
    }

    /// Makes the text that of a time.
    fn update(&mut self, instant: Instant) {
        if self.ends.is_none_or(|ends| ends <= instant) {
            let (now, read) = (SystemTime::now(), Instant::now());
            let nanoseconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
            self.ends = Some(read + SECOND - Duration::from_nanos(nanoseconds.into()));
            self.text = (self.format)(now);
        }
    }

    /// Returns the microseconds of a time within this second.
    fn microseconds(&self, instant: Instant) -> u32 {
        let left = self.ends.map_or(SECOND, |ends| ends.saturating_duration_since(instant));
        SECOND.saturating_sub(left).subsec_micros()
    }
}

impl LogTime {
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    /// Calls a function with the local time as a line begins with it, in Django's format.
    pub(super) fn with_local(self, function: impl FnOnce(&str)) {
        self.with(&LOCAL, |second| function(&second.text));
    }

    fn with<T>(self, second: &'static LocalKey<RefCell<Second>>, function: impl FnOnce(&Second) -> T) -> T {
        second.with_borrow_mut(|second| {
            second.update(self.0);
            function(second)
        })
    }
}

impl Serialize for LogTime {
    /// In UTC, with microseconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with(&UTC, |second| {
            serializer.collect_str(&format_args!("{}.{:06}Z", second.text, second.microseconds(self.0)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(time: LogTime) -> DateTime<Utc> {
        let text = serde_json::to_value(time).expect("JSON");
        text.as_str().expect("a text").parse().expect("a time")
    }

    #[test]
    fn it_is_that_of_the_systems_clock() {
        let now = || DateTime::<Utc>::from(SystemTime::now());
        // Its text has microseconds, and the two clocks are not read at the same moment.
        let tolerance = chrono::Duration::milliseconds(5);
        let first = now().timestamp();
        // Until the text is that of another second.
        while now().timestamp() < first + 2 {
            let before = now();
            let time = utc(LogTime::now());
            assert!(before - tolerance <= time && time <= now() + tolerance, "{before} {time}");
        }
    }
}
