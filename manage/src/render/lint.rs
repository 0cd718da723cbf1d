//! The findings of `migrate --lint`: as text, as JSON, and as annotations of GitHub's workflows.

use serde::Serialize;

use crate::command::Context;
use crate::console::{Role, printable, printable_json};
use crate::error::{Exit, Result};
use crate::migrations::lint::{Finding, LintReport};

/// The output format of the lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LintFormat {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
    /// Annotations of GitHub's workflows
    Github,
}

/// Prints the findings to stdout. The exit code is 1 if one is more than information.
pub(crate) fn lint(cx: &Context, report: &LintReport, format: LintFormat) -> Result<Exit> {
    let exit = if report.is_unsafe() { Exit::FAILURE } else { Exit::SUCCESS };
    match format {
        LintFormat::Json => cx.line(printable_json(&json(report, exit)?))?,
        LintFormat::Github => {
            report.findings.iter().try_for_each(|finding| cx.line(annotation(finding)))?;
        }
        LintFormat::Text => {
            report.findings.iter().try_for_each(|finding| text(cx, finding))?;
            cx.line(summary(report))?;
        }
    }
    Ok(exit)
}

fn text(cx: &Context, finding: &Finding) -> Result<()> {
    let (role, label) = match finding.is_info {
        true => (Role::Notice, "info: "),
        false => (Role::Warning, ""),
    };
    let detail =
        finding.detail.as_ref().map_or_else(String::new, |detail| format!(" ({})", printable(detail)));
    let Finding { line, column, rule, .. } = finding;
    let rule = cx.out().style(role, printable(rule));
    cx.line(format_args!("{}:{line}:{column}: {label}{rule}{detail}", printable(&finding.file)))?;
    cx.line(format_args!("    {}", printable(&finding.why)))?;
    if finding.safe.is_empty() {
        return Ok(());
    }
    cx.line(format_args!("    Instead: {}", printable(&finding.safe)))
}

fn summary(report: &LintReport) -> String {
    let count = |count: usize, one: &str| match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    };
    let findings = report.findings.iter().filter(|finding| !finding.is_info).count();
    let infos = report.findings.len() - findings;
    let mut text =
        format!("Linted {}: {}", count(report.migrations, "migration"), count(findings, "finding"));
    if infos > 0 {
        text.push_str(&format!(", {infos} for information"));
    }
    if report.left_out > 0 {
        text.push_str(&format!(" ({} left out by lint_start_after)", report.left_out));
    }
    text + "."
}

/// Returns what it is and why, and what to write instead, as one text.
fn message(finding: &Finding) -> String {
    let detail = finding.detail.as_ref().map_or_else(String::new, |detail| format!(" ({detail})"));
    let instead = if finding.safe.is_empty() { "" } else { "\nInstead: " };
    format!("{}{detail}{instead}{}", finding.why, finding.safe)
}

/// Formats a workflow command: `::error file=…,line=…,col=…,title=…::…`.
fn annotation(finding: &Finding) -> String {
    let kind = if finding.is_info { "notice" } else { "error" };
    format!(
        "::{kind} file={},line={},col={},title={}::{}",
        property(&finding.file),
        finding.line,
        finding.column,
        property(&finding.rule),
        data(&message(finding))
    )
}

/// Escapes the text of a workflow command. A line break would begin another command.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| printable(line).to_string()).collect();
    lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    let line = printable(text).to_string();
    data(&line).replace(':', "%3A").replace(',', "%2C")
}

#[derive(Serialize)]
struct Report<'a> {
    findings: Vec<Row<'a>>,
    migrations: usize,
    left_out: usize,
    exit_code: u8,
}

#[derive(Serialize)]
struct Row<'a> {
    level: &'static str,
    rule: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
    help: Option<&'a str>,
    detail: Option<&'a str>,
    app: &'a str,
    migration: &'a str,
    backend: String,
}

fn json(report: &LintReport, exit: Exit) -> serde_json::Result<String> {
    serde_json::to_string(&Report {
        findings: report.findings.iter().map(row).collect(),
        migrations: report.migrations,
        left_out: report.left_out,
        exit_code: exit.0,
    })
}

fn row(finding: &Finding) -> Row<'_> {
    let Finding { rule, file, line, column, why, safe, detail, app, migration, backend, is_info } = finding;
    Row {
        level: if *is_info { "info" } else { "warning" },
        rule,
        file,
        line: *line,
        column: *column,
        message: why,
        help: Some(safe.as_str()).filter(|safe| !safe.is_empty()),
        detail: detail.as_deref(),
        app,
        migration,
        backend: backend.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Backend;

    #[test]
    fn a_workflow_command_is_one_line() {
        let finding = Finding {
            app: "shop",
            migration: "1_a",
            backend: Backend::Postgres,
            file: "a,b:c%\n::error::x/up.sql".to_owned(),
            line: 3,
            column: 7,
            rule: "ban-drop-column".to_owned(),
            is_info: false,
            why: "100 % lost.\r".to_owned(),
            safe: "Wait.".to_owned(),
            detail: None,
        };
        let text = annotation(&finding);
        assert!(!text.contains('\n') && !text.contains('\r'), "{text}");
        assert!(text.starts_with("::error file=a%2Cb%3Ac%25"), "{text}");
        assert!(text.contains(",line=3,col=7,title=ban-drop-column::100 %25 lost."), "{text}");
        assert!(text.ends_with("%0AInstead: Wait."), "{text}");
        assert_eq!(text.matches("::").count(), 2, "{text}");
    }
}
