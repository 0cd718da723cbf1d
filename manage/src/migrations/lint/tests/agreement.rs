//! Compares our rules with the test cases of other linters. These cases are read where the linters are installed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::settings::Backend;

mod django;
mod squawk;

/// A case of another linter.
#[derive(Clone, Debug)]
pub(super) struct OtherCase {
    /// The name of its test.
    pub(super) test: String,
    pub(super) backend: Backend,
    pub(super) sql: String,
    pub(super) in_transaction: bool,
    /// Whether the other linter reports it.
    pub(super) is_reported: bool,
    /// The rule of ours that it is about; without one, any.
    pub(super) rule: Option<String>,
}

/// How often our rules and the other linter agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) reported_by_both: usize,
    pub(super) reported: usize,
    pub(super) silent_in_both: usize,
    pub(super) silent: usize,
}

/// The counts for each group, and the tests whose results differ.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    pub(super) counts: BTreeMap<String, Counts>,
    pub(super) different: Vec<String>,
}

/// Returns the page that has the counts.
fn document() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/migration-lint.md");
    std::fs::read_to_string(path).expect("docs/guide/migration-lint.md")
}

/// Runs our rules on the cases. A case belongs to the group of its rule, or else of its backend.
pub(super) fn compare(cases: &[OtherCase]) -> Agreement {
    let mut agreement = Agreement::default();
    for case in cases {
        let places = super::found(&case.sql, case.backend, case.in_transaction);
        let is_info = |name: &str| super::rules().any(|rule| rule.name == name && rule.is_info);
        let is_meant = |name: &str| case.rule.as_deref().map_or_else(|| !is_info(name), |rule| rule == name);
        let ours: Vec<&str> = places.iter().map(|place| place.0).filter(|name| is_meant(name)).collect();
        let group = case.rule.clone().unwrap_or_else(|| case.backend.to_string());
        let counts = agreement.counts.entry(group).or_default();
        let agrees = ours.is_empty() != case.is_reported;
        let (both, all) = match case.is_reported {
            true => (&mut counts.reported_by_both, &mut counts.reported),
            false => (&mut counts.silent_in_both, &mut counts.silent),
        };
        *all += 1;
        *both += usize::from(agrees);
        if !agrees {
            agreement.different.push(format!("{}: {}", case.test, if ours.is_empty() { "-" } else { "+" }));
        }
    }
    agreement.different.sort();
    agreement.different.dedup();
    agreement
}

impl Agreement {
    /// Returns the sum of all groups.
    pub(super) fn total(&self) -> Counts {
        self.counts.values().fold(Counts::default(), |sum, counts| Counts {
            reported_by_both: sum.reported_by_both + counts.reported_by_both,
            reported: sum.reported + counts.reported,
            silent_in_both: sum.silent_in_both + counts.silent_in_both,
            silent: sum.silent + counts.silent,
        })
    }

    /// Returns a line for each group.
    pub(super) fn lines(&self) -> String {
        let mut lines = String::new();
        for (group, counts) in &self.counts {
            writeln!(lines, "{group}: {counts}").expect("a text");
        }
        lines
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { reported_by_both, reported, silent_in_both, silent } = self;
        write!(f, "{reported_by_both} of {reported} | {silent_in_both} of {silent}")
    }
}
