//! Comments that allow what a rule reports: `-- manage: allow RULE because REASON` and `-- squawk-ignore RULE`.

use crate::migrations::script::Script;

/// A comment that allows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) rules: Vec<String>,
    /// The reason; a mark of Squawk's needs none.
    pub(super) has_reason: bool,
    pub(super) is_squawks: bool,
    /// It is for the whole file.
    pub(super) is_for_file: bool,
    /// In bytes, from the beginning of the file.
    pub(super) start: usize,
    /// The number of the statement that it belongs to, from 0.
    pub(super) statement: usize,
}

/// Returns the marks of a file, in order. A mark belongs to the statement that contains it, or that ends in the
/// same line before it, or else to the next one.
pub(super) fn marks(script: &Script) -> Vec<Mark> {
    let statements: Vec<_> =
        script.statements().map(|statement| (statement.start(), statement.end())).collect();
    let statement_of = |offset: usize, same_line: bool| {
        let next = statements.iter().position(|(_, end)| *end > offset).unwrap_or(statements.len());
        let is_inside = statements.get(next).is_some_and(|(start, _)| *start < offset);
        if same_line && !is_inside { next.saturating_sub(1) } else { next }
    };
    let mut marks = Vec::new();
    for (start, gap) in script.gaps() {
        let mut at = start;
        for (nth, line) in gap.split_inclusive('\n').enumerate() {
            if let Some((position, mark)) = mark(line) {
                // The first line of the gap behind a statement; at the beginning of the file nothing is before.
                let is_behind = nth == 0 && start > 0;
                let statement = statement_of(at + position, is_behind);
                marks.push(Mark { start: at + position, statement, ..mark });
            }
            at += line.len();
        }
    }
    marks
}

/// Reads a line of a comment.
fn mark(line: &str) -> Option<(usize, Mark)> {
    let trimmed = line.trim_end().trim_end_matches("*/").trim_end();
    let found = |prefix: &str| {
        let start = trimmed.find(prefix)?;
        let before = trimmed[..start].trim_end();
        let opens =
            ["--", "#", "/*", "*"].iter().any(|opening| before.ends_with(opening)) || before.is_empty();
        opens.then(|| (start, &trimmed[start + prefix.len()..]))
    };
    let names = |text: &str| -> Vec<String> {
        text.split([',', ' ', '\t']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let mark = |rules, has_reason, is_squawks, is_for_file| Mark {
        rules,
        has_reason,
        is_squawks,
        is_for_file,
        start: 0,
        statement: 0,
    };
    if let Some((start, rest)) = found("manage: allow").or_else(|| found("manage:allow")) {
        let (rules, reason) = match rest.split_once(" because") {
            Some((rules, reason)) => (rules, reason.trim()),
            None => (rest, ""),
        };
        let has_reason = reason.chars().any(char::is_alphanumeric);
        return Some((start, mark(names(rules), has_reason, false, false)));
    }
    let (start, rest) = found("squawk-ignore")?;
    let (rest, is_for_file) = rest.strip_prefix("-file").map_or((rest, false), |rest| (rest, true));
    let rules = rest.split("--").next().unwrap_or_default().trim_start_matches(':');
    Some((start, mark(names(rules), true, true, is_for_file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Backend;

    #[test]
    fn a_mark_belongs_to_a_statement() {
        let sql = "-- manage: allow a, b because nobody writes\nDROP TABLE x; -- squawk-ignore c -- why\n\
                   /* manage: allow d */\nALTER TABLE y\n  -- manage: allow e because of it\n  DROP z;\n\
                   SELECT '-- manage: allow f because g';\n# squawk-ignore-file h\n";
        let script = Script::new(sql, Backend::Mysql);
        let found: Vec<_> = marks(&script)
            .into_iter()
            .map(|mark| (mark.rules.join(" "), mark.has_reason, mark.is_for_file, mark.statement))
            .collect();
        let expected = [
            ("a b", true, false, 0),
            ("c", true, false, 0),
            ("d", false, false, 1),
            ("e", true, false, 1),
            ("h", true, true, 3),
        ];
        assert_eq!(found, expected.map(|(rules, reason, file, nth)| (rules.to_owned(), reason, file, nth)));
    }
}
