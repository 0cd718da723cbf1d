//! The app of the examples in the framework's documentation. They name it as a project names its own crate,
//! and run.

// Lets `cargo fmt` find the commands; the build keeps the list.
#[cfg(rustfmt)]
mod management;

manage::commands!();
