//! Which statements a connection keeps prepared beyond those that Diesel keeps.
//!
//! Diesel prepares a statement for each use if its SQL may have many forms: `UPDATE`, `IN` with a list,
//! `INSERT` of many rows, `sql_query`. For SQLite, preparing costs more than running such a statement.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::marker::PhantomData;

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

/// How many texts are known of statements that Diesel keeps anyway.
const MAX_SAFE: usize = 1_024;

/// Decides which statements are kept: those that are used a second time. Texts are compared by their hash. If
/// two have the same one, the other is kept too early, which does no harm: the cache compares texts.
#[derive(Default)]
pub(super) struct Statements {
    /// The texts that were used once.
    seen: BTreeSet<u64>,
    /// The texts of [`DATA`] that are kept, by this type's choice or by Diesel's.
    kept: BTreeSet<u64>,
    /// How many of them Diesel keeps anyway.
    safe: usize,
}

impl Statements {
    /// Returns a query that Diesel keeps prepared if it does so anyway, or if this text is kept.
    ///
    /// The SQL of such a query may differ from one use to the next, so a type with a static
    /// [`QueryId`] must not be passed.
    pub(super) fn rendered<Q: Borrow<T>, T: QueryFragment<Sqlite>>(&mut self, query: Q) -> Rendered<Q, T> {
        // After an error Diesel builds the SQL again, and reports it.
        let sql = sql_of(query.borrow()).ok();
        let hash = sql.as_deref().and_then(hash);
        let (is_kept, may_change_session) = if hash.is_some_and(|hash| self.kept.contains(&hash)) {
            // This saves a pass over the query.
            (true, false)
        } else {
            self.decide(query.borrow(), sql.as_deref(), hash)
        };
        Rendered { query, sql, is_kept, may_change_session, fragment: PhantomData }
    }

    /// Returns whether a query is kept, and whether it may change the session.
    fn decide(
        &mut self,
        query: &impl QueryFragment<Sqlite>,
        sql: Option<&str>,
        hash: Option<u64>,
    ) -> (bool, bool) {
        let data = sql.filter(|sql| is_data(sql));
        let is_safe = query.is_safe_to_cache_prepared(&Sqlite).unwrap_or_default();
        let is_kept = match (data, hash) {
            (Some(_), Some(hash)) if is_safe => {
                self.remember_safe(hash);
                true
            }
            (Some(sql), Some(hash)) => self.keeps(sql, hash),
            _ => is_safe,
        };
        (is_kept, data.is_none())
    }

    /// Remembers a text that Diesel keeps.
    fn remember_safe(&mut self, hash: u64) {
        if self.safe < MAX_SAFE && self.kept.insert(hash) {
            self.safe += 1;
        }
    }

    /// Returns whether the text of a statement of [`DATA`] is kept: it is from its second use on.
    fn keeps(&mut self, sql: &str, hash: u64) -> bool {
        if self.kept.contains(&hash) {
            return true;
        }
        if self.kept.len() - self.safe >= MAX_KEPT {
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

/// Returns the hash of a text, or `None` if it is too long to be kept. It runs for each statement, so it is
/// faster than the standard library's, and need not resist texts that were made to collide.
///
/// It is our own because a program with SQLite alone has no dependency with such a hash: `foldhash` comes with
/// MySQL's driver, and `siphasher`, which is the slow one, with PostgreSQL's. One more crate would replace ten
/// lines.
fn hash(sql: &str) -> Option<u64> {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    if sql.len() > MAX_LENGTH {
        return None;
    }
    let mix = |hash: u64, part: u64| {
        let product = (hash ^ part).wrapping_mul(FACTOR);
        product ^ (product >> 32)
    };
    let (words, rest) = sql.as_bytes().as_chunks();
    let hash = words.iter().fold(sql.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    Some(rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte))))
}

/// As many spaces as most texts have bytes, at most. Diesel's builder begins with an empty text and grows it
/// six times for an `INSERT`; after these it grows once.
const PADDING: &str = match str::from_utf8(&[b' '; 256]) {
    Ok(spaces) => spaces,
    Err(_) => unreachable!(),
};

fn sql_of<T: QueryFragment<Sqlite>>(query: &T) -> QueryResult<String> {
    let mut builder = Builder::default();
    builder.push_sql(PADDING);
    query.to_sql(&mut builder, &Sqlite)?;
    let mut sql = builder.finish();
    sql.drain(..PADDING.len());
    Ok(sql)
}

/// Returns whether a statement only reads or writes rows.
fn is_data(sql: &str) -> bool {
    let sql = sql.trim_ascii_start();
    let end = sql.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(sql.len());
    DATA.iter().any(|keyword| keyword.eq_ignore_ascii_case(&sql[..end]))
}

/// A query with its SQL, which is not built again.
///
/// `Q` is the query `T` or a reference to it: Diesel's implementation for a reference has the passes do all
/// work again.
pub(super) struct Rendered<Q, T> {
    query: Q,
    sql: Option<String>,
    is_kept: bool,
    may_change_session: bool,
    fragment: PhantomData<fn(T)>,
}

impl<Q: Borrow<T>, T> Rendered<Q, T> {
    fn query(&self) -> &T {
        self.query.borrow()
    }

    /// Returns whether the statement may do more than read and write rows, as a `PRAGMA` does.
    pub(super) fn may_change_session(&self) -> bool {
        self.may_change_session
    }
}

impl<Q: Borrow<T>, T: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Rendered<Q, T> {
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
            _ => self.query().walk_ast(pass),
        }
    }
}

impl<Q, T> QueryId for Rendered<Q, T> {
    type QueryId = ();

    /// Its statement is found by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, T: Query> Query for Rendered<Q, T> {
    type SqlType = T::SqlType;
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Statements {
        fn keep(&mut self, sql: &str) -> bool {
            hash(sql).is_some_and(|hash| self.keeps(sql, hash))
        }
    }

    #[test]
    fn a_text_that_diesel_keeps_takes_no_room() {
        let mut statements = Statements::default();
        for number in 0..2 * MAX_SAFE as u64 {
            statements.remember_safe(number);
        }
        assert_eq!((statements.safe, statements.kept.len()), (MAX_SAFE, MAX_SAFE));
        assert!(!statements.keep("SELECT 1") && statements.keep("SELECT 1"));
    }

    #[test]
    fn every_byte_of_a_text_changes_its_hash() {
        let text = "UPDATE t SET x = ? WHERE y = ?";
        let others = (0..text.len()).map(|at| {
            let mut other = text.as_bytes().to_vec();
            other[at] ^= 1;
            hash(str::from_utf8(&other).expect("ASCII"))
        });
        let mut hashes: BTreeSet<_> = others.collect();
        assert!(hashes.insert(hash(text)) && hashes.insert(hash(&text[1..])) && hashes.insert(hash("")));
        assert_eq!(hashes.len(), text.len() + 3);
    }

    #[test]
    fn a_text_is_kept_from_its_second_use_on() {
        let mut statements = Statements::default();
        assert!(!statements.keep("UPDATE t SET x = ?"));
        assert!(statements.keep("UPDATE t SET x = ?"));
        assert!(statements.keep("UPDATE t SET x = ?"));
    }

    #[test]
    fn what_may_not_be_kept() {
        let long = format!("SELECT '{}'", "x".repeat(MAX_LENGTH));
        let many = format!("SELECT {}1", "?, ".repeat(MAX_BINDS + 1));
        for sql in [&long, &many] {
            let mut statements = Statements::default();
            assert!((0..5).all(|_| !statements.keep(sql)), "{sql:.40}");
        }
        for sql in ["PRAGMA foreign_keys = ON", "", "selection", "-- a\nSELECT 1", "EXPLAIN SELECT 1"] {
            assert!(!is_data(sql), "{sql}");
        }
        assert!(is_data("SELECT 1") && is_data("\n insert into t VALUES (1)"));
        let most = format!("SELECT {}1", "?, ".repeat(MAX_BINDS));
        let mut statements = Statements::default();
        assert!(!statements.keep(&most) && statements.keep(&most));
    }

    #[test]
    fn the_number_of_kept_and_of_remembered_texts_is_limited() {
        let mut statements = Statements::default();
        let text = |number: usize| format!("SELECT {number}");
        for number in 0..MAX_KEPT + 10 {
            assert!(!statements.keep(&text(number)));
            assert_eq!(statements.keep(&text(number)), number < MAX_KEPT);
        }
        assert!(statements.keep(&text(0)), "what was kept stays");
        let mut statements = Statements::default();
        for number in 0..3 * MAX_SEEN {
            statements.keep(&text(number));
            assert!(statements.seen.len() <= MAX_SEEN);
        }
    }
}
