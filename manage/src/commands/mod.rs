//! The built-in commands: one file each, found as an app's are.

manage_macros::command_files!("src/commands");
