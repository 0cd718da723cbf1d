//! The commands of the app `it`, as an app of a project has them.

pub(crate) mod commands {
    manage::__private::command_files!(pub(crate) "tests/it/management/commands");
}
