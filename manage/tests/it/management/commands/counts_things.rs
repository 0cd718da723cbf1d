use manage::prelude::*;

/// Count, best on a database that is migrated
#[command(hidden, requires_checks = "none", requires_migrations_checks)]
pub(crate) fn counts_things(cx: &mut Context) -> Result<()> {
    cx.line("counted")
}
