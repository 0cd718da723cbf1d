//! The steps to a target.

use std::collections::BTreeSet;

use super::{Direction, MigrationPlan, MigrationTarget, PlannedMigration, PlannedStep};

impl MigrationPlan {
    /// Returns the steps to a target, in order: what was begun is finished, then migrations are reverted from
    /// the newest, then applied from the oldest.
    pub fn steps(&self, target: &MigrationTarget) -> Vec<PlannedStep<'_>> {
        let Change { apply, revert } = self.change(target);
        // A version that exists only in the database cannot be reverted without files.
        let known = || self.rows.iter().filter(|row| row.app.is_some());
        let begun = known().filter_map(|row| {
            let direction = row.progress?.direction;
            Some(PlannedStep { direction, row, continues: true })
        });
        let step = |direction| move |row| PlannedStep { direction, row, continues: false };
        let is_reverted = |row: &&PlannedMigration| will_be_applied(row) && revert.contains(&row.version);
        let is_applied = |row: &&PlannedMigration| {
            apply.contains(&row.version) && (!will_be_applied(row) || revert.contains(&row.version))
        };
        let reverted = known().rev().filter(is_reverted).map(step(Direction::Revert));
        let applied = known().filter(is_applied).map(step(Direction::Apply));
        begun.chain(reverted).chain(applied).collect()
    }

    /// Returns which versions a target wants applied, and which reverted before that.
    fn change(&self, target: &MigrationTarget) -> Change {
        let known = || self.rows.iter().filter(|row| row.app.is_some());
        let versions = |is_meant: &dyn Fn(&PlannedMigration) -> bool| -> BTreeSet<&str> {
            known().filter(|row| is_meant(row)).map(|row| row.version.as_str()).collect()
        };
        match target {
            MigrationTarget::Latest => Change::new(versions(&|_| true), BTreeSet::new()),
            MigrationTarget::Zero => Change::new(BTreeSet::new(), versions(&|_| true)),
            MigrationTarget::Version(version) => {
                let place = self.rows.iter().position(|row| row.version == *version);
                let (mut apply, mut revert) = (BTreeSet::new(), BTreeSet::new());
                for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| row.app.is_some()) {
                    let is_wanted = place.map_or(row.version <= *version, |place| index <= place);
                    if is_wanted { &mut apply } else { &mut revert }.insert(row.version.as_str());
                }
                Change::new(apply, revert)
            }
            MigrationTarget::AppLatest(app) => {
                Change::new(self.required(versions(&|row| row.app == Some(*app))), BTreeSet::new())
            }
            MigrationTarget::AppZero(app) => {
                Change::new(BTreeSet::new(), self.dependent(versions(&|row| row.app == Some(*app))))
            }
            MigrationTarget::AppVersion(version) => {
                let after = self.rows.iter().skip_while(|row| row.version != *version);
                let app = after.clone().next().and_then(|row| row.app);
                let newer = after.skip(1).filter(|row| row.app.is_some() && row.app == app);
                let revert = self.dependent(newer.map(|row| row.version.as_str()).collect());
                Change::new(self.required([version.as_str()].into()), revert)
            }
            MigrationTarget::Again(again) => {
                let revert = self.dependent(versions(&|row| again.contains(&row.version)));
                Change::new(revert.clone(), revert)
            }
        }
    }

    /// Returns these versions and all that they depend on.
    fn required<'a>(&'a self, mut versions: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let mut apps = BTreeSet::new();
        for row in self.rows.iter().rev() {
            if versions.contains(row.version.as_str()) || row.app.is_some_and(|app| apps.contains(app)) {
                apps.extend(row.app);
                versions.insert(&row.version);
                versions.extend(row.dependencies.iter().map(String::as_str));
            }
        }
        versions
    }

    /// Returns these versions and all that depend on them.
    fn dependent<'a>(&'a self, mut versions: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let mut apps = BTreeSet::new();
        for row in &self.rows {
            if versions.contains(row.version.as_str())
                || row.app.is_some_and(|app| apps.contains(app))
                || row.dependencies.iter().any(|version| versions.contains(version.as_str()))
            {
                apps.extend(row.app);
                versions.insert(&row.version);
            }
        }
        versions
    }

    /// Returns the target that reverts and applies again the last applied migrations, of an app or of all.
    pub fn again(&self, app: Option<&str>, count: usize) -> MigrationTarget {
        let is_meant = |row: &&PlannedMigration| {
            row.app.is_some() && row.applied && app.is_none_or(|app| row.app == Some(app))
        };
        let last = self.rows.iter().rev().filter(is_meant).take(count);
        MigrationTarget::Again(last.map(|row| row.version.clone()).collect())
    }
}

/// What a target wants.
struct Change {
    apply: BTreeSet<String>,
    revert: BTreeSet<String>,
}

impl Change {
    fn new(apply: BTreeSet<&str>, revert: BTreeSet<&str>) -> Self {
        let owned = |versions: BTreeSet<&str>| versions.into_iter().map(str::to_owned).collect();
        Self { apply: owned(apply), revert: owned(revert) }
    }
}

/// Returns whether it is applied after what was begun is finished.
fn will_be_applied(row: &PlannedMigration) -> bool {
    match row.progress {
        Some(progress) => progress.direction == Direction::Apply,
        None => row.applied,
    }
}

#[cfg(test)]
mod tests {
    use super::super::migration_plan::Progress;
    use super::super::migration_plan::tests::plan;
    use super::*;

    fn names(steps: &[PlannedStep<'_>]) -> Vec<String> {
        let sign = |step: &PlannedStep<'_>| match (step.direction, step.continues) {
            (Direction::Apply, false) => "+",
            (Direction::Apply, true) => "+~",
            (Direction::Revert, false) => "-",
            (Direction::Revert, true) => "-~",
        };
        steps.iter().map(|step| format!("{}{}", sign(step), step.row.name)).collect()
    }

    #[test]
    fn steps_lead_to_the_target() {
        let plan = plan(&[("1_a", true), ("2_b", false), ("3_c", true), ("9", true)]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Latest)), ["+2_b"]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Zero)), ["-3_c", "-1_a"]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Version("2".into()))), ["-3_c", "+2_b"]);
    }

    #[test]
    fn what_was_begun_is_finished_first() {
        let mut plan = plan(&[("1_a", true), ("2_b", false), ("3_c", false)]);
        plan.rows[2].progress = Some(Progress { direction: Direction::Apply, done: 1, of: 2 });
        assert_eq!(names(&plan.steps(&MigrationTarget::Latest)), ["+~3_c", "+2_b"]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Zero)), ["+~3_c", "-3_c", "-1_a"]);
        plan.rows[2].progress = None;
        plan.rows[0].progress = Some(Progress { direction: Direction::Revert, done: 1, of: 2 });
        assert_eq!(names(&plan.steps(&MigrationTarget::Latest)), ["-~1_a", "+1_a", "+2_b", "+3_c"]);
        assert_eq!(names(&plan.steps(&MigrationTarget::Zero)), ["-~1_a"]);
    }

    /// Apps `a` and `b`: `4_b` depends on `2_a`.
    fn two_apps(applied: bool) -> MigrationPlan {
        let names = ["1_a", "2_a", "3_b", "4_b", "5_b", "6_a"];
        let mut plan = plan(&names.map(|name| (name, applied)));
        for row in &mut plan.rows {
            row.app = Some(if row.name.ends_with('a') { "a" } else { "b" });
        }
        plan.rows[3].dependencies.push("2".to_owned());
        plan
    }

    #[test]
    fn an_app_takes_what_it_depends_on_with_it() {
        let empty = two_apps(false);
        assert_eq!(names(&empty.steps(&MigrationTarget::AppLatest("a"))), ["+1_a", "+2_a", "+6_a"]);
        let of_b = ["+1_a", "+2_a", "+3_b", "+4_b", "+5_b"];
        assert_eq!(names(&empty.steps(&MigrationTarget::AppLatest("b"))), of_b);
        assert_eq!(names(&empty.steps(&MigrationTarget::AppVersion("3".into()))), ["+3_b"]);
        let full = two_apps(true);
        assert_eq!(names(&full.steps(&MigrationTarget::AppZero("b"))), ["-5_b", "-4_b", "-3_b"]);
        let of_a = ["-6_a", "-5_b", "-4_b", "-2_a", "-1_a"];
        assert_eq!(names(&full.steps(&MigrationTarget::AppZero("a"))), of_a);
        let back = ["-6_a", "-5_b", "-4_b", "-2_a"];
        assert_eq!(names(&full.steps(&MigrationTarget::AppVersion("1".into()))), back);
        assert!(full.steps(&MigrationTarget::AppLatest("a")).is_empty());
    }

    #[test]
    fn what_is_done_again_is_reverted_first() {
        let full = two_apps(true);
        assert_eq!(names(&full.steps(&full.again(None, 1))), ["-6_a", "+6_a"]);
        assert_eq!(names(&full.steps(&full.again(Some("b"), 2))), ["-5_b", "-4_b", "+4_b", "+5_b"]);
        assert!(two_apps(false).again(None, 1) == MigrationTarget::Again(Vec::new()));
    }
}
