//! The prepared statements that a connection keeps, so that a statement that runs again needs one round trip.
//!
//! Diesel's own cache leaves out every INSERT and UPDATE, and has no limit.

use std::any::TypeId;
use std::collections::HashMap;

use super::session::Statement;

/// The maximum number of statements that a connection keeps. The server's own limit
/// (`max_prepared_stmt_count`) is 16,382 for all its connections.
const MOST: usize = 128;

/// The maximum length and number of values of a statement that is kept. Longer ones are usually batches,
/// whose length varies.
const LONGEST: usize = 16 * 1024;
const MOST_VALUES: usize = 100;

/// The statements that a connection keeps: the least recently used one makes room for a new one.
pub(super) struct Statements {
    /// The statements whose text depends on the type of the query alone.
    by_type: HashMap<TypeId, Kept>,
    by_text: HashMap<Box<str>, Kept>,
    most: usize,
    /// Counts the uses.
    clock: u64,
}

struct Kept {
    statement: Statement,
    last_used: u64,
}

impl Default for Statements {
    fn default() -> Self {
        Self { by_type: HashMap::new(), by_text: HashMap::new(), most: MOST, clock: 0 }
    }
}

impl Statements {
    /// Returns whether a statement is worth keeping.
    pub(super) fn accepts(&self, text: &str, values: usize) -> bool {
        self.most > 0 && text.len() <= LONGEST && values <= MOST_VALUES
    }

    /// Sets whether statements are kept. Returns those that must be closed.
    pub(super) fn enable(&mut self, is_enabled: bool) -> Vec<Statement> {
        self.most = if is_enabled { MOST } else { 0 };
        if is_enabled { Vec::new() } else { self.clear() }
    }

    /// Returns the statement of a type of query, if it has been kept.
    pub(super) fn of_type(&mut self, id: TypeId) -> Option<Statement> {
        self.clock += 1;
        let kept = self.by_type.get_mut(&id)?;
        kept.last_used = self.clock;
        Some(kept.statement)
    }

    /// Returns the statement of a text, if it has been kept.
    pub(super) fn of_text(&mut self, text: &str) -> Option<Statement> {
        self.clock += 1;
        let kept = self.by_text.get_mut(text)?;
        kept.last_used = self.clock;
        Some(kept.statement)
    }

    /// Keeps a statement. Returns the one that must be closed instead.
    pub(super) fn keep(&mut self, id: Option<TypeId>, text: &str, statement: Statement) -> Option<Statement> {
        let is_full = self.by_type.len() + self.by_text.len() >= self.most;
        let oldest = if is_full { self.remove_oldest() } else { None };
        let kept = Kept { statement, last_used: self.clock };
        let replaced = match id {
            Some(id) => self.by_type.insert(id, kept),
            None => self.by_text.insert(text.into(), kept),
        };
        oldest.or(replaced.map(|kept| kept.statement))
    }

    fn remove_oldest(&mut self) -> Option<Statement> {
        let by_type = self.by_type.iter().min_by_key(|(_, kept)| kept.last_used);
        let by_text = self.by_text.iter().min_by_key(|(_, kept)| kept.last_used);
        let is_a_type = match (by_type, by_text) {
            (Some((_, kept)), Some((_, other))) => kept.last_used < other.last_used,
            (kept, _) => kept.is_some(),
        };
        let removed = if is_a_type {
            let id = *by_type?.0;
            self.by_type.remove(&id)
        } else {
            let text = by_text?.0.clone();
            self.by_text.remove(&text)
        };
        removed.map(|kept| kept.statement)
    }

    /// Forgets a statement that the server has forgotten.
    pub(super) fn forget(&mut self, statement: Statement) {
        self.by_type.retain(|_, kept| kept.statement != statement);
        self.by_text.retain(|_, kept| kept.statement != statement);
    }

    /// Forgets all statements, and returns them.
    pub(super) fn clear(&mut self) -> Vec<Statement> {
        let by_type = self.by_type.drain().map(|(_, kept)| kept.statement);
        by_type.chain(self.by_text.drain().map(|(_, kept)| kept.statement)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_statement_makes_room() {
        let mut statements = Statements { most: 2, ..Statements::default() };
        let [first, second, third] = [1, 2, 3].map(Statement::of_id);
        assert_eq!(statements.keep(None, "a", first), None);
        assert_eq!(statements.of_text("b"), None);
        assert_eq!(statements.keep(Some(TypeId::of::<u8>()), "b", second), None);
        assert_eq!(statements.of_text("a"), Some(first));
        assert_eq!(statements.keep(None, "c", third), Some(second));
        assert_eq!(statements.of_type(TypeId::of::<u8>()), None);
        statements.forget(first);
        assert_eq!((statements.of_text("a"), statements.of_text("c")), (None, Some(third)));
        assert_eq!(statements.clear(), [third]);
    }

    #[test]
    fn long_statements_are_not_kept() {
        let mut statements = Statements::default();
        assert!(statements.accepts("SELECT 1", 0) && !statements.accepts("SELECT 1", MOST_VALUES + 1));
        assert!(!statements.accepts(&"x".repeat(LONGEST + 1), 0));
        statements.enable(false);
        assert!(!statements.accepts("SELECT 1", 0));
    }
}
