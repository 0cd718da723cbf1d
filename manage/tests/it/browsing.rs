//! The pages of `runserver` in Chromium: they are accessible by axe-core's rules, load nothing, fit a phone,
//! and can be used with the keyboard.

use std::path::PathBuf;
use std::process::Command;

use manage_test_support::{Need, case, needs, python};

use crate::serving::Server;

/// The variable that names a directory to keep the screenshots in.
const SCREENSHOTS: &str = "MANAGE_TEST_SCREENSHOTS";

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/browser/look.py");

#[derive(Debug, serde::Deserialize)]
struct Report {
    page: String,
    appearance: String,
    passes: usize,
    violations: Vec<serde_json::Value>,
    errors: Vec<String>,
    is_wide: bool,
    without_focus: Vec<String>,
}

#[case(needs(Need::Chromium))]
fn pages_are_accessible() {
    let down = "postgres://chef@127.0.0.1:1/archive";
    let variables = [("DATABASE_URL", "sqlite:db.sqlite3"), ("DATABASE_URL_ARCHIVE", down)];
    let server = Server::with(&[], &variables);
    let unavailable = Server::with(&[], &[("DATABASE_URL", down)]);
    let bare = Server::bare();
    let page = |name: &str, server: &Server, path: &str| format!("{name}=http://{}{path}", server.address);
    let pages = [
        page("welcome", &bare, "/"),
        page("not-found", &server, "/none"),
        page("error", &server, "/pages/fails?key=value"),
        page("panic", &server, "/pages/panics"),
        page("unmigrated", &server, "/pages/unmigrated"),
        page("unavailable", &unavailable, "/pages/unconnected"),
        page("migrations", &server, "/__manage__/migrations"),
        page("project", &server, "/__manage__/"),
        page("project-bare", &bare, "/__manage__/"),
        page("no-database", &unavailable, "/__manage__/migrations"),
    ];
    are_accessible(&pages);
}

/// Opens pages, each given as `NAME=URL`, and checks what they look like and how they are used.
#[track_caller]
pub(crate) fn are_accessible(pages: &[String]) {
    let temporary = tempfile::tempdir().expect("a folder");
    let kept = std::env::var_os(SCREENSHOTS).map(PathBuf::from);
    let folder = kept.as_deref().unwrap_or(temporary.path());
    let output = Command::new(python()).arg(SCRIPT).arg(folder).args(pages).output().expect("Python runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let reports: Vec<Report> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(reports.len(), pages.len() * 4, "four appearances of each page: {text}");
    let wrong: Vec<&Report> = reports
        .iter()
        .filter(|report| {
            let Report { violations, errors, is_wide, without_focus, .. } = report;
            !violations.is_empty() || !errors.is_empty() || *is_wide || !without_focus.is_empty()
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for report in &reports {
        assert!(report.passes > 10, "{} {}: {} rules", report.page, report.appearance, report.passes);
        let shot = folder.join(format!("{}-{}.png", report.page, report.appearance));
        assert!(shot.metadata().is_ok_and(|data| data.len() > 5_000), "{}", shot.display());
    }
}
