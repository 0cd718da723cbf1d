//! Lints the migrations of a program.

use std::collections::BTreeSet;

use super::marks::{Mark, marks};
use super::released::ReleasedSchema;
use super::rules::rule_named;
use super::scan::{Place, Subject, places};
use crate::command::Program;
use crate::migrations::Direction;
use crate::migrations::script::Script;
use crate::migrations::source::{Entry, has_migrations, of_all_directories};
use crate::settings::{Backend, MigrationSettings};

/// What to look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct LintOptions {
    /// Migrations up to this version are left out.
    pub(crate) start_after: Option<String>,
    /// Rules that are turned off.
    pub(crate) disabled: Vec<String>,
    /// What the running version uses, if it is known.
    pub(crate) released: Option<ReleasedSchema>,
}

impl LintOptions {
    /// Returns what the settings say.
    pub(crate) fn of_settings(settings: &MigrationSettings) -> Self {
        Self {
            start_after: settings.lint_start_after.clone(),
            disabled: settings.lint_disable.clone(),
            released: None,
        }
    }

    /// Returns the names that are turned off and are no rules.
    pub(crate) fn unknown_rules(&self) -> impl Iterator<Item = &str> {
        self.disabled.iter().map(String::as_str).filter(|name| !is_rule(name))
    }
}

/// A place where a rule applies, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) app: &'static str,
    pub(crate) migration: &'static str,
    pub(crate) backend: Backend,
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    pub(crate) rule: String,
    /// Whether it is only for information.
    pub(crate) is_info: bool,
    /// Why it is unsafe.
    pub(crate) why: String,
    /// What to write instead.
    pub(crate) safe: String,
    /// What it is about, such as a column or the name in a mark.
    pub(crate) detail: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct LintReport {
    /// In the order of the migrations, and of a file.
    pub(crate) findings: Vec<Finding>,
    /// How many migrations were read.
    pub(crate) migrations: usize,
    /// How many were left out, since they are not after `start_after`.
    pub(crate) left_out: usize,
}

impl LintReport {
    /// Returns whether something is unsafe.
    pub(crate) fn is_unsafe(&self) -> bool {
        self.findings.iter().any(|finding| !finding.is_info)
    }
}

/// Returns whether a program has any migrations.
pub(crate) fn has_any_migrations(program: &Program) -> bool {
    program.registry().apps().iter().any(|app| has_migrations(app))
}

/// Lints all migrations of a program: those of a directory for one backend by that backend's rules, others by
/// the rules of `backend`.
pub(crate) fn lint(program: &Program, backend: Backend, options: &LintOptions) -> LintReport {
    let mut report = LintReport::default();
    let mut entries = of_all_directories(program, backend);
    entries
        .sort_by(|a, b| (&a.version, a.file(Direction::Apply)).cmp(&(&b.version, b.file(Direction::Apply))));
    for entry in entries {
        if options.start_after.as_ref().is_some_and(|last| entry.version <= *last) {
            report.left_out += 1;
            continue;
        }
        report.migrations += 1;
        report.findings.extend(of_entry(&entry, options));
    }
    report
}

fn of_entry(entry: &Entry, options: &LintOptions) -> Vec<Finding> {
    let up = Script::new(entry.up(), entry.backend());
    let down = entry.script(Direction::Revert);
    let mut file = FileLint::new(entry, &up, Direction::Apply);
    let mut found = places(&up, entry.is_in_transaction());
    let mut dismissed = Vec::new();
    if let Some(released) = &options.released {
        (found, dismissed) = released.judged(found);
    }
    let is_known = options.released.is_some();
    let mut findings: Vec<Finding> = found.iter().map(|place| file.finding(place, is_known)).collect();
    #[cfg(feature = "squawk")]
    super::squawk::replace(&mut findings, &file, entry);
    findings.retain(|finding| !options.disabled.contains(&finding.rule));
    file.allow(&mut findings, &dismissed);
    let has_down = down.as_ref().is_some_and(|down| down.statements().next().is_some());
    let mut of_down = None;
    if !has_down
        && up.statements().next().is_some()
        && !options.disabled.iter().any(|rule| rule == "missing-down")
    {
        let script = down.as_ref().unwrap_or(&up);
        let direction = if down.is_some() { Direction::Revert } else { Direction::Apply };
        let mut down = FileLint::new(entry, script, direction);
        let mut missing = vec![down.finding(&Place { rule: "missing-down", start: 0, subject: None }, false)];
        if direction == Direction::Apply {
            // One file has both: its marks are used by either.
            down.used = std::mem::take(&mut file.used);
        }
        down.allow(&mut missing, &[]);
        if !missing.is_empty() && direction == Direction::Revert {
            file.allow(&mut missing, &[]);
        }
        findings.extend(missing);
        match direction {
            Direction::Apply => file.used = down.used,
            Direction::Revert => of_down = Some(down.about_marks()),
        }
    } else if let Some(down) = &down {
        of_down = Some(FileLint::new(entry, down, Direction::Revert).about_marks());
    }
    findings.extend(file.about_marks());
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.extend(of_down.into_iter().flatten());
    findings
}

/// A file of a migration and its marks.
pub(super) struct FileLint<'a> {
    entry: &'a Entry,
    pub(super) script: &'a Script,
    direction: Direction,
    marks: Vec<Mark>,
    /// Which names of which mark allowed something.
    used: BTreeSet<(usize, usize)>,
}

impl<'a> FileLint<'a> {
    fn new(entry: &'a Entry, script: &'a Script, direction: Direction) -> Self {
        Self { entry, script, direction, marks: marks(script), used: BTreeSet::new() }
    }

    /// Creates a finding of one of our rules.
    fn finding(&self, place: &Place, is_known: bool) -> Finding {
        let text =
            rule_named(place.rule).and_then(|rule| Some((rule.is_info, rule.text(self.entry.backend())?)));
        let (is_info, why, safe) =
            text.map_or((false, "", ""), |(is_info, text)| (is_info, text.why, text.safe));
        let used = |Subject { table, column, .. }: &Subject| {
            let name = column.as_ref().map_or_else(|| table.clone(), |column| format!("{table}.{column}"));
            if is_known { format!("{name}, which the previous schema.rs declares") } else { name }
        };
        let detail = place.subject.as_ref().filter(|subject| subject.kept.is_none()).map(used);
        Finding { is_info, ..self.at(place.start, place.rule, why, safe, detail) }
    }

    /// Creates a finding at a position.
    pub(super) fn at(
        &self,
        start: usize,
        rule: &str,
        why: &str,
        safe: &str,
        detail: Option<String>,
    ) -> Finding {
        let (line, column) = self.script.line_and_column(start);
        Finding {
            app: self.entry.app,
            migration: self.entry.name(),
            backend: self.entry.backend(),
            file: self.entry.file(self.direction),
            line,
            column,
            rule: rule.to_owned(),
            is_info: false,
            why: why.to_owned(),
            safe: safe.to_owned(),
            detail,
        }
    }

    /// Removes the findings that marks allow. Marks of what was dismissed count as used.
    fn allow(&mut self, findings: &mut Vec<Finding>, dismissed: &[Place]) {
        let mut used = std::mem::take(&mut self.used);
        for place in dismissed {
            let (line, column) = self.script.line_and_column(place.start);
            used.extend(self.allowing(place.rule, (line, column)));
        }
        findings.retain(|finding| {
            let allowing = self.allowing(&finding.rule, (finding.line, finding.column));
            let is_allowed = !allowing.is_empty();
            used.extend(allowing);
            !is_allowed
        });
        self.used = used;
    }

    /// Returns the marks, and the names in them, that allow a rule at a place.
    fn allowing(&self, rule: &str, place: (usize, usize)) -> Vec<(usize, usize)> {
        let statements = self.script.statements();
        let ranges = statements.map(|statement| {
            let last = statement.end().saturating_sub(1);
            (self.script.line_and_column(statement.start()), self.script.line_and_column(last))
        });
        let around = ranges.enumerate().find(|(_, (first, last))| *first <= place && place <= *last);
        let statement = around.map(|(nth, _)| nth);
        let mut found = Vec::new();
        for (nth, mark) in self.marks.iter().enumerate().filter(|(_, mark)| mark.has_reason) {
            let is_here = mark.is_for_file || rule == "missing-down" || Some(mark.statement) == statement;
            let is_any = mark.is_squawks && mark.rules.is_empty();
            if is_here && is_any {
                found.push((nth, 0));
            }
            let names = mark.rules.iter().enumerate().filter(|(_, name)| is_here && *name == rule);
            found.extend(names.map(|(name, _)| (nth, name)));
        }
        found
    }

    /// Reports marks of ours without a reason, with an unknown rule, or that allow nothing.
    fn about_marks(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (nth, mark) in self.marks.iter().enumerate().filter(|(_, mark)| !mark.is_squawks) {
            let mut report = |rule, name: Option<&String>| {
                let place = Place { rule, start: mark.start, subject: None };
                findings.push(Finding { detail: name.cloned(), ..self.finding(&place, false) });
            };
            if !mark.has_reason || mark.rules.is_empty() {
                report("mark-without-reason", None);
                continue;
            }
            for (i, name) in mark.rules.iter().enumerate() {
                if !is_rule(name) {
                    report("unknown-rule", Some(name));
                } else if !self.used.contains(&(nth, i)) {
                    report("unused-mark", Some(name));
                }
            }
        }
        findings
    }
}

/// Returns whether a rule of this name exists, of ours or of Squawk's.
pub(crate) fn is_rule(name: &str) -> bool {
    #[cfg(feature = "squawk")]
    if super::squawk::is_rule(name) {
        return true;
    }
    rule_named(name).is_some()
}
