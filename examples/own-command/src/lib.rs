//! One command of your own.

manage::commands!();
