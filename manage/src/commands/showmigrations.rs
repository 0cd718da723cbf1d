use crate::console::{Role, printable};
use crate::database::Connection;
use crate::migrations::{Direction, MigrationPlan, Migrations, PlannedMigration};
use crate::prelude::*;

/// List the migrations, and which of them are applied
///
/// `[X]` is applied, `[ ]` is not applied, `[~]` is done in part, `[!]` was edited after it was applied, and
/// `[?]` is applied but unknown to this program.
#[command]
pub(crate) fn showmigrations(
    cx: &mut Context,
    /// The database to inspect
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
) -> Result<()> {
    let database = cx.database(&database)?;
    let settings = database.settings();
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else {
        return cx.line("(no migrations)");
    };
    let mut connection = Connection::open_to_read(settings).map_err(CommandError::from)?;
    let plan = MigrationPlan::read(&mut connection, &migrations)?;
    for app in cx.program().registry().apps() {
        let of_app: Vec<&PlannedMigration> = plan.rows.iter().filter(|row| row.app == Some(app)).collect();
        if !of_app.is_empty() {
            list(cx, app, &plan, &of_app)?;
        }
    }
    let unknown: Vec<&PlannedMigration> = plan.rows.iter().filter(|row| row.app.is_none()).collect();
    if unknown.is_empty() { Ok(()) } else { list(cx, "unknown", &plan, &unknown) }
}

fn list(cx: &Context, heading: &str, plan: &MigrationPlan, rows: &[&PlannedMigration]) -> Result<()> {
    let (late, ahead) = (plan.out_of_order(), plan.ahead());
    cx.line(cx.out().style(Role::MigrateLabel, heading))?;
    for row in rows {
        let mark = match (row.applied, row.app) {
            _ if row.progress.is_some() || !row.partly.is_empty() => '~',
            (true, Some(_)) if row.edited => '!',
            (true, Some(_)) => 'X',
            (true, None) => '?',
            (false, _) => ' ',
        };
        let remark = match row.progress {
            Some(progress) => {
                let what = if progress.direction == Direction::Revert { " reverted" } else { "" };
                format!(" ({} of {} statements{what})", progress.done, progress.of)
            }
            None if !row.partly.is_empty() => {
                format!(" ({} of the migrations that it replaces are applied)", row.partly.len())
            }
            None if row.edited => " (edited after it was applied)".to_owned(),
            None if late.contains(row) => " (out of order)".to_owned(),
            None if ahead.contains(row) => " (newer than this program)".to_owned(),
            None => String::new(),
        };
        cx.line(format_args!(" [{mark}] {}{remark}", printable(&row.name)))?;
    }
    if rows.is_empty() { cx.line(" (no migrations)") } else { Ok(()) }
}
