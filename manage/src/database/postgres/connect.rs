//! The types of connections to PostgreSQL that settings open.

use std::time::{Duration, Instant};

use diesel_async::AsyncPgConnection;

use super::connection::{PostgresConnection, open_driver};
use crate::database::connection::reported;
use crate::database::{Connect, ConnectError, Poolable};
use crate::settings::{Backend, DatabaseSettings};

impl Connect for PostgresConnection {
    fn backends() -> &'static [Backend] {
        &[Backend::Postgres]
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Self::open(settings)
    }
}

impl Poolable for PostgresConnection {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let started = Instant::now();
        let answer = self.within(limit, Self::ping);
        reported(settings, answer, limit, started)
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

impl Connect for AsyncPgConnection {
    fn backends() -> &'static [Backend] {
        &[Backend::Postgres]
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        open_driver(settings)
    }
}
