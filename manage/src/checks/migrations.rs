//! Checks whether the program's migrations can be used, independent of the database.

use crate::command::Context;
use crate::migrations::Migrations;

use super::Message;
use super::catalog::MIGRATIONS_UNUSABLE;

#[manage::check(tags = ["migrations"])]
fn migrations(cx: &Context) -> Vec<Message> {
    let problems = Migrations::problems(cx.program());
    problems.into_iter().map(|problem| MIGRATIONS_UNUSABLE.message(problem.to_string())).collect()
}
