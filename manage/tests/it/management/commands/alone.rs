use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use manage::database::Connection;
use manage::prelude::*;
use manage_test_support::happens_within;

/// Enter the one room, stay for a while, and leave it, writing all that down
///
/// The table `room`, in the database `work`, has a place for one. What is found there is the end of a killed
/// run, or the proof that two ran.
#[command(isolated, hidden)]
pub(crate) fn alone(cx: &mut Context, run: String, milliseconds: u64) -> Result<()> {
    let mut connection = cx.database("work")?.connect()?;
    let process = std::process::id();
    loop {
        let entered = write(
            &mut connection,
            "INSERT INTO room (place, run, process) VALUES (1, ?, ?)",
            &[&run, &process.to_string()],
        );
        match entered {
            Ok(_) => break,
            Err(diesel::result::Error::DatabaseError(
                diesel::result::DatabaseErrorKind::UniqueViolation,
                _,
            )) => take_over(&mut connection, &run)?,
            Err(error) => return Err(error.into()),
        }
    }
    log(&mut connection, &run, "enter")?;
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(milliseconds) / 3);
        log(&mut connection, &run, "stay")?;
    }
    connection.transaction(|connection| {
        log(connection, &run, "leave")?;
        let left = write(connection, "DELETE FROM room WHERE run = ?", &[&run])?;
        anyhow::ensure!(left == 1, "somebody took the place of {run}");
        Ok(())
    })
}

/// Takes the place of a run whose process was killed. A process that is being killed needs a moment to be
/// gone.
fn take_over(connection: &mut Connection, run: &str) -> Result<()> {
    let found: Option<Found> =
        diesel::sql_query("SELECT run, process FROM room").get_result(connection).optional()?;
    let Some(found) = found else {
        // Its last transaction was on the way when it was killed, or it was alive: the log shows which.
        log(connection, run, "vanished")?;
        return Ok(());
    };
    let gone = happens_within(Duration::from_secs(20), || is_gone(&found.process));
    log(connection, run, &format!("{} {}", if gone { "after" } else { "beside" }, found.run))?;
    anyhow::ensure!(gone, "{} runs at the same time as {run}", found.run);
    write(connection, "DELETE FROM room WHERE run = ?", &[&found.run])?;
    Ok(())
}

/// Whether a process has ended, reaped or not.
fn is_gone(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with(['Z', 'X']))
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    run: String,
    #[diesel(sql_type = Text)]
    process: String,
}

fn log(connection: &mut Connection, run: &str, event: &str) -> QueryResult<usize> {
    write(connection, "INSERT INTO log (run, event) VALUES (?, ?)", &[run, event])
}

/// The texts are names and numbers: nothing to quote.
fn write(connection: &mut Connection, sql: &str, texts: &[&str]) -> QueryResult<usize> {
    let sql = texts.iter().fold(sql.to_owned(), |sql, text| sql.replacen('?', &format!("'{text}'"), 1));
    diesel::sql_query(sql).execute(connection)
}
