//! The project's `manage` program.

manage::main!(app);
