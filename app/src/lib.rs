//! A small blog: articles come from Markdown files, are published by a command, and are read on pages.
//!
//! In reading order: `schema` and `models` are what the database holds; `posts` reads Jekyll's files; `urls`
//! and `views` are what a visitor sees; `smoke` asks a running server whether it shows it;
//! `management/commands` is what an administrator runs, and `audit` writes down that somebody did.

mod audit;
mod models;
mod posts;
mod schema;
mod settings;
pub mod smoke;
pub mod urls;
mod views;

// Lets `cargo fmt` find the commands; the build keeps the list.
#[cfg(rustfmt)]
mod management;

manage::commands!();
manage::static_files!("static");
manage::migrations! {
    sqlite: "../migrations/sqlite",
    postgres: "../migrations/postgres",
    mysql: "../migrations/mysql",
}
