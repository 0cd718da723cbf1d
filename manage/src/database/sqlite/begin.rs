//! Begins SQLite transactions as writers, and lets waiting processes take turns.

use std::thread;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::connection::Driver;
use super::deadline::Deadline;
use super::details::is_busy;
use crate::profile::setting_up;

/// The busy timeout of a session in milliseconds, unless a statement may have changed it since it was read.
///
/// To read it costs as much as `BEGIN` itself. It is forgotten whenever SQL of the program passes that may
/// set it: all but queries that always have the same SQL, which none of Diesel's is that sets one.
#[derive(Default)]
pub(super) struct BusyTimeout(Option<i32>);

impl BusyTimeout {
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Forgets the value if the SQL names it.
    pub(super) fn forget_if_named(&mut self, sql: &str) {
        const NAME: &[u8] = b"busy_timeout";
        if self.0.is_some() && sql.as_bytes().windows(NAME.len()).any(|name| name.eq_ignore_ascii_case(NAME))
        {
            self.forget();
        }
    }

    fn get(&mut self, driver: &mut Driver) -> QueryResult<i32> {
        let timeout = self.0.map_or_else(|| busy_timeout(driver), Ok)?;
        self.0 = Some(timeout);
        Ok(timeout)
    }
}

/// Begins a transaction as a writer, or a nested one with a savepoint. On a read-only database SQLite treats
/// it as a reader.
///
/// This function waits for the write lock itself, because SQLite's pauses between attempts grow to a tenth of
/// a second. A process that writes continually unlocks the file only briefly, so a process that tries that
/// rarely may never get the lock.
pub(super) fn begin_immediate(
    driver: &mut Driver,
    timeout: &mut BusyTimeout,
    deadline: &Deadline,
) -> QueryResult<()> {
    let depth = AnsiTransactionManager::transaction_manager_status_mut(driver).transaction_depth()?;
    if depth.is_some() {
        return AnsiTransactionManager::begin_transaction(driver);
    }
    let limit = timeout.get(driver)?;
    set_busy_timeout(driver, 0)?;
    let wait = deadline.shorten(Duration::from_millis(limit.unsigned_abs().into()));
    let began = in_turn(driver, wait);
    let reset = set_busy_timeout(driver, limit);
    if reset.is_err() {
        timeout.forget();
    }
    match began {
        // A session that is set to `query_only` can still read in a transaction.
        Err(_) if is_query_only(driver) => AnsiTransactionManager::begin_transaction(driver),
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
        // A profile counts all attempts as one statement.
        began = setting_up(|| begin(driver));
    }
    began
}

/// Returns the pause before the next attempt, with jitter. The longer a process has waited, the shorter it
/// is, so the process that has waited longest is most likely to be next.
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

/// Returns the busy timeout of the session in milliseconds, which a program may have changed.
fn busy_timeout(driver: &mut Driver) -> QueryResult<i32> {
    let question = diesel::sql_query("PRAGMA busy_timeout");
    setting_up(|| question.get_result::<Timeout>(driver)).map(|answer| answer.timeout)
}

fn set_busy_timeout(driver: &mut Driver, milliseconds: i32) -> QueryResult<()> {
    setting_up(|| driver.batch_execute(&format!("PRAGMA busy_timeout = {milliseconds}")))
}

/// Returns whether the session is set to `query_only`.
pub(super) fn is_query_only(driver: &mut Driver) -> bool {
    let question = diesel::select(diesel::dsl::sql::<Integer>("(SELECT query_only FROM pragma_query_only)"));
    setting_up(|| question.get_result::<i32>(driver)).is_ok_and(|answer| answer == 1)
}
