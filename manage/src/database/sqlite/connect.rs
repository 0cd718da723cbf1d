//! The types of connections to SQLite that settings open.

use std::time::{Duration, Instant};

use super::connection::SqliteConnection;
use super::file;
use crate::database::connection::reported;
use crate::database::{Connect, ConnectError, Poolable, by_url};
use crate::settings::{Backend, DatabaseSettings};

impl Connect for SqliteConnection {
    fn backends() -> &'static [Backend] {
        &[Backend::Sqlite]
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        file::open(settings)
    }
}

impl Poolable for SqliteConnection {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let started = Instant::now();
        let answer = file::within(self, limit, |_| Ok(()));
        reported(settings, Some(answer), limit, started)
    }

    fn is_ready(&mut self) -> bool {
        !Self::is_broken(self)
    }

    fn is_broken(&mut self) -> bool {
        Self::is_broken(self)
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        Self::set_deadline(self, deadline);
    }
}

/// It has the busy timeout and the foreign keys of this crate's type, but Diesel's transactions: one that
/// reads before it writes fails with `database is locked` while another process writes, unless it begins with
/// `immediate_transaction`.
impl Connect for diesel::SqliteConnection {
    fn backends() -> &'static [Backend] {
        &[Backend::Sqlite]
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        file::open(settings).map(SqliteConnection::into_inner)
    }
}

impl Poolable for diesel::SqliteConnection {
    fn check(&mut self, settings: &DatabaseSettings, _limit: Duration) -> Result<(), ConnectError> {
        by_url::check(self, settings)
    }

    fn is_broken(&mut self) -> bool {
        by_url::is_broken(self)
    }
}
