//! A profile as text.

use std::fmt::Write;
use std::time::Duration;

use super::totals::{Ran, Totals};

/// The number of slowest statements that the report lists.
const SLOWEST: usize = 5;

/// Returns the whole profile.
pub(super) fn text(command: &str, took: Duration, totals: &Totals) -> String {
    let mut text = format!("Profile of {command}: {}\n", milliseconds(took));
    let mut part = |name: &str, duration: Duration, what: &str| {
        let line = format!("  {name:<10} {:>14}  {what}", milliseconds(duration));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    };
    part("settings", totals.settings, "");
    part("checks", totals.checks, "");
    let refused = some(totals.refused, "attempt that failed", "attempts that failed");
    part(
        "connecting",
        totals.connecting,
        &format!("{}{refused}", counted(totals.connections, "connection", "connections")),
    );
    let sql = format!(
        "{}{}{}{}",
        counted(totals.sql.count, "statement", "statements"),
        some(totals.failed, "of them failed", "of them failed"),
        some(totals.transactions, "transaction", "transactions"),
        some(totals.rollbacks, "rolled back", "rolled back"),
    );
    part("SQL", totals.sql.total, &sql);
    // With concurrent threads the sum can exceed the total.
    if let Some(rest) = took.checked_sub(totals.accounted()) {
        part("the rest", rest, "");
    }
    let mut statements: Vec<(&str, Ran)> =
        totals.statements.iter().map(|(text, ran)| (text.as_str(), *ran)).collect();
    if statements.is_empty() {
        return text;
    }
    statements.sort_by(|(a_text, a), (b_text, b)| (b.total, a_text).cmp(&(a.total, b_text)));
    text.push_str("The statements that took longest, all their runs together:\n");
    for (statement, ran) in statements.into_iter().take(SLOWEST) {
        let _ = writeln!(text, "  {:>14}  {:>5} ×  {statement}", milliseconds(ran.total), ran.count);
    }
    if totals.others.count > 0 {
        let others = counted(totals.others.count, "statement was", "statements were");
        let _ = writeln!(text, "{others} not listed separately: there are too many different ones.");
    }
    text
}

/// Formats one finished statement.
pub(super) fn statement(took: Duration, failed: bool, text: &str) -> String {
    format!("SQL {:>14}  {}{text}", milliseconds(took), if failed { "failed: " } else { "" })
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1_000.0)
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Returns the count after a comma, or nothing if it is zero.
fn some(count: u64, one: &str, many: &str) -> String {
    if count == 0 { String::new() } else { format!(", {}", counted(count, one, many)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it() {
        let mut totals = Totals { settings: Duration::from_millis(1), connections: 1, ..Totals::default() };
        totals.connecting = Duration::from_millis(2);
        totals.transactions = 1;
        for (text, took) in [("SELECT 1", 3), ("SELECT 2", 10), ("SELECT 1", 8)] {
            totals.statement(text.to_owned(), Duration::from_millis(took), took == 3);
        }
        let expected = "\
Profile of work: 30.000 ms
  settings         1.000 ms
  checks           0.000 ms
  connecting       2.000 ms  1 connection
  SQL             21.000 ms  3 statements, 1 of them failed, 1 transaction
  the rest         6.000 ms
The statements that took longest, all their runs together:
       11.000 ms      2 ×  SELECT 1
       10.000 ms      1 ×  SELECT 2
";
        assert_eq!(text("work", Duration::from_millis(30), &totals), expected);
        assert!(!text("work", Duration::from_millis(20), &totals).contains("the rest"));
    }
}
