//! What does not fit together: files and records, and their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::console::printable;

use super::{Direction, MigrationPlan, PlannedMigration, PlannedStep};

impl MigrationPlan {
    /// What to do about applied migrations that are no longer in the program.
    pub(crate) const GONE_HINT: &str = "Restore their directories: without them they cannot be reverted.";

    /// Returns the migrations whose file was edited after it was applied.
    pub fn edited(&self) -> Vec<&PlannedMigration> {
        self.rows.iter().filter(|row| row.edited).collect()
    }

    /// Returns the applied migrations that are no longer in the program: those older than its newest one.
    pub fn gone(&self) -> Vec<&PlannedMigration> {
        let newest = self.newest();
        self.unknown_applied()
            .filter(|row| newest.is_some_and(|newest| row.version.as_str() < newest))
            .collect()
    }

    /// Returns the applied migrations that are newer than the program, as after an image was rolled back.
    pub fn ahead(&self) -> Vec<&PlannedMigration> {
        let newest = self.newest();
        self.unknown_applied()
            .filter(|row| newest.is_none_or(|newest| row.version.as_str() > newest))
            .collect()
    }

    /// Returns the migrations that were begun and not finished, and are not in the program.
    pub fn stranded(&self) -> Vec<&PlannedMigration> {
        self.unknown().filter(|row| row.progress.is_some()).collect()
    }

    /// Returns a sentence about applied migrations that are no longer in the program.
    pub fn gone_text(&self) -> Option<String> {
        let names: Vec<&str> = self.gone().iter().map(|row| row.name.as_str()).collect();
        let list = names.join(", ");
        (!names.is_empty()).then(|| {
            format!("{} applied migration(s) are not in this program: {}.", names.len(), printable(&list))
        })
    }

    /// Returns a sentence about migrations that were begun and not finished, and are not in the program.
    pub fn stranded_text(&self) -> Option<String> {
        let names: Vec<&str> = self.stranded().iter().map(|row| row.name.as_str()).collect();
        let list = names.join(", ");
        (!names.is_empty())
            .then(|| format!("Begun and not finished, and not in this program: {}.", printable(&list)))
    }

    /// Returns the ways out for these. `migrate` is the command that applies migrations.
    pub(crate) fn stranded_hint(migrate: &str) -> String {
        format!(
            "Restore the directory and run `{migrate}`, which continues. If it is gone permanently, undo by hand what was done of it, \
             and remove the record: `{migrate} APP_LABEL --prune`."
        )
    }

    /// Returns a sentence about a database that is ahead of the program.
    pub fn ahead_text(&self) -> Option<String> {
        let ahead = self.ahead();
        let last = printable(&ahead.last()?.name);
        Some(format!(
            "The database is ahead of this program: {} newer migration(s) are applied, the last is {last}.",
            ahead.len()
        ))
    }

    /// Returns the migrations that are not applied, although a newer one is.
    pub fn out_of_order(&self) -> Vec<&PlannedMigration> {
        self.late(|_| true)
    }

    /// Returns the migrations that these steps apply after a newer one.
    pub fn late_steps(&self, steps: &[PlannedStep<'_>]) -> Vec<&PlannedMigration> {
        let is_step = |direction, row: &PlannedMigration| {
            steps.iter().any(|step| step.direction == direction && step.row.version == row.version)
        };
        let late = self.late(|newer| !is_step(Direction::Revert, newer));
        late.into_iter().filter(|row| is_step(Direction::Apply, row)).collect()
    }

    /// Returns the unapplied migrations before an applied one of the same app that stays, and those on which one
    /// that stays depends. What other apps have applied makes no difference: the order among apps is that of
    /// their dependencies.
    fn late(&self, stays: impl Fn(&PlannedMigration) -> bool) -> Vec<&PlannedMigration> {
        let known = || self.rows.iter().enumerate().filter_map(|(place, row)| Some((place, row.app?, row)));
        let mut last = BTreeMap::new();
        let mut needed = BTreeSet::new();
        for (place, app, row) in known().filter(|(_, _, row)| row.applied && stays(row)) {
            last.insert(app, place);
            needed.extend(row.dependencies.iter().map(String::as_str));
        }
        let is_late = |(place, app, row): &(usize, &str, &PlannedMigration)| {
            let is_before = last.get(app).is_some_and(|last| place < last);
            !row.applied && row.progress.is_none() && (is_before || needed.contains(row.version.as_str()))
        };
        known().filter(is_late).map(|(_, _, row)| row).collect()
    }

    fn newest(&self) -> Option<&str> {
        self.rows.iter().filter(|row| row.app.is_some()).map(|row| row.version.as_str()).max()
    }

    fn unknown_applied(&self) -> impl Iterator<Item = &PlannedMigration> {
        self.unknown().filter(|row| row.progress.is_none())
    }

    fn unknown(&self) -> impl Iterator<Item = &PlannedMigration> {
        self.rows.iter().filter(|row| row.app.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::super::MigrationTarget;
    use super::super::migration_plan::tests::plan;
    use super::*;

    fn names(rows: &[&PlannedMigration]) -> Vec<String> {
        rows.iter().map(|row| row.name.clone()).collect()
    }

    #[test]
    fn an_unknown_version_is_gone_or_ahead() {
        let mut plan = plan(&[("1_a", true), ("2_b", true), ("3_c", false), ("4_d", true)]);
        plan.rows[1].app = None;
        plan.rows[3].app = None;
        assert_eq!((names(&plan.gone()), names(&plan.ahead())), (vec!["2_b".into()], vec!["4_d".into()]));
        plan.rows.retain(|row| row.app.is_none());
        assert_eq!((plan.gone().len(), plan.ahead().len()), (0, 2), "a program without migrations");
    }

    #[test]
    fn a_late_migration_is_out_of_order() {
        let late = plan(&[("1_a", true), ("2_b", false), ("3_c", true), ("4_d", false)]);
        assert_eq!(names(&late.out_of_order()), ["2_b"]);
        let late_for = |target| names(&late.late_steps(&late.steps(&target)));
        assert_eq!(late_for(MigrationTarget::Latest), ["2_b"]);
        assert!(late_for(MigrationTarget::Version("2".into())).is_empty(), "the newer one is reverted");
        assert!(late_for(MigrationTarget::Zero).is_empty());
        let mut plan = plan(&[("1_a", true), ("2_b", false), ("3_c", true), ("9", true)]);
        plan.rows[2].app = Some("other");
        assert!(plan.out_of_order().is_empty(), "other apps' and other programs' migrations do not count");
        plan.rows[2].dependencies = vec!["2".into()];
        assert_eq!(names(&plan.out_of_order()), ["2_b"], "it is needed");
    }
}
