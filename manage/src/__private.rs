//! What the macros' expansions reach for. None of it is meant to be named by hand.

pub use manage_macros::command_files;
pub use {diesel_migrations, inventory};

pub use crate::__manage_block_on as block_on;
pub use crate::checks::CheckRegistration;
pub use crate::command::App;
pub use crate::hooks::{HookRegistration, kept};
#[cfg(feature = "async")]
pub use crate::runtime::run_to_end;
#[cfg(feature = "runserver")]
pub use crate::server::RouterRegistration;

/// clap as the code of a command's arguments sees it: its own, but for what is said of a type that cannot be read.
pub mod clap {
    pub use ::clap::*;

    pub use crate::__manage_value_parser as value_parser;
}

/// Whether `module_path`'s last segment is `name`: a command's file has its function's name.
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
    // What stands before it ends a segment: `::`, or the `r#` of a raw identifier.
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
