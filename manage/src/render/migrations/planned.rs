//! What a run would do, and what does not fit together.

use crate::command::Context;
use crate::console::{Role, printable, printable_lines};
use crate::error::Result;
use crate::migrations::{Answer, Direction, EditedError, MigrationPlan, Migrations, PlannedStep};

/// Prints what a run would do.
pub(crate) fn planned_steps(
    cx: &Context,
    migrations: &Migrations,
    plan: &MigrationPlan,
    steps: &[PlannedStep<'_>],
) -> Result<()> {
    let out = cx.out();
    let late = plan.late_steps(steps);
    cx.line(out.style(Role::MigrateHeading, "Planned operations:"))?;
    for PlannedStep { direction, row, continues } in steps {
        let name = printable(&row.name);
        let progress = match row.progress {
            Some(progress) if *continues => {
                format!(" ({} of {} statements done)", progress.done, progress.of)
            }
            _ => String::new(),
        };
        let verb = match (direction, continues) {
            (Direction::Apply, false) => "Apply",
            (Direction::Apply, true) => "Continue",
            (Direction::Revert, false) => "Revert",
            (Direction::Revert, true) => "Continue to revert",
        };
        let mark = if *direction == Direction::Revert && !migrations.is_reversible(row) {
            "IRREVERSIBLE"
        } else if *direction == Direction::Apply && late.iter().any(|late| late.version == row.version) {
            "OUT OF ORDER"
        } else {
            ""
        };
        let mark =
            if mark.is_empty() { String::new() } else { format!(" {}", out.style(Role::Warning, mark)) };
        cx.line(format_args!("  {verb} {name}{progress}{mark}"))?;
    }
    if steps.is_empty() { cx.line("  No planned migration operations.") } else { Ok(()) }
}

/// Prints which migrations of the database the program does not have.
pub(crate) fn unknown_migrations(cx: &Context, plan: &MigrationPlan) -> Result<()> {
    if cx.verbosity() == 0 {
        return Ok(());
    }
    if let Some(text) = plan.gone_text() {
        cx.warning(format_args!("Warning: {text}\nHint: {}", MigrationPlan::GONE_HINT))?;
    }
    if let Some(text) = plan.stranded_text() {
        let hint = MigrationPlan::stranded_hint(&format!("{} migrate", cx.program().name()));
        cx.warning(format_args!("Warning: {text}\nHint: {hint}"))?;
    }
    if let Some(text) = plan.ahead_text() {
        cx.err().styled_line(Role::Notice, text)?;
    }
    Ok(())
}

/// Prints which answers are for migrations that were not begun, or are finished.
pub(crate) fn needless_answers(
    cx: &Context,
    plan: &MigrationPlan,
    answers: &[(String, Answer)],
) -> Result<()> {
    for (version, _) in answers {
        let row = plan.rows.iter().find(|row| row.version == *version && row.progress.is_none());
        if let Some(row) = row {
            let name = printable(&row.name);
            cx.warning(format_args!("Warning: {name} is not half done, so --resume has no effect on it."))?;
        }
    }
    Ok(())
}

/// Prints which migrations were edited after they were applied.
pub(crate) fn edited_migrations(cx: &Context, migrations: &Migrations, plan: &MigrationPlan) -> Result<()> {
    match EditedError::of(migrations, &plan.edited()) {
        Some(error) if cx.verbosity() > 0 => {
            let version = match error.files.as_slice() {
                [(_, version)] => version,
                _ => "VERSION",
            };
            cx.warning(printable_lines(&format!(
                "Warning: {error}\nHint: Write the change into a new migration, or accept it: `{} migrate --accept {version}`.",
                cx.program().name()
            )))
        }
        _ => Ok(()),
    }
}
