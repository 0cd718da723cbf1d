use crate::checks::{self, Level, Selection};
use crate::prelude::*;
use crate::report::{self, Format};

/// Look for problems in the settings, the commands and, when asked, the databases
///
/// It looks at the settings, the commands and the apps, and asks the checks of the apps; nothing is opened. With
/// `--deploy` it also looks for what is not fit for a deployment, and with `--database` it connects to a database and
/// looks for migrations that are not applied. docs/checks.md lists what the built-in checks can find.
#[command(requires_checks = "none")]
pub(crate) fn check(
    cx: &mut Context,
    #[command(flatten)] selected: Selected,
    /// List the tags, with --deploy also those of the checks for a deployment
    #[arg(long)]
    list_tags: bool,
    /// The level from which on a message makes the exit code 1
    #[arg(long, value_name = "LEVEL", value_enum, ignore_case = true, default_value = "ERROR")]
    fail_level: FailLevel,
    /// How to tell what was found: in lines, or by one JSON object
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
) -> Result<Exit> {
    if list_tags {
        report::tags(cx, &checks::tags_there(cx, selected.deploy), format)?;
        return Ok(Exit::SUCCESS);
    }
    let Selected { apps, tags, deploy, databases } = selected;
    // Settings that cannot be read are a message of a check.
    if cx.try_settings().is_ok() {
        databases.iter().try_for_each(|alias| cx.database(alias).map(drop))?;
    }
    let selection = Selection { apps, tags, deploy, databases };
    selection.validate(cx).map_err(|unknown| CommandError::new(unknown.to_string()).hint(unknown.hint()))?;
    report::checks(cx, &checks::run(cx, &selection), fail_level.into(), format)
}

/// Which checks run.
#[derive(Args)]
pub(crate) struct Selected {
    /// Only what concerns these apps
    #[arg(value_name = "APP_LABEL", add = manage::completion::apps())]
    apps: Vec<String>,
    /// Run only the checks with this tag; may be repeated
    #[arg(short, long = "tag", value_name = "TAG", add = manage::completion::tags())]
    tags: Vec<String>,
    /// Also look for what is not fit for a deployment
    #[arg(long)]
    deploy: bool,
    /// Connect to this database too, and look for migrations that are not applied; may be repeated
    #[arg(long = "database", value_name = "ALIAS", add = manage::completion::databases())]
    databases: Vec<String>,
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
