//! The prepared statements of a connection: which of a project's statements the server keeps.
//!
//! Statements that Diesel considers safe to cache are kept at once, as Diesel does. Diesel prepares others
//! again each time, such as inserts and updates; they are kept when the same text comes again.

use std::any::TypeId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::sync::{Arc, OnceLock};

use diesel::QueryResult;

use super::row::Columns;

/// The maximum number of statements that a connection keeps on the server.
const MOST: usize = 256;
/// The maximum length of a kept statement's text, and the maximum number of its parameters.
const LONGEST: usize = 16 * 1024;
const MOST_BINDS: usize = 100;
/// A connection keeps no more statements after the server has lost this many, unless it executed `RUNS` for
/// each: behind a pooler every transaction may have another server session.
const MOST_LOST: u64 = 3;
const RUNS: u64 = 100;

/// A statement that the server keeps under a name.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) sql: String,
    /// The types of its parameters.
    types: Vec<u32>,
    /// The columns of its result, once they are known.
    pub(super) columns: OnceLock<Arc<Columns>>,
    key: Key,
    /// Whether Diesel would keep it, too.
    is_safe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// The type of a query, which determines its text.
    Type(TypeId),
    /// The hash of a text and its types.
    Text(u64),
}

/// How a statement is sent.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The server has it.
    Run(Arc<Statement>),
    /// The server shall keep it from now on.
    Prepare(Arc<Statement>),
    /// The server parses it, executes it and forgets it.
    Once(String),
}

/// A query as the cache sees it.
pub(super) trait Text {
    /// Returns what determines the text, if the query's type does.
    fn id(&self) -> Option<TypeId>;

    fn sql(&self) -> QueryResult<String>;

    /// Returns whether Diesel would keep it.
    fn is_safe(&self) -> QueryResult<bool>;
}

#[derive(Debug)]
struct Kept {
    statement: Arc<Statement>,
    last_use: u64,
    /// The transaction that it was prepared in.
    transaction: Option<u64>,
}

/// The state of a connection that a choice depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The number of the open transaction.
    pub(super) transaction: Option<u64>,
    /// Whether the rows of the result are needed.
    pub(super) wants_rows: bool,
    /// Whether the server session has what Diesel would keep.
    pub(super) keeps_safe: bool,
}

#[derive(Debug)]
pub(super) struct Statements {
    kept: HashMap<Key, Kept>,
    /// The hashes of texts that were sent once, the oldest first.
    seen: HashSet<u64>,
    seen_in_order: VecDeque<u64>,
    /// The names of statements that the server shall forget.
    closing: Vec<String>,
    hasher: RandomState,
    /// Begins each name. It is unique for each connection: another client's statement on a pooler's server
    /// session must not have the same name.
    prefix: u64,
    names: u64,
    uses: u64,
    lost: u64,
    is_enabled: bool,
}

impl Statements {
    pub(super) fn new() -> Self {
        let hasher = RandomState::new();
        let mut prefix = hasher.build_hasher();
        prefix.write_u32(std::process::id());
        Self {
            kept: HashMap::new(),
            seen: HashSet::new(),
            seen_in_order: VecDeque::new(),
            closing: Vec::new(),
            prefix: prefix.finish(),
            hasher,
            names: 0,
            uses: 0,
            lost: 0,
            is_enabled: true,
        }
    }

    /// Returns whether no statement is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn enable(&mut self, is_enabled: bool) {
        self.is_enabled = is_enabled;
        if !is_enabled {
            self.closing.extend(self.kept.drain().map(|(_, kept)| kept.statement.name.clone()));
            self.forget_all();
        }
    }

    /// Decides how a statement is sent.
    ///
    /// What Diesel prepares again each time must not fail because it was kept. Outside of a transaction a
    /// lost statement is sent again. Inside of one an error would abort the transaction, so such a statement
    /// is only used there after it was prepared in the same transaction, and never if it returns rows, whose
    /// columns the transaction itself may have changed. Behind a pooler the same is true for all statements.
    pub(super) fn choose(&mut self, query: &dyn Text, types: &[u32], moment: Moment) -> QueryResult<Step> {
        self.uses += 1;
        let is_safe = moment.keeps_safe && query.is_safe()?;
        if !self.is_enabled || types.len() > MOST_BINDS {
            return Ok(Step::Once(query.sql()?));
        }
        let id = query.id().filter(|_| is_safe);
        if let Some(kept) = id.and_then(|id| self.kept.get_mut(&Key::Type(id))) {
            kept.last_use = self.uses;
            return Ok(Step::Run(Arc::clone(&kept.statement)));
        }
        let sql = query.sql()?;
        let returns_rows_there = moment.wants_rows && moment.transaction.is_some();
        if sql.len() > LONGEST || !is_safe && (returns_rows_there || !may_be_kept(&sql)) {
            return Ok(Step::Once(sql));
        }
        let hash = self.hasher.hash_one((&sql, types));
        let key = id.map_or(Key::Text(hash), Key::Type);
        let is_valid =
            |kept: &Kept| is_safe || moment.transaction.is_none_or(|now| kept.transaction == Some(now));
        match self.kept.get_mut(&key) {
            Some(kept) if kept.statement.sql != sql || kept.statement.types != types => {
                return Ok(Step::Once(sql));
            }
            Some(kept) if is_valid(kept) => {
                kept.last_use = self.uses;
                return Ok(Step::Run(Arc::clone(&kept.statement)));
            }
            _ => {}
        }
        if !is_safe && !self.was_seen(hash ^ moment.transaction.unwrap_or_default()) {
            return Ok(Step::Once(sql));
        }
        self.names += 1;
        let name = format!("m{:x}_{}", self.prefix, self.names);
        let columns = OnceLock::new();
        Ok(Step::Prepare(Arc::new(Statement { name, sql, types: types.to_vec(), columns, key, is_safe })))
    }

    /// Notes a text. Returns whether it was noted before.
    fn was_seen(&mut self, hash: u64) -> bool {
        if !self.seen.insert(hash) {
            return true;
        }
        self.seen_in_order.push_back(hash);
        if self.seen_in_order.len() > MOST
            && let Some(oldest) = self.seen_in_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        false
    }

    /// Keeps a statement that the server has prepared.
    pub(super) fn keep(&mut self, statement: &Arc<Statement>, transaction: Option<u64>) {
        let kept = Kept { statement: Arc::clone(statement), last_use: self.uses, transaction };
        if let Some(before) = self.kept.insert(statement.key, kept) {
            self.closing.push(before.statement.name.clone());
        }
        if self.kept.len() > MOST {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.last_use).map(|(key, _)| *key);
            if let Some(oldest) = oldest.and_then(|key| self.kept.remove(&key)) {
                self.closing.push(oldest.statement.name.clone());
            }
        }
    }

    /// Forgets a statement that failed before it was executed; a new one may succeed.
    pub(super) fn forget(&mut self, statement: &Statement) {
        if self.kept.get(&statement.key).is_some_and(|kept| kept.statement.name == statement.name) {
            self.kept.remove(&statement.key);
            self.closing.push(statement.name.clone());
        }
    }

    /// Forgets all statements, because the server has none of them.
    pub(super) fn forget_all(&mut self) {
        self.kept.clear();
        self.seen.clear();
        self.seen_in_order.clear();
    }

    /// Notes that SQL was executed that may change what other texts mean.
    pub(super) fn session_changed(&mut self, sql: &str) {
        if may_deallocate(sql) {
            return self.forget_all();
        }
        self.seen.clear();
        self.seen_in_order.clear();
        let changed = self.kept.extract_if(|_, kept| !kept.statement.is_safe);
        self.closing.extend(changed.map(|(_, kept)| kept.statement.name.clone()));
    }

    /// Notes that the server did not have a statement. Inside of a transaction that must not happen again.
    pub(super) fn lose(&mut self, is_in_transaction: bool) {
        self.forget_all();
        self.lost += if is_in_transaction { MOST_LOST } else { 1 };
        if self.lost >= MOST_LOST && self.uses < self.lost.saturating_mul(RUNS) {
            self.is_enabled = false;
        }
    }

    /// Takes the names of statements that the server shall forget.
    pub(super) fn closing(&mut self) -> Vec<String> {
        std::mem::take(&mut self.closing)
    }

    pub(super) fn close_later(&mut self, names: Vec<String>) {
        self.closing.extend(names);
    }
}

/// Returns whether a statement that Diesel does not keep means the same each time. PostgreSQL converts
/// literals when it parses them, such as `'now'` to a time, and by the settings of that moment.
fn may_be_kept(sql: &str) -> bool {
    let mut bytes = sql.bytes().peekable();
    let pairs = std::iter::from_fn(|| bytes.next().map(|byte| (byte, bytes.peek().copied())));
    !changes_session(sql)
        && !pairs.into_iter().any(|pair| match pair {
            (b'$', next) => !next.is_some_and(|next| next.is_ascii_digit()),
            (byte, _) => byte == b'\'',
        })
}

/// Returns whether a statement may change what the texts of others mean, such as a table that hides another
/// one of the same name.
pub(super) fn changes_session(sql: &str) -> bool {
    const KINDS: [&str; 7] = ["INSERT", "UPDATE", "DELETE", "SELECT", "WITH", "MERGE", "VALUES"];
    let kind = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(first_word(sql)));
    kind.is_none_or(|kind| ["SELECT", "WITH"].contains(kind) && contains_word(sql, "INTO"))
}

/// The same for several statements in one text.
pub(super) fn batch_changes_session(sql: &str) -> bool {
    const KINDS: [&str; 8] = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"];
    let is_transaction = KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(first_word(sql)));
    sql.contains(';') || !is_transaction && changes_session(sql)
}

/// Returns whether SQL may remove prepared statements from the session.
fn may_deallocate(sql: &str) -> bool {
    contains_word(sql, "DEALLOCATE") || contains_word(sql, "DISCARD")
}

fn first_word(sql: &str) -> &str {
    sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

fn contains_word(sql: &str, word: &str) -> bool {
    sql.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_other_statements_are_not_kept() {
        for sql in ["INSERT INTO a VALUES ($1, $2)", "delete from a where b = $10", "SELECT \"a\" FROM b"] {
            assert!(may_be_kept(sql), "{sql}");
        }
        for sql in [
            "SELECT timestamp 'now'",
            "SELECT $$now$$",
            "SELECT $a$now$a$",
            "SELECT a INTO TEMP b FROM c",
            "WITH a AS (SELECT 1) SELECT 1 into b",
            "CREATE TABLE a (b integer)",
            " SELECT 1",
            "-- a comment",
            "",
        ] {
            assert!(!may_be_kept(sql), "{sql}");
        }
    }

    #[test]
    fn transactions_change_nothing() {
        for sql in ["BEGIN", "commit", "ROLLBACK TO SAVEPOINT a", "SELECT 1", "RELEASE SAVEPOINT a"] {
            assert!(!batch_changes_session(sql), "{sql}");
        }
        for sql in ["COMMIT; SET search_path = a", "CREATE TEMP TABLE a (b integer)", "DISCARD ALL", ""] {
            assert!(batch_changes_session(sql), "{sql}");
        }
        assert!(may_deallocate("discard all") && may_deallocate("SELECT 1; Deallocate a"));
    }
}
