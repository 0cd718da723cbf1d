//! What cannot be checked, and marks that do nothing.

use super::{ALL, Rule, info, rule, text};

pub(super) const RULES: &[Rule] = &[
    info(
        "unread-statement",
        &[text(
            ALL,
            "This statement is not checked: its form is unknown, or it runs SQL that is only known when it runs.",
            "Check it by hand.",
        )],
    ),
    rule(
        "unused-mark",
        &[text(
            ALL,
            "This mark does nothing: there is no such finding here.",
            "Remove it, so that it does not hide a later finding.",
        )],
    ),
    rule(
        "unknown-rule",
        &[text(
            ALL,
            "There is no rule of this name.",
            "Use a name of the list in https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/migration-lint.md. Squawk's other rules exist only with the feature `squawk`.",
        )],
    ),
    rule(
        "mark-without-reason",
        &[text(ALL, "This mark gives no reason.", "Write `-- manage: allow RULE because REASON`.")],
    ),
];
