//! Reports a wait as one JSON object per line.

use std::time::Duration;

use serde::Serialize;

use super::exit;
use crate::console::{Stream, printable_json};
use crate::database::ConnectError;
use crate::error::{Exit, Result};
use crate::wait::{Observer, Outcome, State, WaitSummary};

pub(super) struct Json {
    out: Stream,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Waiting {
        targets: Vec<&'a str>,
    },
    Unavailable {
        target: &'a str,
        #[serde(flatten)]
        why: Why<'a>,
        attempts: u32,
        elapsed_seconds: f64,
    },
    Ready {
        target: &'a str,
        version: Option<&'a str>,
        attempts: u32,
        elapsed_seconds: f64,
    },
    Summary {
        outcome: &'static str,
        exit_code: u8,
        message: Option<&'a str>,
        attempts: u32,
        elapsed_seconds: f64,
        targets: Vec<Summary<'a>>,
    },
}

/// All fields are null if nothing is wrong, so that objects of one kind always have the same fields.
#[derive(Default, Serialize)]
struct Why<'a> {
    reason: Option<&'static str>,
    code: Option<&'a str>,
    message: Option<&'a str>,
    hint: Option<&'a str>,
    transient: Option<bool>,
}

#[derive(Serialize)]
struct Summary<'a> {
    target: &'a str,
    ready: bool,
    reached: Option<&'a str>,
    attempts: u32,
    #[serde(flatten)]
    why: Why<'a>,
}

impl<'a> Why<'a> {
    fn of(error: &'a ConnectError) -> Self {
        Self {
            reason: Some(error.reason.name()),
            code: error.code.as_deref(),
            message: Some(&error.message),
            hint: error.hint.as_deref(),
            transient: Some(error.reason.is_transient()),
        }
    }
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000.0).round() / 1_000.0
}

impl Json {
    pub(super) fn new(out: Stream) -> Self {
        Self { out }
    }

    fn write(&self, event: &Event<'_>) -> Result<()> {
        Ok(self.out.line(printable_json(&serde_json::to_string(event)?))?)
    }

    pub(super) fn end(&self, waited: &WaitSummary) -> Result<Exit> {
        let exit = exit(waited.outcome);
        let outcome = match waited.outcome {
            Outcome::Ready => "ready",
            Outcome::TimedOut => "timed_out",
            Outcome::Misconfigured => "configuration_error",
            Outcome::NotReady => "not_ready",
        };
        let targets = waited.states.iter().map(|state| Summary {
            target: &state.name,
            ready: state.reached.is_some(),
            reached: state.reached.as_ref().map(|reached| reached.what.as_str()),
            attempts: state.attempts,
            why: state.error.as_ref().map(Why::of).unwrap_or_default(),
        });
        self.write(&Event::Summary {
            outcome,
            exit_code: exit.0,
            message: None,
            attempts: waited.states.iter().map(|state| state.attempts).sum(),
            elapsed_seconds: seconds(waited.elapsed),
            targets: targets.collect(),
        })?;
        Ok(exit)
    }

    pub(super) fn broken(&self, message: &str, exit: Exit) -> Result<Exit> {
        self.write(&Event::Summary {
            outcome: match exit {
                Exit::USAGE => "usage_error",
                Exit::TIMED_OUT => "timed_out",
                Exit::FAILURE => "not_ready",
                _ => "configuration_error",
            },
            exit_code: exit.0,
            message: Some(message),
            attempts: 0,
            elapsed_seconds: 0.0,
            targets: Vec::new(),
        })?;
        Ok(exit)
    }
}

impl Observer for Json {
    fn started(&mut self, states: &[State]) -> Result<()> {
        self.write(&Event::Waiting { targets: states.iter().map(|state| state.name.as_str()).collect() })
    }

    fn unavailable(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let state = &states[index];
        let Some(error) = &state.error else { return Ok(()) };
        self.write(&Event::Unavailable {
            target: &state.name,
            why: Why::of(error),
            attempts: state.attempts,
            elapsed_seconds: seconds(elapsed),
        })
    }

    fn ready(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let state = &states[index];
        self.write(&Event::Ready {
            target: &state.name,
            version: state.reached.as_ref().and_then(|reached| reached.version.as_deref()),
            attempts: state.attempts,
            elapsed_seconds: seconds(elapsed),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::database::Reason;
    use crate::wait::{Expected, Target};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_event_is_one_object_and_names_no_password() {
        let buffer = Buffer::default();
        let mut json = Json::new(Stream::new(buffer.clone()));
        let target = Target::service("redis://app:s3cret@db/1", &Expected::default()).unwrap();
        let mut state = target.state();
        let error = ConnectError::of_service(&state.name, Reason::StartingUp, "it \"loads\"\nits data");
        state.error = Some(error.with_code(Some("LOADING")));
        let states = [state];
        json.started(&states).unwrap();
        json.unavailable(&states, 0, Duration::from_millis(1234)).unwrap();
        let waited = WaitSummary {
            outcome: Outcome::TimedOut,
            states: states.to_vec(),
            elapsed: Duration::from_secs(2),
        };
        assert_eq!(json.end(&waited).unwrap(), Exit::TIMED_OUT);
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["targets"][0], "Redis at db:6379/1 as app");
        assert_eq!((&lines[1]["event"], &lines[1]["reason"]), (&"unavailable".into(), &"starting_up".into()));
        assert_eq!((&lines[1]["code"], &lines[1]["elapsed_seconds"]), (&"LOADING".into(), &1.234.into()));
        assert_eq!((&lines[2]["outcome"], &lines[2]["exit_code"]), (&"timed_out".into(), &124.into()));
        assert_eq!(lines[2]["targets"][0]["ready"], false);
    }
}
