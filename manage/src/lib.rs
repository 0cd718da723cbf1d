//! Django's management commands for Rust and Diesel.

pub mod settings;
