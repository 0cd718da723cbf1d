//! Finds statements of migrations that are unsafe while the program is running: that block other sessions, that
//! break the version before, or that lose data.
//!
//! Only the text of the migrations is read, by the lexer of `script/`; no database is needed. Each rule is in
//! [`rules`]. A comment allows what one reports ([`marks`]).

mod alter_table;
mod columns;
mod finding;
mod marks;
mod mysql;
mod nulls;
mod objects;
mod rebuilding;
mod released;
mod rules;
mod scan;
#[cfg(feature = "squawk")]
mod squawk;
mod statements;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use finding::{Finding, LintOptions, LintReport, has_any_migrations, lint};
#[cfg(feature = "schema")]
pub(crate) use released::ReleasedSchema;
