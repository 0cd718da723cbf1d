//! The page of the project: checks, databases, routes, commands and settings.

use std::time::Duration;

use axum::response::Response;
use hyper::StatusCode;
use maud::{Markup, html};

use super::facts::{CheckLine, Project};
use super::{layout, migrations, not_found};
use crate::console::printable;
use crate::database::probe;

/// The time limit of a probe.
const LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn page(project: &Project) -> Response {
    let databases = databases(project).await;
    let unapplied = migrations::unapplied(project).await;
    let program = &project.facts.program;
    let commands: Vec<Vec<Markup>> = program
        .registry()
        .all()
        .iter()
        .map(|found| {
            let command = found.command();
            vec![html! { code { (command.name()) } }, html! { (found.app) }, html! { (command.about()) }]
        })
        .collect();
    let content = html! {
        h1 { "Project " code { (program.registry().apps().join(", ")) } }
        h2 { "Databases" }
        (layout::table("Databases", &["Alias", "Database", "State"], &databases))
        @if let Ok(rows) = &unapplied {
            @if !rows.is_empty() {
                div.note { p { (migrations::count(rows.len())) ". " a href="/__manage__/migrations" { "Show and apply the migrations" } } }
            }
        }
        h2 { "System checks" }
        (checks(project.facts.checks.as_deref()))
        h2 { "Routes" }
        @if project.routes.is_empty() { p { "No app has routes." } } @else { (not_found::routes(project)) }
        h2 { "Commands" }
        (layout::table("Commands", &["Name", "App", "Purpose"], &commands))
        h2 { "Settings" }
        (project.shown_settings())
    };
    layout::page(StatusCode::OK, "Project", &content)
}

/// Probes all databases at the same time.
async fn databases(project: &Project) -> Vec<Vec<Markup>> {
    let asked: Vec<_> = project
        .facts
        .settings
        .databases()
        .map(|database| {
            let settings = database.clone();
            (database, tokio::task::spawn_blocking(move || probe(&settings, LIMIT)))
        })
        .collect();
    let mut rows = Vec::new();
    for (database, probed) in asked {
        let state = match probed.await {
            Ok(Ok(ready)) => html! { span.good { "ready" } " · " (printable(&ready.server_version)) },
            Ok(Err(error)) => html! {
                span.level-error { "not available" } " · " (printable(&error.message))
                @if let Some(hint) = &error.hint { br; span.soft { (printable(hint)) } }
            },
            Err(_) => html! { span.level-error { "unknown" } },
        };
        rows.push(vec![
            html! { code { (printable(&database.alias)) } },
            html! { (database.to_string()) },
            state,
        ]);
    }
    rows
}

fn checks(lines: Option<&[CheckLine]>) -> Markup {
    match lines {
        None => html! { p { "They were skipped (" code { "--skip-checks" } ")." } },
        Some([]) => html! { p.good { "No issues when the server started." } },
        Some(lines) => {
            let rows: Vec<Vec<Markup>> = lines
                .iter()
                .map(|line| {
                    let class = format!("level-{}", line.level.to_lowercase());
                    // The hint is a line of its own.
                    let text = html! {
                        @for (number, part) in line.text.lines().enumerate() {
                            @if number > 0 { br; }
                            (printable(part.trim_start()))
                        }
                    };
                    vec![html! { span class=(class) { (line.level) } }, text]
                })
                .collect();
            layout::table("Messages when the server started", &["Level", "Message"], &rows)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_a_line_of_its_own() {
        let text = "oven: (it.W001) The oven is <hot>.\n\tHINT: Wear\u{9b} gloves.".to_owned();
        let line = CheckLine { level: "WARNING".to_owned(), text };
        let shown = checks(Some(&[line])).into_string();
        assert!(
            shown.contains("oven: (it.W001) The oven is &lt;hot&gt;.<br>HINT: Wear\\u{9b} gloves.<"),
            "{shown}"
        );
    }
}
