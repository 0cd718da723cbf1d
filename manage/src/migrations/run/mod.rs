//! Running migrations: `apply` takes the steps to a target, and `migration` runs one of them. If it is one
//! transaction, that is `transaction`; otherwise `stepwise` runs its statements in `units`, with the journal,
//! and `resume` continues one that an earlier run began.
//! `limits` are those of a statement's time, `retry` tries again what other sessions got in the way of
//! (`contention`), and `interrupt` stops a run after a signal.

pub(crate) mod accept;
mod alter_table;
pub(crate) mod apply;
mod concurrent_index;
mod contention;
mod control;
mod engines;
mod failure;
pub(crate) mod fake;
mod foreign_keys;
mod interrupt;
mod kind;
mod limits;
mod migration;
pub(crate) mod options;
mod reindex;
mod repeat;
mod resume;
mod retry;
mod session;
mod stepwise;
mod transaction;
mod units;

pub(crate) use accept::{AcceptError, accept};
pub(crate) use apply::{Step, StepEvent, apply_with, check_replaced, check_reversible};
pub(crate) use failure::{
    EditedError, IrreversibleError, OrderError, PartlyReplacedError, StatementError, StepError, StoppedError,
};
pub(crate) use fake::Fake;
#[cfg(feature = "schema")]
pub(super) use kind::changes_session;
pub(crate) use limits::LimitOptions;
pub(crate) use options::{Answer, ApplyOptions, MigrationObserver, Resume, UnclearStatement};
pub(crate) use resume::ResumeError;
