//! Every rule of our own: its name, and for each backend why a statement is unsafe and what to write instead.
//! docs/guide/migration-lint.md lists them.

mod breaking;
mod locking;
mod reading;

use crate::settings::Backend;

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its name; Squawk's, if Squawk has the rule.
    pub(crate) name: &'static str,
    /// Whether it is only reported for information.
    pub(crate) is_info: bool,
    /// The backends that it is for, with the reasons.
    pub(crate) texts: &'static [RuleText],
}

/// Why a statement is unsafe.
#[derive(Debug)]
pub(crate) struct RuleText {
    /// Where it is.
    pub(crate) backends: &'static [Backend],
    /// What happens.
    pub(crate) why: &'static str,
    /// What to write instead.
    pub(crate) safe: &'static str,
}

const POSTGRES: &[Backend] = &[Backend::Postgres];
const MYSQL: &[Backend] = &[Backend::Mysql];
const SQLITE: &[Backend] = &[Backend::Sqlite];
const SERVERS: &[Backend] = &[Backend::Postgres, Backend::Mysql];
const ALL: &[Backend] = &[Backend::Postgres, Backend::Mysql, Backend::Sqlite];

const fn rule(name: &'static str, texts: &'static [RuleText]) -> Rule {
    Rule { name, is_info: false, texts }
}

const fn info(name: &'static str, texts: &'static [RuleText]) -> Rule {
    Rule { name, is_info: true, texts }
}

const fn text(backends: &'static [Backend], why: &'static str, safe: &'static str) -> RuleText {
    RuleText { backends, why, safe }
}

/// Iterates over all rules, grouped by kind.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    locking::RULES.iter().chain(breaking::RULES).chain(reading::RULES)
}

/// Returns the rule of a name.
pub(super) fn rule_named(name: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.name == name)
}

impl Rule {
    /// Returns the reason for a backend.
    pub(super) fn text(&self, backend: Backend) -> Option<&'static RuleText> {
        self.texts.iter().find(|text| text.backends.contains(&backend))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_has_one_name_and_one_text_for_a_backend() {
        let names: BTreeSet<&str> = rules().map(|rule| rule.name).collect();
        assert_eq!(names.len(), rules().count());
        for rule in rules() {
            let backends: Vec<Backend> = rule.texts.iter().flat_map(|text| text.backends).copied().collect();
            let once: BTreeSet<String> = backends.iter().map(ToString::to_string).collect();
            assert!(!backends.is_empty() && once.len() == backends.len(), "{}", rule.name);
            assert!(rule.texts.iter().all(|text| text.why.ends_with('.') && text.safe.ends_with('.')));
        }
    }
}
