//! Limits for the statements of migrations: how long one may wait for a lock, and how long it may run.

use diesel::QueryResult;
use diesel::connection::SimpleConnection as _;

use super::session::MigrationSession;
use crate::database::Connection;
use crate::migrations::source::MigrationLimits;
use crate::settings::Backend;

/// How many seconds a statement waits for a lock, unless something else says so.
const LOCK_TIMEOUT: u32 = 5;

/// MySQL's default for `lock_wait_timeout` is a day on MariaDB, and a year on MySQL: no limit that anybody chose.
const NO_CHOICE: u64 = 86_400;

/// What is asked for all migrations. Times are seconds; 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitOptions {
    /// How long a statement may wait for a lock; `None` for the default.
    pub(crate) table_lock_timeout: Option<u32>,
    /// How often a migration or a statement is tried that waited too long for a lock.
    pub(crate) table_lock_tries: u32,
    /// How long a statement may run; `None` for the session's own limit.
    pub(crate) statement_timeout: Option<u32>,
}

impl LimitOptions {
    pub(crate) const DEFAULT: Self =
        Self { table_lock_timeout: None, table_lock_tries: 10, statement_timeout: None };
}

/// A setting of the session, and its value.
type Setting = (&'static str, String);

/// The limits of a run.
pub(super) struct Limits {
    backend: Backend,
    options: LimitOptions,
    /// The limits that the session began with.
    before: Vec<Setting>,
    is_mariadb: bool,
}

impl Limits {
    pub(super) fn new(options: LimitOptions, session: &MigrationSession, backend: Backend) -> Self {
        let names: &[&'static str] = match backend {
            Backend::Postgres => &["lock_timeout", "statement_timeout"],
            Backend::Mysql => {
                &["lock_wait_timeout", "innodb_lock_wait_timeout", "max_statement_time", "max_execution_time"]
            }
            Backend::Sqlite => &["busy_timeout"],
        };
        let before = names.iter().filter_map(|name| Some((*name, session.limit(name)?.to_owned())));
        let is_mariadb = session.limit("max_statement_time").is_some();
        Self { backend, options, before: before.collect(), is_mariadb }
    }

    pub(super) fn tries(&self) -> u32 {
        self.options.table_lock_tries
    }

    /// Sets those of all migrations. PostgreSQL's belong to each transaction instead: behind a pooler a setting
    /// of the session would reach other clients.
    pub(super) fn begin(
        &self,
        connection: &mut Connection,
        session: &mut MigrationSession,
    ) -> QueryResult<()> {
        if self.backend == Backend::Postgres {
            return Ok(());
        }
        let settings = self.settings(&MigrationLimits::NONE);
        self.set(connection, &settings)?;
        settings.into_iter().for_each(|(name, value)| session.expect(name, value));
        Ok(())
    }

    /// Restores what [`Self::begin`] has set.
    pub(super) fn end(&self, connection: &mut Connection) -> QueryResult<()> {
        if self.backend == Backend::Postgres {
            return Ok(());
        }
        let changed = self.settings(&MigrationLimits::NONE);
        let is_changed = |(name, _): &&Setting| changed.iter().any(|(other, _)| other == name);
        let before: Vec<Setting> = self.before.iter().filter(is_changed).cloned().collect();
        self.set(connection, &before)
    }

    /// Sets those of one migration. They are restored with the session.
    pub(super) fn prepare(&self, connection: &mut Connection, own: &MigrationLimits) -> QueryResult<()> {
        if self.backend == Backend::Postgres || own.is_none() {
            return Ok(());
        }
        self.set(connection, &self.settings(own))
    }

    /// Returns SQL for the beginning of a PostgreSQL transaction. A setting that the migration itself names is
    /// left alone.
    pub(super) fn of_transaction(&self, own: &MigrationLimits, names: impl Fn(&str) -> bool) -> String {
        if self.backend != Backend::Postgres {
            return String::new();
        }
        let settings = self.settings(own).into_iter().filter(|(name, _)| !names(name));
        settings.map(|(name, value)| format!("SET LOCAL {name} = {value};")).collect()
    }

    /// Returns SQL that limits a PostgreSQL session for a statement outside of a transaction, and SQL that
    /// restores it; `None` if nothing changes. A setting that the migration itself names is left alone.
    pub(super) fn of_session(
        &self,
        own: &MigrationLimits,
        names: impl Fn(&str) -> bool,
    ) -> Option<[String; 2]> {
        if self.backend != Backend::Postgres {
            return None;
        }
        let settings = self.settings(own);
        let changed = self.before.iter().filter_map(|(name, before)| {
            let (_, value) = settings.iter().find(|(other, value)| other == name && value != before)?;
            (!names(name)).then(|| (format!("SET {name} = {value}"), format!("SET {name} = {before}")))
        });
        let (limit, restore): (Vec<String>, Vec<String>) = changed.unzip();
        (!limit.is_empty()).then(|| [limit.join("; "), restore.join("; ")])
    }

    /// Returns SQL that lifts the session's own limits for a PostgreSQL statement that must not be interrupted,
    /// and SQL that restores them; `None` if there are none.
    pub(super) fn lifted(&self, names: impl Fn(&str) -> bool) -> Option<[String; 2]> {
        let limited = self
            .before
            .iter()
            .filter(|(name, value)| self.backend == Backend::Postgres && value != "0" && !names(name));
        let (lift, restore): (Vec<String>, Vec<String>) =
            limited.map(|(name, value)| (format!("SET {name} = 0"), format!("SET {name} = {value}"))).unzip();
        (!lift.is_empty()).then(|| [lift.join("; "), restore.join("; ")])
    }

    fn set(&self, connection: &mut Connection, settings: &[Setting]) -> QueryResult<()> {
        let of = |separator: &str| {
            settings
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect::<Vec<_>>()
                .join(separator)
        };
        match self.backend {
            _ if settings.is_empty() => Ok(()),
            Backend::Sqlite => connection.batch_execute(&format!("PRAGMA {}", of("; PRAGMA "))),
            _ => connection.batch_execute(&format!("SET SESSION {}", of(", SESSION "))),
        }
    }

    /// Returns the settings of a migration.
    fn settings(&self, own: &MigrationLimits) -> Vec<Setting> {
        let lock = own.table_lock_timeout_seconds.or(self.options.table_lock_timeout);
        let time = own.statement_timeout_seconds.or(self.options.statement_timeout);
        let milliseconds = |seconds: u32| (u64::from(seconds) * 1000).min(i32::MAX.unsigned_abs().into());
        let number = |name| {
            let before = self.before.iter().find(|(other, _)| *other == name);
            before.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let mut settings = Vec::new();
        match self.backend {
            Backend::Postgres => {
                let lock = lock.or_else(|| (number("lock_timeout") == Some(0)).then_some(LOCK_TIMEOUT));
                settings.extend(lock.map(|lock| ("lock_timeout", milliseconds(lock).to_string())));
                settings.extend(time.map(|time| ("statement_timeout", milliseconds(time).to_string())));
            }
            Backend::Mysql => {
                match lock {
                    Some(lock) => {
                        // Their largest values.
                        let [table, row] =
                            if lock == 0 { [31_536_000, 100_000_000] } else { [lock.min(31_536_000); 2] };
                        settings.push(("lock_wait_timeout", table.to_string()));
                        settings.push(("innodb_lock_wait_timeout", row.to_string()));
                    }
                    None if number("lock_wait_timeout").is_some_and(|before| before >= NO_CHOICE) => {
                        settings.push(("lock_wait_timeout", LOCK_TIMEOUT.to_string()));
                    }
                    None => {}
                }
                settings.extend(time.map(|time| match self.is_mariadb {
                    true => ("max_statement_time", time.min(31_536_000).to_string()),
                    // On MySQL it limits queries only.
                    false => ("max_execution_time", milliseconds(time).to_string()),
                }));
            }
            // It has no limit for the time of a statement.
            Backend::Sqlite => settings.extend(lock.map(|lock| {
                let limit = if lock == 0 { i32::MAX.unsigned_abs().into() } else { milliseconds(lock) };
                ("busy_timeout", limit.to_string())
            })),
        }
        settings
    }
}
