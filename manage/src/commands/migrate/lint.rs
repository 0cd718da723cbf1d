//! `migrate --lint`.

use super::arguments::Lint;
use crate::console::echo;
use crate::migrations::lint::{LintOptions, has_any_migrations, lint as lint_migrations};
use crate::prelude::*;
use crate::render;

pub(super) fn lint(cx: &Context, backend: crate::settings::Backend, arguments: &Lint) -> Result<Exit> {
    if !has_any_migrations(cx.program()) {
        return Err(render::no_migrations().into());
    }
    #[cfg_attr(not(feature = "schema"), expect(unused_mut, reason = "only a schema.rs changes them"))]
    let mut options = LintOptions::of_settings(&cx.settings()?.migrations);
    for name in options.unknown_rules() {
        let text = format_args!("Warning: lint_disable names '{}', which is no rule.", echo(name));
        cx.warning(text)?;
    }
    #[cfg(feature = "schema")]
    if let Some(path) = &arguments.previous_schema {
        let path = cx.source().environment.base().join(path);
        let schema = crate::introspection::released_schema(&path).map_err(|message| {
            CommandError::new(message)
                .hint("Pass the file of the running version, for example from `git show v1.2:src/schema.rs`.")
        })?;
        options.released = Some(schema);
    }
    render::lint(cx, &lint_migrations(cx.program(), backend, &options), arguments.format)
}
