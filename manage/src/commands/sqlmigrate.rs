use crate::checks::Selection;
use crate::console::{Role, printable, printable_lines};
use crate::migrations::{Direction, MigrationSql, Migrations, SqlError};
use crate::prelude::*;
use crate::render;

/// Print the SQL of a migration
///
/// These are the statements of `before` and of the file, in a transaction if the migration has one. No
/// connection is opened.
#[command(requires_checks = "none")]
pub(crate) fn sqlmigrate(
    cx: &mut Context,
    /// The migration: a version, a name or its prefix; or its app, if the migration follows
    #[arg(value_name = "MIGRATION|APP_LABEL", add = manage::completion::migrations())]
    first: String,
    /// The migration of the app
    #[arg(value_name = "MIGRATION", add = manage::completion::migrations())]
    second: Option<String>,
    /// Print the SQL that reverts it
    #[arg(long)]
    backwards: bool,
    /// The database whose backend to use
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
) -> Result<()> {
    let (app, migration) = match second {
        Some(migration) => (Some(first), migration),
        None => (None, first),
    };
    let selection = Selection { apps: app.iter().cloned().collect(), ..Selection::default() };
    selection.validate(cx).map_err(CommandError::from)?;
    let backend = cx.database(&database)?.settings().backend;
    let Some(migrations) = Migrations::of_program(cx.program(), backend)? else {
        return Err(render::no_migrations().into());
    };
    let direction = if backwards { Direction::Revert } else { Direction::Apply };
    let sql =
        migrations.sql(app.as_deref(), &migration, direction, backend).map_err(|error| match error {
            SqlError::Target(error) => render::target_error(cx, &error),
            SqlError::Irreversible(..) => {
                CommandError::new(error.to_string()).hint("Write its down.sql.").into()
            }
        })?;
    print(cx, &sql)
}

fn print(cx: &Context, sql: &MigrationSql) -> Result<()> {
    let out = cx.out();
    let comment = |text: &str| cx.line(out.style(Role::Notice, format_args!("-- {}", printable(text))));
    comment(&format!("{}: {}", sql.app, sql.file))?;
    for statement in &sql.before {
        cx.line(format_args!("{};", printable_lines(statement)))?;
    }
    if sql.in_transaction {
        cx.line("BEGIN;")?;
    }
    out.print(printable_lines(sql.text))?;
    if !sql.text.is_empty() && !sql.text.ends_with('\n') {
        cx.line("")?;
    }
    if sql.in_transaction { cx.line("COMMIT;") } else { Ok(()) }
}
