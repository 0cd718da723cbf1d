//! The steps of a run, while they are taken.

use super::ask_about;
use crate::command::Context;
use crate::console::{Role, printable, printable_lines};
use crate::error::Result;
use crate::migrations::{Answer, Direction, MigrationObserver, Step, StepEvent, UnclearStatement};

/// Prints the steps, one line each.
pub(crate) struct MigrationLines<'a> {
    cx: &'a Context,
    /// Whether the line of a step is not ended.
    is_open: bool,
    /// What is printed below that line.
    notes: Vec<String>,
}

impl<'a> MigrationLines<'a> {
    pub(crate) fn new(cx: &'a Context) -> Self {
        Self { cx, is_open: false, notes: Vec::new() }
    }

    fn begin(&mut self, step: &Step) -> Result<()> {
        let verb = match (step.direction, step.continues) {
            (Direction::Apply, false) => "Applying",
            (Direction::Apply, true) => "Continuing",
            (Direction::Revert, false) => "Reverting",
            (Direction::Revert, true) => "Continuing to revert",
        };
        let app = step.row.app.map(|app| format!("{app}.")).unwrap_or_default();
        self.is_open = true;
        Ok(self.cx.out().print(format_args!("  {verb} {app}{}...", printable(&step.row.name)))?)
    }

    /// Ends the line of a step.
    pub(crate) fn end(&mut self, with: &str) -> Result<()> {
        if std::mem::take(&mut self.is_open) {
            self.cx.line(self.cx.out().style(Role::Success, with))?;
        }
        self.notes.drain(..).try_for_each(|note| self.cx.line(format_args!("    {}", printable_lines(&note))))
    }
}

impl MigrationObserver for MigrationLines<'_> {
    fn event(&mut self, event: StepEvent<'_>, step: &Step) -> Result<()> {
        let cx = self.cx;
        match event {
            StepEvent::Warning(text) => cx.warning(printable_lines(&format!("Warning: {text}"))),
            _ if cx.verbosity() == 0 => Ok(()),
            StepEvent::Begin => self.begin(step),
            StepEvent::Retry(text) => {
                self.end("")?;
                cx.line(format_args!("    {}", printable_lines(text)))?;
                self.begin(step)
            }
            StepEvent::Note(text) => {
                self.notes.push(text.to_owned());
                Ok(())
            }
            StepEvent::Done => self.end(" OK"),
            StepEvent::Faked => self.end(" FAKED"),
        }
    }

    fn decide(&mut self, statement: &UnclearStatement) -> Result<Option<Answer>> {
        if !self.cx.can_ask() {
            return Ok(None);
        }
        self.end("")?;
        ask_about(self.cx, statement)
    }
}
