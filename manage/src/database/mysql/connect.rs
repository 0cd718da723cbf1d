//! The types of connections to MySQL and MariaDB that settings open.

use std::time::{Duration, Instant};

use diesel_async::AsyncMysqlConnection;

use super::asynchronous;
use super::connection::MysqlConnection;
use super::session::RESTORE;
use crate::database::connection::reported;
use crate::database::{Connect, ConnectError, Poolable};
use crate::settings::{Backend, DatabaseSettings};

impl Connect for MysqlConnection {
    fn backends() -> &'static [Backend] {
        &[Backend::Mysql]
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Self::open(settings)
    }
}

impl Poolable for MysqlConnection {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let started = Instant::now();
        let answer = self.run_within(limit, RESTORE);
        reported(settings, answer, limit, started)
    }

    fn is_ready(&mut self) -> bool {
        self.is_unchanged()
    }

    fn is_broken(&mut self) -> bool {
        self.is_lost()
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        Self::set_deadline(self, deadline);
    }
}

impl Connect for AsyncMysqlConnection {
    fn backends() -> &'static [Backend] {
        &[Backend::Mysql]
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        asynchronous::open(settings)
    }
}
