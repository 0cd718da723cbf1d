//! Databases that the tests of a process use one after the other.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::restore::Original;
use super::server::Server;
use super::{restore_mysql, restore_postgres};
use crate::database::Connection;
use crate::error::{CommandError, Result};
use crate::migrations::Migrations;
use crate::settings::{Backend, DatabaseSettings};

/// A database that is as the migrations made it.
pub(super) struct Reusable {
    pub(super) name: String,
    fingerprint: u64,
    /// A session in it, which empties it before its next test.
    session: Connection,
    original: Original,
}

/// The databases of a server that no test uses at present, by the hash of their schema.
#[derive(Default)]
pub(super) struct Idle(Mutex<BTreeMap<u64, Vec<Reusable>>>);

impl Idle {
    fn take(&self, fingerprint: u64) -> Option<Reusable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&fingerprint)?.pop()
    }

    /// Keeps a database for another test, with whatever the last one has left in it.
    pub(super) fn put_back(&self, database: Reusable) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.entry(database.fingerprint).or_default().push(database);
    }
}

impl Server {
    /// Returns a database that no test uses, without what earlier tests have left, or a new one.
    pub(super) fn reuse(&self, base: &str, migrations: &Migrations, fingerprint: u64) -> Result<Reusable> {
        while let Some(mut used) = self.idle.take(fingerprint) {
            let restored = match self.settings.backend {
                Backend::Postgres => restore_postgres::restore(&mut used.session, &used.original),
                _ => restore_mysql::restore(&mut used.session, &used.original),
            };
            if matches!(restored, Ok(true)) {
                return Ok(used);
            }
            // A test has changed the schema or rows of the migrations, or the server has restarted.
            drop(used.session);
            let _ = self.drop_database(&used.name);
        }
        let name = self.create(base, Some((migrations, fingerprint)))?;
        self.reusable(&name, fingerprint).inspect_err(|_| {
            let _ = self.drop_database(&name);
        })
    }

    fn reusable(&self, name: &str, fingerprint: u64) -> Result<Reusable> {
        let settings = DatabaseSettings { name: name.to_owned(), ..self.settings.clone() };
        let mut session = Connection::open(&settings).map_err(CommandError::from)?;
        let original = match settings.backend {
            Backend::Postgres => {
                restore_postgres::prepare(&mut session)?;
                restore_postgres::original(&mut session)?
            }
            _ => {
                restore_mysql::prepare(&mut session)?;
                restore_mysql::original(&mut session)?
            }
        };
        Ok(Reusable { name: name.to_owned(), fingerprint, session, original })
    }
}
