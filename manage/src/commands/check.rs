use crate::checks;
use crate::prelude::*;

/// Look for problems in the settings, the commands and, when asked, the databases
#[command(requires_checks = "none")]
pub(crate) fn check(
    cx: &mut Context,
    /// Connect to this database too, and look for migrations that are not applied; may be repeated
    #[arg(long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
) -> Result<Exit> {
    let results = checks::everything(cx, &databases);
    checks::print_report(cx, &results)?;
    Ok(if results.is_serious() { Exit::FAILURE } else { Exit::SUCCESS })
}
