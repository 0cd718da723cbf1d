//! Prints the routes of all apps as a table, or as one JSON object.

use serde::Serialize;

use super::Format;
use crate::command::Context;
use crate::console::{Role, printable, printable_json};
use crate::error::Result;
use crate::server::ListedRoute;

/// Prints one line for each route.
pub(crate) fn routes(cx: &Context, routes: &[ListedRoute], format: Format) -> Result<()> {
    match format {
        Format::Json => cx.line(printable_json(&serde_json::to_string(&Report { routes })?)),
        Format::Text if routes.is_empty() => cx.line("(no routes)"),
        Format::Text => text(cx, routes),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    routes: &'a [ListedRoute],
}

fn text(cx: &Context, routes: &[ListedRoute]) -> Result<()> {
    let rows: Vec<[String; 4]> = routes.iter().map(cells).collect();
    let width =
        |column: usize| rows.iter().map(|row| unicode_width::UnicodeWidthStr::width(&*row[column])).max();
    let widths = [0, 1, 2].map(|column| width(column).unwrap_or_default());
    for (row, route) in rows.iter().zip(routes) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let padding = width.saturating_sub(unicode_width::UnicodeWidthStr::width(&**cell)) + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        line.push_str(&row[3]);
        match &route.shadowed_by {
            Some(place) => {
                let what = if route.is_fallback { "comes instead" } else { "has this path" };
                line.push_str(&format!("  (never reached: {} {what})", printable(place)));
                cx.out().styled_line(Role::Warning, line)?;
            }
            None => cx.line(line)?,
        }
    }
    Ok(())
}

fn cells(route: &ListedRoute) -> [String; 4] {
    let below = || format!("{}/…", route.path.trim_end_matches('/'));
    let (path, methods) = if route.is_unlisted {
        (below(), "(not listed)".to_owned())
    } else if route.is_fallback {
        (below(), "(fallback)".to_owned())
    } else {
        (route.path.clone(), route.methods.names().join(","))
    };
    [path, methods, route.app.to_owned(), route.place.clone()].map(|cell| printable(&cell).into_owned())
}
