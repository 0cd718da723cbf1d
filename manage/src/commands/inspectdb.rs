use std::path::{Path, PathBuf};

use crate::console::{echo, printable, printable_lines};
use crate::database::Connection;
use crate::files::replace;
use crate::introspection::{self, DieselToml, DieselTomlError, PrintSchema, ReadError, TableFilter, Tables};
use crate::prelude::*;
use crate::render;

/// Print the tables of a database as schema.rs
///
/// The text is that of `diesel print-schema`, with the options of `[print_schema]` in diesel.toml. A table that
/// Diesel cannot use, such as one without a primary key, is left out with a warning.
#[command]
pub(crate) fn inspectdb(
    cx: &mut Context,
    /// The database to inspect
    #[arg(long, value_name = "ALIAS", default_value = "default", add = manage::completion::databases())]
    database: String,
    #[command(flatten)] named: Named,
    /// The schema to read [default: that of diesel.toml, or the default schema]
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// The table [print_schema.KEY] of diesel.toml to use [default: all of them]
    #[arg(long, value_name = "KEY")]
    schema_key: Option<String>,
    /// Print structs for the rows of the tables instead
    #[arg(long)]
    structs: bool,
    /// Write the text to this file when all of it is known, instead of printing it
    ///
    /// With `cargo run`, `> src/schema.rs` would empty the file before it is compiled.
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
) -> Result<()> {
    let alias = database;
    let database = cx.database(&alias)?;
    render::assumed_database(cx, &[&alias], cx.skips_checks())?;
    let directory = cx.source().environment.folder();
    let mut chosen = chosen_options(cx, schema_key.as_deref())?;
    let filter = named.filter();
    let is_narrowed = schema.is_some() || filter.is_some();
    if is_narrowed && chosen.len() > 1 {
        return Err(CommandError::new("diesel.toml configures several schemas.")
            .hint("Choose one of them by --schema-key.")
            .exit_code(Exit::USAGE)
            .into());
    }
    let mut connection = Connection::open_to_read(database.settings()).map_err(CommandError::from)?;
    let mut text = String::new();
    let mut has_tables = false;
    for options in &mut chosen {
        if let Some(schema) = &schema {
            options.schema = Some(schema.clone());
        }
        if let Some(filter) = &filter {
            options.filter = filter.clone();
        }
        let found = introspection::read(&mut connection, options).map_err(read_error)?;
        check_names(&found, named.tables.iter().chain(&named.except))?;
        warn(cx, &found)?;
        let written = if structs {
            introspection::write_structs(&found, connection.backend(), &directory)
        } else {
            introspection::write(&found, connection.backend(), options, &directory)
                .map_err(|error| CommandError::new(error.to_string()))?
        };
        if let Some(reason) = &written.unformatted {
            cx.warning(printable(&format!("Warning: The text is not formatted: {reason}.")))?;
        }
        text += &printable_lines(&written.text);
        has_tables |= !found.names.is_empty();
    }
    match output {
        Some(file) => write(cx, &directory.join(file), &text, has_tables),
        None => Ok(cx.out().print(text)?),
    }
}

/// The tables that the command line names.
#[derive(clap::Args)]
pub(crate) struct Named {
    /// The tables to print [default: those that diesel.toml selects, or all]
    tables: Vec<String>,
    /// Print all tables except this one (can be repeated)
    #[arg(short, long, value_name = "TABLE", conflicts_with = "tables")]
    except: Vec<String>,
}

impl Named {
    fn filter(&self) -> Option<TableFilter> {
        match (self.tables.as_slice(), self.except.as_slice()) {
            ([], []) => None,
            ([], except) => Some(TableFilter::except(except)),
            (tables, _) => Some(TableFilter::only(tables)),
        }
    }
}

/// Returns the options of `diesel.toml`, one for each of its schemas.
fn chosen_options(cx: &Context, key: Option<&str>) -> Result<Vec<PrintSchema>> {
    let environment = &cx.source().environment;
    let named = environment.text("DIESEL_CONFIG_FILE").map(PathBuf::from);
    let file = DieselToml::find(&environment.folder(), named).map_err(diesel_toml_error)?;
    let Some(key) = key else { return Ok(file.schemas.into_values().collect()) };
    let keys = file.schemas.keys().map(|key| printable(key).into_owned()).collect::<Vec<_>>().join(", ");
    match file.schemas.into_iter().find(|(known, _)| known == key) {
        Some((_, options)) => Ok(vec![options]),
        None => Err(CommandError::new(format!("diesel.toml has no schema '{}'.", echo(key)))
            .hint(format!("Its schemas are: {keys}."))
            .exit_code(Exit::USAGE)
            .into()),
    }
}

fn check_names<'a>(found: &Tables, mut named: impl Iterator<Item = &'a String>) -> Result<()> {
    let Some(name) = named.find(|name| !found.names.contains(name)) else { return Ok(()) };
    let hint = if found.views.contains(name) {
        "It is a view. As with `diesel print-schema`, only tables are read."
    } else {
        "A table of another schema than the default one needs --schema."
    };
    Err(CommandError::new(format!("There is no table '{}'.", echo(name))).hint(hint).into())
}

fn warn(cx: &Context, found: &Tables) -> Result<()> {
    if found.names.is_empty() {
        cx.warning("Warning: The database has no tables.")?;
    }
    for note in &found.notes {
        cx.warning(printable(&format!("Warning: {note}")))?;
    }
    for skipped in &found.skipped {
        let (name, reason) = (skipped.name.full_sql_name(), &skipped.reason);
        cx.warning(printable(&format!("Warning: The table {name} is left out: {reason}.")))?;
    }
    Ok(())
}

fn write(cx: &Context, file: &Path, text: &str, has_tables: bool) -> Result<()> {
    if !has_tables {
        return Err(CommandError::new(format!("There is nothing to write to {}.", echo(file)))
            .hint("Apply the migrations first, or choose another database by --database.")
            .into());
    }
    replace(file, text)
        .map_err(|error| CommandError::new(format!("Cannot write {}: {error}.", echo(file))))?;
    cx.success(format_args!("Wrote {}.", echo(file)))
}

fn read_error(error: ReadError) -> anyhow::Error {
    match error {
        ReadError::Schema => CommandError::new(error.to_string())
            .hint("Leave out --schema, and `schema` in diesel.toml.")
            .exit_code(Exit::USAGE)
            .into(),
        ReadError::Query(error) => error.into(),
    }
}

fn diesel_toml_error(error: DieselTomlError) -> CommandError {
    CommandError::new(error.to_string()).exit_code(Exit::CONFIGURATION)
}
