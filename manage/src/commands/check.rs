use crate::checks::{self, Level, Selection};
use crate::migrations::distinct_schemas;
use crate::prelude::*;
use crate::render;
use crate::render::Format;

/// Check the settings, the commands and, on request, the databases for problems
///
/// Checks the settings, the commands and the apps, and runs the apps' own checks. No database is opened.
/// `--deploy` adds the checks for deployments; `--database` connects to a database and finds unapplied
/// migrations. docs/guide/checks.md lists all messages of the built-in checks.
#[command(requires_checks = "none")]
pub(crate) fn check(
    cx: &mut Context,
    #[command(flatten)] selected: Selected,
    /// List the tags; with --deploy include those of the deployment checks
    #[arg(long)]
    list_tags: bool,
    /// Exit with 1 on messages at or above this level
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true, default_value = "ERROR")]
    fail_level: FailLevel,
    /// Output format: text, or one JSON object
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
) -> Result<Exit> {
    let Selected { apps, tags, deploy, databases, schemas } = selected;
    let selection = Selection { apps, tags, deploy, databases, schemas };
    if list_tags {
        render::tags(cx, &selection.available_tags(cx), format)?;
        return Ok(Exit::SUCCESS);
    }
    // Settings that cannot be read are a message of a check.
    if cx.try_settings().is_ok() {
        for alias in &selection.databases {
            let backend = cx.database(alias)?.settings().backend;
            distinct_schemas(&selection.schemas, backend)
                .map_err(|error| render::schema_error(error.into()))?;
        }
    }
    selection.validate(cx).map_err(CommandError::from)?;
    render::checks(cx, &checks::run(cx, &selection), fail_level.into(), format)
}

/// Which checks run.
#[derive(Args)]
pub(crate) struct Selected {
    /// Check only these apps
    #[arg(value_name = "APP_LABEL", add = manage::completion::apps())]
    apps: Vec<String>,
    /// Run only the checks with this tag (can be repeated)
    #[arg(short, long = "tag", value_name = "TAG", add = manage::completion::tags())]
    tags: Vec<String>,
    /// Also run the deployment checks
    #[arg(long)]
    deploy: bool,
    /// Also check this database, including for unapplied migrations (can be repeated)
    #[arg(long = "database", value_name = "ALIAS", add = manage::completion::databases())]
    databases: Vec<String>,
    /// Check the migrations of this schema of a PostgreSQL database (can be repeated)
    #[arg(long = "schema", value_name = "NAME", requires = "databases")]
    schemas: Vec<String>,
}

/// Django's words.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum FailLevel {
    Critical,
    Error,
    Warning,
    Info,
    Debug,
}

impl From<FailLevel> for Level {
    fn from(level: FailLevel) -> Self {
        match level {
            FailLevel::Critical => Self::Critical,
            FailLevel::Error => Self::Error,
            FailLevel::Warning => Self::Warning,
            FailLevel::Info => Self::Info,
            FailLevel::Debug => Self::Debug,
        }
    }
}
