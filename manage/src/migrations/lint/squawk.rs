//! The rules of Squawk, for PostgreSQL.

use std::collections::BTreeSet;

use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;

use super::finding::{FileLint, Finding};
use crate::migrations::source::Entry;
use crate::settings::Backend;

/// Rules of Squawk's that are not asked for: `migrate` opens and ends transactions itself and continues a file
/// that was half run; and what is dropped or renamed is compared with the previous `schema.rs` by rules of ours.
/// Squawk also allows CONCURRENTLY in a migration of one statement, for which `migrate` opens a transaction.
const LEFT_OUT: [&str; 10] = [
    "ban-concurrent-index-creation-in-transaction",
    "ban-uncommitted-transaction",
    "transaction-nesting",
    "prefer-robust-stmts",
    "ban-drop-column",
    "ban-drop-table",
    "renaming-column",
    "renaming-table",
    "require-timeout-settings",
    "unused-ignore",
];

pub(super) fn is_rule(name: &str) -> bool {
    Rule::try_from(name).is_ok() && !LEFT_OUT.contains(&name)
}

/// Replaces the findings of rules that Squawk has by Squawk's, if the migration is for PostgreSQL.
pub(super) fn replace(findings: &mut Vec<Finding>, file: &FileLint<'_>, entry: &Entry) {
    if entry.backend() != Backend::Postgres {
        return;
    }
    // For Squawk a mark also covers the line below it, whatever begins there. Ours belong to a statement, and are
    // applied to the findings below.
    let text = entry.up().replace("squawk-ignore", "squawk_ignore");
    let parsed = SourceFile::parse(&text);
    // What it cannot read, our own rules have read.
    if !parsed.errors().is_empty() {
        return;
    }
    let left_out: Vec<Rule> = LEFT_OUT.iter().filter_map(|name| Rule::try_from(*name).ok()).collect();
    let mut linter = Linter::with_rules(&[], &left_out);
    linter.settings.assume_in_transaction = entry.is_in_transaction();
    findings.retain(|finding| !is_rule(&finding.rule));
    let mut seen = BTreeSet::new();
    for violation in linter.lint(&parsed, &text) {
        let start = usize::from(violation.text_range.start());
        let rule = violation.code.to_string();
        if seen.insert((start, rule.clone())) {
            let help = violation.help.unwrap_or_default();
            findings.push(file.at(start, &rule, &violation.message, &help, None));
        }
    }
}
