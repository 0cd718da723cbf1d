//! Items that the macros' expansions use. Not for direct use.

pub use inventory;
pub use manage_macros::{build_options, command_files, embedded_migrations};

pub use crate::__manage_block_on as block_on;
#[cfg(feature = "async")]
pub use crate::block_on::run_to_end;
pub use crate::checks::registration::{Check, CheckRegistration};
pub use crate::command::build::Build;
pub use crate::command::definition::FunctionCommand;
pub use crate::command::plain_arguments::{
    Form, PlainArgument, listed_values, optional_value, required_value, with_arguments,
};
pub use crate::command::registry::{App, Registration};
pub use crate::hooks::run::{HookRegistration, hook_guard};
pub use crate::migrations::source::registration::{
    EmbeddedMigration, MigrationLimits, MigrationsRegistration, Part,
};
#[cfg(feature = "runserver")]
pub use crate::server::routes::RouterRegistration;

#[cfg(feature = "static")]
pub use crate::server::static_files::registration::StaticRegistration;
#[cfg(feature = "static")]
pub use rust_embed;

/// Returns what a function with `#[manage::router]` made.
#[cfg(feature = "runserver")]
pub fn routes<R: crate::server::IntoRoutes>(
    made: crate::error::Result<R>,
) -> crate::error::Result<crate::server::Routes> {
    Ok(made?.into_routes())
}

/// clap for the code of a command's arguments: clap's items, except for the compile error about a type
/// without a parser.
pub mod clap {
    pub use ::clap::*;

    pub use crate::__manage_value_parser as value_parser;
}

/// Internals for the framework's own tests and benchmarks.
pub mod internals {
    pub use crate::checks::catalog::{CATALOG, Entry};
    #[cfg(feature = "_network")]
    pub use crate::database::network::background::Background;
    pub use crate::migrations::lock::{Lock, LockError, LockRequest};
    pub use crate::migrations::plan::migration_plan::{Direction, MigrationPlan};
    pub use crate::migrations::plan::target::MigrationTarget;
    pub use crate::migrations::run::apply::apply;
    pub use crate::migrations::source::migrations::Migrations;
    pub use crate::scaffold::command::{ScaffoldError, write_command};

    /// Returns every reason with its meaning.
    pub fn reasons() -> &'static [(crate::database::Reason, &'static str)] {
        crate::database::Reason::ALL
    }

    /// Returns the variables that settings are read from, without those of libpq.
    pub fn setting_variables() -> Vec<String> {
        crate::settings::variable_names()
    }
}

/// Returns the app's label: the crate's name.
pub fn app_of(module_path: &'static str) -> &'static str {
    module_path.split("::").next().unwrap_or_default()
}

/// Returns whether the last segment of `module_path` is `name`: a command's file has the name of its
/// function.
pub const fn is_file_of(module_path: &str, name: &str) -> bool {
    let (path, name) = (module_path.as_bytes(), name.as_bytes());
    if path.len() < name.len() {
        return false;
    }
    let start = path.len() - name.len();
    let mut i = 0;
    while i < name.len() {
        if path[start + i] != name[i] {
            return false;
        }
        i += 1;
    }
    // The text before it must end a segment: `::`, or the `r#` of a raw identifier.
    start == 0 || path[start - 1] == b':' || path[start - 1] == b'#'
}

#[cfg(test)]
mod tests {
    use super::is_file_of;

    #[test]
    fn only_the_whole_last_segment_counts() {
        assert!(is_file_of("app::management::commands::publish", "publish"));
        assert!(is_file_of("app::management::commands::r#move", "move"));
        assert!(is_file_of("publish", "publish"));
        assert!(!is_file_of("app::commands::republish", "publish"));
        assert!(!is_file_of("app::publish::other", "publish"));
        assert!(!is_file_of("p", "publish"));
    }
}
