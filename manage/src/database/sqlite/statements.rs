//! Which statements a connection keeps prepared beyond those that Diesel keeps.
//!
//! Diesel prepares a statement for each use if its SQL may have many forms: `UPDATE`, `IN` with a list,
//! `INSERT` of many rows, `sql_query`. For SQLite, preparing costs more than running such a statement.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::internal::derives::multiconnection::AstPassHelper as _;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

type Builder = <Sqlite as Backend>::QueryBuilder;

/// How many statements one connection keeps. Diesel's cache never forgets, so the number is limited here.
const MAX_KEPT: usize = 256;

/// How many texts that were used once are remembered.
const MAX_SEEN: usize = 1_024;

/// The longest text that is kept, in bytes.
const MAX_LENGTH: usize = 16 * 1_024;

/// The most values of a statement that is kept.
const MAX_BINDS: usize = 100;

/// The first words of statements that read or write rows. Others are not kept: SQLite runs some `PRAGMA`s
/// while it prepares them, so one that is prepared once would have no effect the second time.
const DATA: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];

/// Decides which statements are kept: those that are used a second time. Texts are compared by their hash. If
/// two have the same one, the other is kept too early, which does no harm: the cache compares texts.
#[derive(Default)]
pub(super) struct Statements {
    seen: HashSet<u64>,
    kept: HashSet<u64>,
    hasher: RandomState,
}

impl Statements {
    /// Returns a query that Diesel keeps prepared if it does so anyway, or if this text is kept.
    ///
    /// The SQL of such a query may differ from one use to the next, so a type with a static
    /// [`QueryId`] must not be passed.
    pub(super) fn rendered<T: QueryFragment<Sqlite>>(&mut self, query: T) -> Rendered<T> {
        // After an error Diesel builds the SQL again, and reports it.
        let sql = sql_of(&query).ok();
        let is_data = sql.as_deref().is_some_and(is_data);
        let is_kept = query.is_safe_to_cache_prepared(&Sqlite).unwrap_or_default()
            || (is_data && sql.as_deref().is_some_and(|sql| self.keeps(sql)));
        Rendered { query, sql, is_kept, may_change_session: !is_data }
    }

    /// Returns whether the text of a statement of [`DATA`] is kept: it is from its second use on.
    fn keeps(&mut self, sql: &str) -> bool {
        if sql.len() > MAX_LENGTH {
            return false;
        }
        let hash = self.hasher.hash_one(sql);
        if self.kept.contains(&hash) {
            return true;
        }
        if self.kept.len() >= MAX_KEPT {
            return false;
        }
        if !self.seen.remove(&hash) {
            if self.seen.len() >= MAX_SEEN {
                self.seen.clear();
            }
            self.seen.insert(hash);
            return false;
        }
        // A `?` in a literal counts as well; such a statement is prepared each time, as Diesel does.
        let few = sql.bytes().filter(|byte| *byte == b'?').count() <= MAX_BINDS;
        if few {
            self.kept.insert(hash);
        }
        few
    }
}

fn sql_of<T: QueryFragment<Sqlite>>(query: &T) -> QueryResult<String> {
    let mut builder = Builder::default();
    query.to_sql(&mut builder, &Sqlite)?;
    Ok(builder.finish())
}

/// Returns whether a statement only reads or writes rows.
fn is_data(sql: &str) -> bool {
    let sql = sql.trim_ascii_start();
    let end = sql.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(sql.len());
    DATA.iter().any(|keyword| keyword.eq_ignore_ascii_case(&sql[..end]))
}

/// A query with its SQL, which is not built again.
pub(super) struct Rendered<T> {
    query: T,
    sql: Option<String>,
    is_kept: bool,
    may_change_session: bool,
}

impl<T> Rendered<T> {
    /// Returns whether the statement may do more than read and write rows, as a `PRAGMA` does.
    pub(super) fn may_change_session(&self) -> bool {
        self.may_change_session
    }
}

impl<T: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Rendered<T> {
    // Diesel passes references to queries on, and for these it calls nothing but this method.
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let is_for_values = pass.bind_collector().is_some() || pass.debug_binds().is_some();
        match &self.sql {
            Some(sql) if !is_for_values => {
                pass.push_sql(sql);
                if !self.is_kept {
                    pass.unsafe_to_cache_prepared();
                }
                Ok(())
            }
            _ => self.query.walk_ast(pass),
        }
    }
}

impl<T> QueryId for Rendered<T> {
    type QueryId = ();

    /// Its statement is found by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: Query> Query for Rendered<T> {
    type SqlType = T::SqlType;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_from_its_second_use_on() {
        let mut statements = Statements::default();
        assert!(!statements.keeps("UPDATE t SET x = ?"));
        assert!(statements.keeps("UPDATE t SET x = ?"));
        assert!(statements.keeps("UPDATE t SET x = ?"));
    }

    #[test]
    fn what_may_not_be_kept() {
        let long = format!("SELECT '{}'", "x".repeat(MAX_LENGTH));
        let many = format!("SELECT {}1", "?, ".repeat(MAX_BINDS + 1));
        for sql in [&long, &many] {
            let mut statements = Statements::default();
            assert!((0..5).all(|_| !statements.keeps(sql)), "{sql:.40}");
        }
        for sql in ["PRAGMA foreign_keys = ON", "", "selection", "-- a\nSELECT 1", "EXPLAIN SELECT 1"] {
            assert!(!is_data(sql), "{sql}");
        }
        assert!(is_data("SELECT 1") && is_data("\n insert into t VALUES (1)"));
        let most = format!("SELECT {}1", "?, ".repeat(MAX_BINDS));
        let mut statements = Statements::default();
        assert!(!statements.keeps(&most) && statements.keeps(&most));
    }

    #[test]
    fn the_number_of_kept_and_of_remembered_texts_is_limited() {
        let mut statements = Statements::default();
        let text = |number: usize| format!("SELECT {number}");
        for number in 0..MAX_KEPT + 10 {
            assert!(!statements.keeps(&text(number)));
            assert_eq!(statements.keeps(&text(number)), number < MAX_KEPT);
        }
        assert!(statements.keeps(&text(0)), "what was kept stays");
        let mut statements = Statements::default();
        for number in 0..3 * MAX_SEEN {
            statements.keeps(&text(number));
            assert!(statements.seen.len() <= MAX_SEEN);
        }
    }
}
