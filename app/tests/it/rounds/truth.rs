//! A server, and when it was in which state: known from what was done to it, not from any client.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use manage_test_support::{MariaDb, Postgres};

use super::chance::Step;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// It has said so itself, and nothing was done to it since.
    Up,
    /// None of its processes lives.
    Down,
    /// None of its processes runs.
    Paused,
    /// On the way from one to another.
    Changing,
}

enum Kind {
    Postgres(Postgres),
    MariaDb(MariaDb),
}

pub(super) struct Server {
    kind: Kind,
    times: Mutex<Vec<(Instant, Truth)>>,
}

macro_rules! both {
    ($self:expr, $server:ident => $what:expr) => {
        match &$self.kind {
            Kind::Postgres($server) => $what,
            Kind::MariaDb($server) => $what,
        }
    };
}

impl Server {
    pub(super) fn postgres() -> Self {
        Self::of(Kind::Postgres(Postgres::start().unwrap_or_else(|error| panic!("{error}"))))
    }

    #[cfg_attr(not(feature = "mysql"), expect(dead_code, reason = "MariaDB takes part with the feature"))]
    pub(super) fn mariadb() -> Self {
        Self::of(Kind::MariaDb(MariaDb::start().unwrap_or_else(|error| panic!("{error}"))))
    }

    fn of(kind: Kind) -> Self {
        Self { kind, times: Mutex::default() }
    }

    pub(super) fn url(&self) -> String {
        match &self.kind {
            Kind::Postgres(server) => server.url("postgres"),
            Kind::MariaDb(server) => server.url("mysql"),
        }
    }

    /// Up, whatever the last round left behind.
    pub(super) fn begin(&self) {
        if both!(self, server => server.pid()).is_none() {
            both!(self, server => server.start_again());
        }
        *self.times() = vec![(Instant::now(), Truth::Up)];
    }

    /// Asks it with its own client, through its socket.
    pub(super) fn answers(&self) -> Result<(), String> {
        let answer = match &self.kind {
            Kind::Postgres(server) => server.sql("postgres", "SELECT 40 + 2"),
            Kind::MariaDb(server) => server.sql("mysql", "SELECT 40 + 2"),
        };
        match answer {
            Ok(answer) if answer.trim() == "42" => Ok(()),
            Ok(answer) | Err(answer) => Err(format!("the server itself does not answer: {answer}")),
        }
    }

    pub(super) fn step(&self, step: Step) {
        if let Step::Sleep(time) = step {
            thread::sleep(time);
            return;
        }
        self.note(Truth::Changing);
        let now = match step {
            Step::Stop => {
                both!(self, server => server.stop());
                Truth::Down
            }
            Step::Kill => {
                both!(self, server => server.kill());
                Truth::Down
            }
            Step::Pause => {
                both!(self, server => server.pause());
                Truth::Paused
            }
            Step::Resume => {
                both!(self, server => server.resume());
                Truth::Up
            }
            Step::Start | Step::Sleep(_) => {
                both!(self, server => server.start_again());
                Truth::Up
            }
        };
        self.note(now);
    }

    fn note(&self, truth: Truth) {
        self.times().push((Instant::now(), truth));
    }

    fn times(&self) -> MutexGuard<'_, Vec<(Instant, Truth)>> {
        self.times.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Its states between two moments, each with its beginning and end.
    fn states(&self, from: Instant, to: Instant) -> Vec<(Truth, Duration)> {
        let times = self.times();
        let ends = times.iter().skip(1).map(|(at, _)| *at).chain([to]);
        let spans = times.iter().zip(ends).map(|((at, truth), end)| (*truth, *at.max(&from), end.min(to)));
        spans.filter(|(_, at, end)| at < end).map(|(truth, at, end)| (truth, end - at)).collect()
    }

    /// Whether it was in one state all the time.
    pub(super) fn was(&self, truth: Truth, from: Instant, to: Instant) -> bool {
        let states = self.states(from, to);
        !states.is_empty() && states.iter().all(|(state, _)| *state == truth)
    }

    /// Whether it could not answer at any moment.
    pub(super) fn was_dead(&self, from: Instant, to: Instant) -> bool {
        let states = self.states(from, to);
        !states.is_empty() && states.iter().all(|(state, _)| matches!(state, Truth::Down | Truth::Paused))
    }

    /// Whether there was no server at a stretch of this length.
    pub(super) fn was_down_for(&self, time: Duration, from: Instant, to: Instant) -> bool {
        self.states(from, to).iter().any(|(state, length)| *state == Truth::Down && *length > time)
    }

    /// What was done to it, for a person.
    pub(super) fn story(&self) -> String {
        let times = self.times();
        let mut story = format!(
            "{} now={:?}",
            if matches!(self.kind, Kind::Postgres(_)) { "PostgreSQL" } else { "MariaDB" },
            times.first().map(|(at, _)| at.elapsed())
        );
        for (at, truth) in times.iter() {
            let _ = write!(story, "\n    {:.3} s ago: {truth:?}", at.elapsed().as_secs_f64());
        }
        story
    }
}
