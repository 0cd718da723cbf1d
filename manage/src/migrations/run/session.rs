//! Session settings that migrations may change. They are restored before the next migration, so that its
//! statements and the record are not affected.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::database::Connection;
use crate::migrations::script::Statement;
use crate::settings::Backend;

/// A snapshot of a session's settings, by name.
pub(super) struct MigrationSession {
    settings: BTreeMap<String, String>,
    /// PostgreSQL's session user, or MySQL's current database.
    subject: Option<String>,
    /// PostgreSQL's limits, also those of the user and the database.
    limits: BTreeMap<String, String>,
}

/// The pragmas of an SQLite connection. None of them is stored in the file.
const PRAGMAS: [&str; 16] = [
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cell_size_check",
    "foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "locking_mode",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "synchronous",
    "trusted_schema",
    "writable_schema",
];

/// MySQL's variables that are not settings: the server changes them, or they report status.
const VOLATILE: [&str; 12] = [
    "error_count",
    "identity",
    "in_transaction",
    "insert_id",
    "last_gtid",
    "last_insert_id",
    "pseudo_thread_id",
    "rand_seed1",
    "rand_seed2",
    "skip_replication",
    "timestamp",
    "warning_count",
];

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// A row of MySQL's `SHOW VARIABLES`.
#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Variable_name")]
    name: String,
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

impl MigrationSession {
    pub(super) fn save(connection: &mut Connection) -> QueryResult<Self> {
        connection.with_short_answers(Self::read)
    }

    fn read(connection: &mut Connection) -> QueryResult<Self> {
        let (mut subject, mut limits) = (None, BTreeMap::new());
        let settings = match connection.backend() {
            Backend::Sqlite => {
                let one = |name| {
                    format!("SELECT '{name}' AS name, CAST((SELECT * FROM pragma_{name}) AS TEXT) AS value")
                };
                let pragmas = PRAGMAS.map(one).join(" UNION ALL ");
                let rows: Vec<Setting> = diesel::sql_query(pragmas).load(connection)?;
                rows.into_iter().filter_map(|row| Some((row.name, row.value?))).collect()
            }
            Backend::Postgres => {
                let rows: Vec<Setting> = diesel::sql_query(
                    "SELECT name::text, setting::text AS value FROM pg_catalog.pg_settings \
                     WHERE source = 'session' AND name NOT LIKE 'transaction\\_%' \
                     UNION ALL SELECT 'role', pg_catalog.current_setting('role') \
                     UNION ALL SELECT '', session_user::text \
                     UNION ALL SELECT '=' || name, setting FROM pg_catalog.pg_settings \
                     WHERE name IN ('lock_timeout', 'statement_timeout')",
                )
                .load(connection)?;
                let rows = rows.into_iter().filter_map(|row| Some((row.name, row.value?)));
                let (of_limits, mut settings): (BTreeMap<String, _>, BTreeMap<_, _>) =
                    rows.partition(|(name, _)| name.starts_with('='));
                limits = of_limits.into_iter().map(|(name, value)| (name[1..].to_owned(), value)).collect();
                subject = settings.remove("");
                settings
            }
            Backend::Mysql => {
                let rows: Vec<Variable>;
                (subject, rows) = connection.with_short_answers(|connection| {
                    let database = diesel::sql_query("SELECT '' AS name, DATABASE() AS value");
                    let database = database.get_result::<Setting>(connection)?.value;
                    QueryResult::Ok((database, diesel::sql_query("SHOW SESSION VARIABLES").load(connection)?))
                })?;
                let is_setting = |row: &Variable| !VOLATILE.contains(&row.name.as_str());
                rows.into_iter().filter(is_setting).map(|row| (row.name, row.value)).collect()
            }
        };
        Ok(Self { settings, subject, limits })
    }

    /// Returns PostgreSQL's role, if it is another one than the session's user.
    pub(super) fn role(&self) -> Option<&str> {
        self.settings.get("role").map(String::as_str).filter(|role| *role != "none")
    }

    /// Returns a setting that limits statements, if the server has it.
    pub(super) fn limit(&self, name: &str) -> Option<&str> {
        self.limits.get(name).or_else(|| self.settings.get(name)).map(String::as_str)
    }

    /// Notes a setting that all migrations begin with.
    pub(super) fn expect(&mut self, name: &str, value: String) {
        self.settings.insert(name.to_owned(), value);
    }

    /// Restores the changed settings.
    pub(super) fn restore(&self, connection: &mut Connection) -> QueryResult<()> {
        connection.with_short_answers(|connection| self.set_back(connection))
    }

    fn set_back(&self, connection: &mut Connection) -> QueryResult<()> {
        let backend = connection.backend();
        if backend == Backend::Mysql {
            // While tables are locked, no other table can be used.
            connection.batch_execute("UNLOCK TABLES")?;
        }
        let now = Self::read(connection)?;
        if let Some(before) = self.subject.as_ref().filter(|_| self.subject != now.subject) {
            connection.batch_execute(&match backend {
                Backend::Mysql => format!("USE `{}`", before.replace('`', "``")),
                _ => "RESET SESSION AUTHORIZATION".to_owned(),
            })?;
        }
        for name in now.settings.keys().filter(|name| !self.settings.contains_key(*name)) {
            if backend == Backend::Postgres {
                connection.batch_execute(&format!("RESET \"{name}\""))?;
            }
        }
        // `sql_mode`, which affects quoting, comes first.
        let (modes, others): (Vec<_>, Vec<_>) = self
            .settings
            .iter()
            .filter(|(name, value)| now.settings.get(*name) != Some(value))
            .partition(|(name, _)| *name == "sql_mode");
        for (name, value) in modes.into_iter().chain(others) {
            set(connection, name, value)?;
        }
        Ok(())
    }
}

/// Returns whether a statement of MySQL or PostgreSQL may change the session.
pub(super) fn may_change_it(statement: &Statement<'_>, backend: Backend) -> bool {
    match backend {
        Backend::Sqlite => true,
        Backend::Mysql => {
            // An executed comment and a procedure may contain anything.
            let is_hidden = statement.text().contains("/*");
            let words = statement.words(1);
            is_hidden || words.iter().any(|word| ["CALL", "LOCK", "SET", "USE"].contains(&word.as_str()))
        }
        Backend::Postgres => {
            // Changes of the schema and plain rows. A query, a function and a block may call `set_config`.
            const PLAIN: [&str; 8] =
                ["ALTER", "COMMENT", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "REVOKE"];
            let words = statement.words(usize::MAX);
            let is_plain = words.first().is_some_and(|word| PLAIN.contains(&word.as_str()));
            let calls = ["EXECUTE", "EXTENSION", "SELECT", "SET_CONFIG", "WITH"];
            !is_plain || words.iter().any(|word| calls.contains(&word.as_str()))
        }
    }
}

/// Returns whether MySQL warned that the rollback, which must be the last statement, could not undo
/// everything.
pub(super) fn is_rollback_incomplete(connection: &mut Connection) -> bool {
    #[derive(QueryableByName)]
    struct Warning {
        #[diesel(sql_type = diesel::sql_types::BigInt, column_name = "Code")]
        code: i64,
    }
    const WARNING_NOT_COMPLETE_ROLLBACK: i64 = 1196;

    let warnings: QueryResult<Vec<Warning>> =
        connection.with_short_answers(|connection| diesel::sql_query("SHOW WARNINGS").load(connection));
    warnings.is_ok_and(|all| all.iter().any(|warning| warning.code == WARNING_NOT_COMPLETE_ROLLBACK))
}

fn set(connection: &mut Connection, name: &str, value: &str) -> QueryResult<()> {
    match connection.backend() {
        Backend::Sqlite => connection.batch_execute(&format!("PRAGMA {name} = {value}")),
        Backend::Postgres => {
            let set = diesel::dsl::sql::<Text>("pg_catalog.set_config(").bind::<Text, _>(name).sql(", ");
            let set = set.bind::<Text, _>(value).sql(", false)");
            diesel::select(set).get_result::<String>(connection).map(drop)
        }
        Backend::Mysql => {
            let is_number = value.starts_with(|c: char| c.is_ascii_digit()) && value.parse::<f64>().is_ok();
            let value = if is_number { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) };
            // A variable without a session value was changed for the whole server, perhaps by another client.
            let _ = connection.batch_execute(&format!("SET SESSION {name} = {value}"));
            Ok(())
        }
    }
}
