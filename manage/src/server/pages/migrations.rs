//! The page of unapplied migrations, with a button that applies them.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Redirect, Response};
use hyper::StatusCode;
use maud::{Markup, html};

use super::facts::Project;
use super::{guard, layout};
use crate::console::{printable, printable_lines};
use crate::migrations::{PlannedMigration, unapplied_migrations};

const PATH: &str = "/__manage__/migrations";

/// GET: the list.
pub(super) async fn page(project: &Project) -> Response {
    let content = match unapplied(project).await {
        Ok(rows) => list(project, &rows),
        Err(error) => html! {
            h1 { "The database is not available" }
            div.note.failure { p { (error) } }
        },
    };
    layout::page(StatusCode::OK, "Migrations", &content)
}

/// POST: applies all migrations.
pub(super) async fn apply(project: &Project, request: Request) -> Response {
    if let Err(reason) = guard::check(&project.token, request).await {
        let content = html! {
            h1 { "Nothing was applied" }
            p { (reason) }
            p { a href=(PATH) { "Migrations" } }
        };
        return layout::page(StatusCode::FORBIDDEN, "Nothing was applied", &content);
    }
    let migrate = Arc::clone(&project.facts.migrate);
    let done = tokio::task::spawn_blocking(move || migrate()).await;
    let error = match done {
        // After a redirect, reloading the page does not send the form again.
        Ok(Ok(_)) => return Redirect::to(PATH).into_response(),
        Ok(Err(error)) => error,
        Err(_) => "The thread that applied the migrations ended.".to_owned(),
    };
    let content = html! {
        p.kind { "500 Internal Server Error" }
        div.bad { h1 { "A migration failed" } }
        pre tabindex="0" role="region" aria-label="The error" { (printable_lines(&error)) }
        p { a href=(PATH) { "Show the migrations that are not applied" } }
    };
    layout::page(StatusCode::INTERNAL_SERVER_ERROR, "A migration failed", &content)
}

fn list(project: &Project, rows: &[PlannedMigration]) -> Markup {
    let database = project.default_database().map(ToString::to_string).unwrap_or_default();
    if rows.is_empty() {
        return html! {
            h1.good { "All migrations are applied" }
            p { "Database " code { "default" } ": " (database) "." }
        };
    }
    let cells: Vec<Vec<Markup>> = rows
        .iter()
        .map(|row| vec![html! { (row.app.unwrap_or_default()) }, html! { code { (printable(&row.name)) } }])
        .collect();
    html! {
        h1 { (count(rows.len())) }
        p { "Database " code { "default" } ": " (database) ". They run in this order:" }
        (layout::table("Unapplied migrations", &["App", "Migration"], &cells))
        form method="post" action=(PATH) {
            input type="hidden" name="token" value=(project.token.text());
            p { button type="submit" { "Apply " @if rows.len() == 1 { "it" } @else { "all" } } }
        }
        p.soft { "This is what " code { "manage migrate" } " does." }
    }
}

pub(super) fn count(number: usize) -> String {
    match number {
        1 => "1 migration is not applied".to_owned(),
        many => format!("{many} migrations are not applied"),
    }
}

/// Reads the unapplied migrations of the default database.
pub(super) async fn unapplied(project: &Project) -> Result<Vec<PlannedMigration>, String> {
    let Some(settings) = project.default_database().cloned() else { return Ok(Vec::new()) };
    let program = project.facts.program.clone();
    let read = tokio::task::spawn_blocking(move || unapplied_migrations(&program, &settings)).await;
    match read {
        Ok(result) => result.map_err(|error| printable(&format!("{error:#}")).into_owned()),
        Err(_) => Err("The thread that asked the database ended.".to_owned()),
    }
}
