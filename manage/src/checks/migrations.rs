//! Can the program's migrations be used at all, whatever the database?

use crate::Context;
use crate::migrations::Migrations;

use super::Message;
use super::catalog::MIGRATIONS_UNUSABLE;

#[manage::check(tags = ["migrations"])]
fn migrations(cx: &Context) -> Vec<Message> {
    let problems = Migrations::problems(cx.program());
    problems.into_iter().map(|problem| MIGRATIONS_UNUSABLE.message(problem.to_string())).collect()
}
