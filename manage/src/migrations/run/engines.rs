//! MySQL's tables whose engine has no transactions, such as MyISAM: what is written there is not undone.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::database::Connection;
use crate::migrations::script::Statement;
use crate::settings::Backend;

/// The tables without transactions. They are read when a statement first needs it, and again after one that
/// may have changed them.
#[derive(Debug, Default)]
pub(super) struct Engines {
    /// In capitals.
    tables: Option<BTreeSet<String>>,
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Engines {
    /// Returns whether a statement names a table without transactions. Behind a view, a trigger or a function
    /// it is not found.
    pub(super) fn names_one(
        &mut self,
        connection: &mut Connection,
        statement: &Statement<'_>,
    ) -> QueryResult<bool> {
        if connection.backend() != Backend::Mysql {
            return Ok(false);
        }
        let tables = match self.tables.take() {
            Some(tables) => tables,
            None => read(connection)?,
        };
        let is_named =
            !tables.is_empty() && statement.unquoted_words().iter().any(|word| tables.contains(word));
        self.tables = Some(tables);
        Ok(is_named)
    }

    /// Notes that a statement was run.
    pub(super) fn note(&mut self, statement: &Statement<'_>) {
        let words = statement.words(usize::MAX);
        let has = |word: &str| words.iter().any(|one| one == word);
        let may_change = match words.first().map(String::as_str) {
            // With the default engine it has transactions.
            Some("CREATE" | "ALTER") => has("ENGINE") || has("LIKE") || self.is_default_without(),
            Some("RENAME" | "CALL" | "EXECUTE" | "USE") => true,
            Some("SET") => has("DEFAULT_STORAGE_ENGINE") || has("STORAGE_ENGINE"),
            _ => false,
        };
        if may_change {
            self.tables = None;
        }
    }

    /// Returns whether the default engine has no transactions.
    fn is_default_without(&self) -> bool {
        self.tables.as_ref().is_some_and(|tables| tables.contains(DEFAULT))
    }
}

/// Stands for all tables that will be created with the default engine, if that has no transactions.
const DEFAULT: &str = "";

fn read(connection: &mut Connection) -> QueryResult<BTreeSet<String>> {
    let query = diesel::sql_query(
        "SELECT UPPER(t.table_name) AS name FROM information_schema.tables t \
         LEFT JOIN information_schema.engines e ON e.engine = t.engine \
         WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND COALESCE(e.transactions, 'NO') <> 'YES' \
         UNION ALL SELECT '' FROM information_schema.engines \
         WHERE engine = @@default_storage_engine AND COALESCE(transactions, 'NO') <> 'YES'",
    );
    let tables: Vec<Table> = connection.with_short_answers(|connection| query.load(connection))?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}
