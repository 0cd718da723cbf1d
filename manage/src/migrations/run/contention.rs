//! What another session did to a statement: it held a lock for too long, or was in a deadlock with it.

use super::failure::{Failure, StatementError};
use crate::database::ServerError;

/// How another session got in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contention {
    /// It held a lock for longer than the statement waits.
    LockTimeout,
    /// Each waited for the other, and the server ended this one.
    Deadlock,
}

impl Contention {
    pub(super) fn of(error: &ServerError) -> Option<Self> {
        match error.code()?.as_str() {
            // lock_not_available, and ER_LOCK_WAIT_TIMEOUT
            "55P03" | "1205" | "SQLITE_BUSY" => Some(Self::LockTimeout),
            // deadlock_detected, and ER_LOCK_DEADLOCK
            "40P01" | "1213" => Some(Self::Deadlock),
            _ => None,
        }
    }
}

/// A statement that another session got in the way of.
pub(super) struct Contended {
    pub(super) contention: Contention,
    /// The line of the file; `None` if it is not a statement of the file.
    pub(super) line: Option<usize>,
    /// The names in the statement, of which some are tables.
    pub(super) names: Vec<String>,
}

impl Failure {
    /// Returns what another session got in the way of, if that is the reason and nothing of it stayed.
    pub(super) fn contended(&self) -> Option<Contended> {
        let Self::Step(failure) = self else { return None };
        let server = ServerError::in_chain(&failure.source)?;
        let contention = Contention::of(&server).filter(|_| failure.left.is_certain())?;
        let mut chain = failure.source.chain();
        let statement = chain.find_map(|cause| cause.downcast_ref::<StatementError>());
        Some(Contended {
            contention,
            line: statement.map(|statement| statement.place.line),
            names: statement.map(|statement| statement.names.clone()).unwrap_or_default(),
        })
    }

    /// Returns whether the reason is a deadlock. MySQL has then rolled back the transaction.
    pub(super) fn is_deadlock(&self) -> bool {
        self.contended().is_some_and(|contended| contended.contention == Contention::Deadlock)
    }
}
