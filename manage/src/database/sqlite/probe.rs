//! The checks of an SQLite probe.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::connection::SqliteConnection;
use super::file;
use super::operations::Sqlite;
use super::writable::{check_writable, try_create, try_write};
use crate::database::operations::{Operations as _, ProbeConnection};
use crate::database::{ConnectError, Requirements};
use crate::settings::{DatabaseSettings, Origin};

/// How long another process may lock a file before the probe reports that it is locked.
const MOMENT: Duration = Duration::from_millis(500);

/// A connection to the file. If the file does not exist, it is not created: the connection is to an in-memory
/// database.
pub(super) struct SqliteProbe {
    connection: SqliteConnection,
    settings: DatabaseSettings,
    is_missing: bool,
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

impl SqliteProbe {
    /// Opens the file, after the checks that the requirements need. A file that does not exist must be one
    /// that could be created.
    pub(super) fn open(
        settings: &DatabaseSettings,
        requirements: &Requirements,
    ) -> Result<Self, ConnectError> {
        let path = file::path(&settings.name);
        if let Some(path) = path.as_ref().filter(|_| requirements.writable) {
            check_writable(settings, path)?;
        }
        let Some(path) = path.filter(|path| !path.exists()) else {
            let connection = file::open_unchanged(settings)?;
            return Ok(Self { connection, settings: settings.clone(), is_missing: false });
        };
        file::could_be_made(settings, &path)?;
        if requirements.writable {
            try_create(settings, &path)?;
        }
        let settings = DatabaseSettings::sqlite(settings.alias.clone(), ":memory:", Origin::Code);
        Ok(Self { connection: file::open_unchanged(&settings)?, settings, is_missing: true })
    }

    fn within<T>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, ConnectError> {
        let started = Instant::now();
        file::within(&mut self.connection, limit, work)
            .map_err(|error| file::failed(&self.settings, limit, started.elapsed(), &error.to_string()))
    }
}

impl ProbeConnection for SqliteProbe {
    fn version(&mut self, limit: Duration) -> Result<String, ConnectError> {
        let query = diesel::select(diesel::dsl::sql::<Text>(Sqlite.version_expression()));
        let answer: String = self.within(limit.min(MOMENT), |driver| query.get_result(driver))?;
        Ok(Sqlite.product(&answer))
    }

    fn require_writable(&mut self, limit: Duration) -> Result<(), ConnectError> {
        if self.is_missing {
            return Ok(());
        }
        try_write(&mut self.connection, &self.settings, limit)
    }

    fn texts(&mut self, limit: Duration, query: &str) -> Result<Vec<String>, ConnectError> {
        let rows: Vec<TextRow> = self.within(limit, |driver| diesel::sql_query(query).load(driver))?;
        Ok(rows.into_iter().filter_map(|row| row.text).collect())
    }
}
