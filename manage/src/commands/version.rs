use crate::prelude::*;

/// Print the version of manage
///
/// With `-v 2` it also prints the version of the project.
#[command(requires_checks = "none")]
pub(crate) fn version(cx: &mut Context) -> Result<()> {
    cx.line(crate::command::VERSION)?;
    let project = cx.program().project_version();
    if cx.verbosity() >= 2 && !project.is_empty() {
        cx.line(format_args!("project {project}"))?;
    }
    Ok(())
}
