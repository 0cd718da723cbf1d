//! Sums of times.

use std::collections::HashMap;
use std::time::Duration;

/// The maximum number of distinct statements that are counted separately. A command that formats values into
/// its SQL creates a new statement each time.
const STATEMENTS: usize = 1_000;

/// The number of executions of a statement, and their total time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ran {
    pub(super) count: u64,
    pub(super) total: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) settings: Duration,
    pub(super) checks: Duration,
    pub(super) connections: u64,
    pub(super) refused: u64,
    pub(super) connecting: Duration,
    pub(super) sql: Ran,
    pub(super) failed: u64,
    pub(super) transactions: u64,
    pub(super) rollbacks: u64,
    pub(super) statements: HashMap<String, Ran>,
    /// The statements beyond that limit.
    pub(super) others: Ran,
}

impl Totals {
    /// Returns the time that is accounted for so far.
    pub(super) fn accounted(&self) -> Duration {
        self.settings + self.checks + self.connecting + self.sql.total
    }

    pub(super) fn statement(&mut self, text: String, took: Duration, failed: bool) {
        self.failed += u64::from(failed);
        let has_place = self.statements.len() < STATEMENTS || self.statements.contains_key(&text);
        let ran = if has_place { self.statements.entry(text).or_default() } else { &mut self.others };
        for ran in [ran, &mut self.sql] {
            ran.count += 1;
            ran.total += took;
        }
    }
}
