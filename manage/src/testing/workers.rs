//! The sessions that create and drop databases.

use std::sync::{Condvar, Mutex, PoisonError};

use super::server::{is_alive, open};
use crate::database::Connection;
use crate::error::Result;
use crate::settings::DatabaseSettings;

/// How many sessions of this process create and drop databases at the same time. The server's disk is the
/// limit, and each session counts against `max_connections`.
const MOST: usize = 8;

/// Sessions outside of the test databases.
#[derive(Default)]
pub(super) struct Workers {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    /// How many are in use.
    used: usize,
}

impl Workers {
    /// Runs work in a session that nothing else uses. It waits for one if all are in use.
    pub(super) fn run<T>(
        &self,
        settings: &DatabaseSettings,
        work: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        let mut slot = self.take();
        let mut connection = match slot.connection.take() {
            Some(connection) => connection,
            None => open(settings)?,
        };
        let result = work(&mut connection);
        slot.connection = Some(connection);
        result
    }

    fn take(&self) -> Slot<'_> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .returned
            .wait_while(state, |state| state.used >= MOST)
            .unwrap_or_else(PoisonError::into_inner);
        state.used += 1;
        let connection = state.idle.pop();
        drop(state);
        let mut slot = Slot { workers: self, connection };
        // The server may have restarted.
        if !slot.connection.as_mut().is_some_and(is_alive) {
            slot.connection = None;
        }
        slot
    }
}

/// The right to use one session. It is returned with this value.
struct Slot<'a> {
    workers: &'a Workers,
    connection: Option<Connection>,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.workers.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.used -= 1;
        state.idle.extend(self.connection.take());
        drop(state);
        self.workers.returned.notify_one();
    }
}
