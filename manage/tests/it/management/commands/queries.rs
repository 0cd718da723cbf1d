use manage::prelude::*;

use crate::things::{ids, insert, thing};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum How {
    /// On a connection of the settings.
    Connect,
    /// On a connection of a pool.
    Pool,
    /// On a connection of the backend's own type.
    As,
    /// And fail.
    Fails,
    /// And wait for a signal without asking.
    Hangs,
    /// And wait for a signal.
    Waits,
}

/// Ask the database something
#[command(hidden)]
pub(crate) fn queries(cx: &mut Context, how: How) -> Result<()> {
    match how {
        How::As => match cx.database("default")?.backend.name() {
            #[cfg(feature = "sqlite")]
            "sqlite" => simple(&mut cx.connect_as::<diesel::SqliteConnection>()?)?,
            #[cfg(feature = "postgres")]
            "postgres" => simple(&mut cx.connect_as::<manage::database::PostgresConnection>()?)?,
            #[cfg(feature = "mysql")]
            "mysql" => simple(&mut cx.connect_as::<manage::database::MysqlConnection>()?)?,
            other => bail!("there is no backend '{other}'"),
        },
        How::Pool => {
            let pool = cx.pool()?;
            let mut connection = pool.get()?;
            typed(&mut connection)?;
        }
        How::Connect => typed(&mut cx.connect()?)?,
        How::Fails => {
            typed(&mut cx.connect()?)?;
            bail!("It broke.");
        }
        How::Hangs => {
            typed(&mut cx.connect()?)?;
            cx.line("at work")?;
            loop {
                std::thread::sleep(std::time::Duration::from_secs(3600));
            }
        }
        How::Waits => {
            let cancellation = cx.cancellation();
            typed(&mut cx.connect()?)?;
            cx.line("at work")?;
            while !cancellation.is_cancelled() {
                cancellation.sleep(std::time::Duration::from_secs(3600));
            }
        }
    }
    Ok(())
}

/// Eight statements, one of which fails, in two transactions.
fn typed(connection: &mut manage::database::Connection) -> Result<()> {
    connection.transaction(|connection| insert(connection, &thing(1)))?;
    for _ in 0..2 {
        assert_eq!(ids(connection), [1]);
    }
    let again: diesel::QueryResult<usize> =
        connection.transaction(|connection| insert(connection, &thing(1)));
    again.expect_err("it is there");
    Ok(())
}

/// Four statements, in one transaction.
fn simple<C: diesel::Connection>(connection: &mut C) -> Result<()> {
    connection.batch_execute("SELECT 7")?;
    Ok(connection.transaction(|connection| connection.batch_execute("SELECT 'hush' AS \"hushed\""))?)
}
