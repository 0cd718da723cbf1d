//! MySQL's tables whose engine has no transactions, such as MyISAM: what is written there is not undone.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::database::Connection;
use crate::migrations::script::Statement;
use crate::settings::Backend;

/// The tables without transactions. They are read when a statement first needs it, and again after one that
/// may have changed an engine.
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
        let words = statement.words(1);
        if words
            .iter()
            .any(|word| matches!(word.as_str(), "CREATE" | "ALTER" | "RENAME" | "CALL" | "EXECUTE" | "USE"))
        {
            self.tables = None;
        }
    }
}

fn read(connection: &mut Connection) -> QueryResult<BTreeSet<String>> {
    let query = diesel::sql_query(
        "SELECT UPPER(t.table_name) AS name FROM information_schema.tables t \
         LEFT JOIN information_schema.engines e ON e.engine = t.engine \
         WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND COALESCE(e.transactions, 'NO') <> 'YES'",
    );
    let tables: Vec<Table> = connection.with_short_answers(|connection| query.load(connection))?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}
