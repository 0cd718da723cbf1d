//! How SQLite's transactions begin: as writers, and in turn.

use std::thread;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::details::is_busy;
use crate::database::delegate;
use crate::database::instrument::setting_up;

type Driver = diesel::SqliteConnection;

/// Begins a transaction as a writer, and a nested one by a savepoint. On a read-only database SQLite takes it for a reader's.
///
/// It waits here, and not in SQLite, whose pauses grow to a tenth of a second: a process that writes again and again leaves the file
/// free for so short a time that one that asks so rarely may never get its turn.
pub(super) fn begin_immediate(driver: &mut Driver) -> QueryResult<()> {
    let depth = AnsiTransactionManager::transaction_manager_status_mut(driver).transaction_depth()?;
    if depth.is_some() {
        return delegate::begin(driver);
    }
    let limit = busy_timeout(driver)?;
    set_busy_timeout(driver, 0)?;
    let began = in_turn(driver, Duration::from_millis(limit.unsigned_abs().into()));
    let reset = set_busy_timeout(driver, limit);
    match began {
        // A session that refuses to write by its own choice may still read in a transaction.
        Err(_) if is_query_only(driver) => delegate::begin(driver),
        began => began.and(reset),
    }
}

fn in_turn(driver: &mut Driver, limit: Duration) -> QueryResult<()> {
    let begin =
        |driver: &mut Driver| AnsiTransactionManager::begin_transaction_sql(driver, "BEGIN IMMEDIATE");
    let started = Instant::now();
    let mut began = begin(driver);
    while let Err(error) = &began
        && is_busy(error)
        && started.elapsed() < limit
    {
        thread::sleep(pause(started.elapsed()));
        // For a profile it is one statement.
        began = setting_up(|| begin(driver));
    }
    began
}

/// The longer a process has waited, the more often it tries, so that the oldest is most likely to be next. No two try in step.
fn pause(waited: Duration) -> Duration {
    let most: u32 = match waited.as_millis() {
        0..100 => 8_000,
        100..1_000 => 4_000,
        _ => 2_000,
    };
    Duration::from_micros((500 + waited.subsec_nanos() / 7 % most).into())
}

#[derive(QueryableByName)]
struct Timeout {
    #[diesel(sql_type = Integer)]
    timeout: i32,
}

/// The busy timeout of the session in milliseconds, which a program may have changed.
fn busy_timeout(driver: &mut Driver) -> QueryResult<i32> {
    let question = diesel::sql_query("PRAGMA busy_timeout");
    setting_up(|| question.get_result::<Timeout>(driver)).map(|answer| answer.timeout)
}

fn set_busy_timeout(driver: &mut Driver, milliseconds: i32) -> QueryResult<()> {
    setting_up(|| driver.batch_execute(&format!("PRAGMA busy_timeout = {milliseconds}")))
}

/// Whether the session refuses to write by its own choice.
pub(super) fn is_query_only(driver: &mut Driver) -> bool {
    let question = diesel::select(diesel::dsl::sql::<Integer>("(SELECT query_only FROM pragma_query_only)"));
    setting_up(|| question.get_result::<i32>(driver)).is_ok_and(|answer| answer == 1)
}
