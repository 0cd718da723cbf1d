//! Reports a wait as lines of text, and on a terminal one line that is updated.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::exit;
use super::words::{attempts, seconds, words};
use crate::console::{Role, Stream, printable};
use crate::database::Reason;
use crate::error::{CommandError, Exit, Result};
use crate::wait::{Observer, Outcome, Plan, State, WaitSummary};

/// How often the same reason is reported.
const QUIET_FOR: Duration = Duration::from_secs(5);

/// Truncates the line at the terminal's width, and ends it, so that a signal leaves a whole line and the
/// cursor below it.
const DRAW: &str = "\x1b[?7l";
const DRAWN: &str = "\x1b[?7h\n";
/// Moves up to the line and clears it.
const CLEAR: &str = "\x1b[1A\r\x1b[2K";

pub(super) struct Text {
    out: Stream,
    err: Stream,
    verbosity: u8,
    databases: bool,
    /// Whether the updated line is on the screen.
    drawn: bool,
    unavailable: bool,
    /// When each reason of each target was last reported, and with which hint.
    reported: HashMap<Why, (Instant, Option<String>)>,
}

/// A target by its index, and why it is not ready.
type Why = (usize, Reason, Option<String>);

impl Text {
    pub(super) fn new(out: Stream, err: Stream, verbosity: u8) -> Self {
        Self {
            out,
            err,
            verbosity,
            databases: true,
            drawn: false,
            unavailable: false,
            reported: HashMap::new(),
        }
    }

    fn lives(&self) -> bool {
        self.err.is_terminal() && self.verbosity > 0
    }

    fn unavailable_line(&self) -> &'static str {
        if self.databases {
            "**Database unavailable, waiting...**"
        } else {
            "**Services unavailable, waiting...**"
        }
    }

    fn clear(&mut self) -> Result<()> {
        if std::mem::take(&mut self.drawn) {
            self.err.print(CLEAR)?;
        }
        Ok(())
    }

    fn draw(&mut self, states: &[State], elapsed: Duration) -> Result<()> {
        let missing: Vec<&State> = states.iter().filter(|state| state.reached.is_none()).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let why = first.error.as_ref().map_or_else(|| "asking".to_owned(), |error| words(error, first));
        let others = match missing.len() {
            1 => String::new(),
            many => format!(" (and {} more)", many - 1),
        };
        let elapsed = format!("{:.1} s", elapsed.as_secs_f64());
        let mut line = format!("{elapsed}  {}: {why}{others}", first.name);
        line = printable(&line).into_owned();
        let columns = self.err.columns().unwrap_or(usize::MAX);
        if line.chars().count() >= columns {
            // The reason says more than the name.
            line = printable(&format!("{elapsed}  {why}{others}")).into_owned();
        }
        if let Some((end, _)) = line.char_indices().nth(columns.saturating_sub(2))
            && line.chars().count() >= columns
        {
            line.truncate(end);
            line.push('…');
        }
        let clear = if std::mem::replace(&mut self.drawn, true) { CLEAR } else { "" };
        Ok(self.err.print(format_args!("{clear}{DRAW}{}{DRAWN}", self.err.style(Role::Warning, line)))?)
    }

    /// Reports why a target is not ready, unless that was just reported.
    fn tell(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        let state = &states[index];
        let Some(error) = &state.error else { return Ok(()) };
        let key = (index, error.reason, error.code.clone());
        let before = self.reported.get(&key);
        // The diagnosis of the peer follows a moment after the failure itself was reported.
        let is_news = before.is_none_or(|(_, hint)| *hint != error.hint);
        if !is_news && before.is_some_and(|(at, _)| at.elapsed() < QUIET_FOR) {
            return Ok(());
        }
        // A known reason persists: the original's line is for a change.
        let changed = self.reported.insert(key, (Instant::now(), error.hint.clone())).is_none();
        if changed && error.reason != Reason::Unstable {
            self.out.line(self.unavailable_line())?;
        }
        let hint =
            error.hint.as_deref().filter(|_| is_news).map(|hint| format!(" {hint}")).unwrap_or_default();
        let line = format!("{}: {}.{hint} [{}]", state.name, words(error, state), seconds(elapsed));
        Ok(self.err.styled_line(Role::Warning, printable(&line))?)
    }

    pub(super) fn end(&mut self, plan: &Plan, waited: &WaitSummary) -> Result<Exit> {
        self.clear()?;
        if waited.outcome == Outcome::Ready {
            if self.verbosity > 0 {
                self.out.styled_line(
                    Role::Success,
                    if self.databases {
                        "**Successfully connected to Database.**"
                    } else {
                        "**Successfully connected to services.**"
                    },
                )?;
                for state in &waited.states {
                    self.out.line(printable(&reached(state)))?;
                }
            }
            return Ok(Exit::SUCCESS);
        }
        let what = match waited.outcome {
            Outcome::TimedOut => {
                let limit = plan.patience.total.unwrap_or(waited.elapsed).as_secs_f64();
                format!("Not ready within {limit} s: ")
            }
            _ => String::new(),
        };
        let final_one = |state: &&State| {
            waited.outcome != Outcome::Misconfigured
                || state.error.as_ref().is_some_and(|error| !error.reason.is_transient())
        };
        let missing: Vec<&State> =
            waited.states.iter().filter(|state| state.reached.is_none()).filter(final_one).collect();
        let reported = missing.iter().map(|state| match &state.error {
            Some(error) => format!("{}: {}", state.name, words(error, state)),
            None => format!("{}: no answer in time", state.name),
        });
        let error = CommandError::new(format!("{what}{}.", reported.collect::<Vec<_>>().join("; ")));
        let hints = missing.iter().filter_map(|state| state.error.as_ref()?.hint.clone());
        Err(hints.fold(error, CommandError::hint).exit_code(exit(waited.outcome)).into())
    }
}

/// Returns `PostgreSQL 15.18 at db:5432/app as app, 7 attempts, 3.2 s`.
fn reached(state: &State) -> String {
    let what = state.reached.as_ref().map_or(state.name.as_str(), |reached| reached.what.as_str());
    format!("{what}, {}, {}", attempts(state.attempts), seconds(state.elapsed))
}

impl Observer for Text {
    fn started(&mut self, states: &[State]) -> Result<()> {
        self.databases = states.iter().any(|state| state.is_database);
        if self.verbosity > 0 {
            let line =
                if self.databases { "**Waiting for database...**" } else { "**Waiting for services...**" };
            self.out.line(line)?;
        }
        Ok(())
    }

    fn unavailable(&mut self, states: &[State], index: usize, elapsed: Duration) -> Result<()> {
        if self.verbosity == 0 {
            return Ok(());
        }
        if !self.lives() {
            return self.tell(states, index, elapsed);
        }
        let is_down = states[index].error.as_ref().is_some_and(|error| error.reason != Reason::Unstable);
        if is_down && !std::mem::replace(&mut self.unavailable, true) {
            self.clear()?;
            self.out.line(self.unavailable_line())?;
        }
        self.draw(states, elapsed)
    }

    fn tick(&mut self, states: &[State], elapsed: Duration) -> Result<()> {
        if self.lives() {
            return self.draw(states, elapsed);
        }
        if self.verbosity > 0 {
            for index in (0..states.len()).filter(|index| states[*index].reached.is_none()) {
                self.tell(states, index, elapsed)?;
            }
        }
        Ok(())
    }

    fn tick_every(&self) -> Duration {
        Duration::from_millis(if self.lives() { 100 } else { 1_000 })
    }
}
