//! Ends the idle sessions of the database again and again.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::prelude::*;

use crate::article::connect;

/// A thread that does so, until it is ended.
pub(crate) struct Killing {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<usize>,
}

impl Killing {
    pub(crate) fn start(url: &str, pause: Duration) -> Self {
        let (url, (stop, stopped)) = (url.to_owned(), mpsc::channel());
        let thread = std::thread::spawn(move || {
            let mut connection = connect(&url);
            let mut killed = 0;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                killed += kill_idle(&mut connection);
            }
            killed
        });
        Self { stop, thread }
    }

    /// Returns how many sessions it has ended.
    pub(crate) fn end(self) -> usize {
        drop(self.stop);
        self.thread.join().expect("no panic")
    }
}

/// Ends the sessions that run nothing, and returns how many.
fn kill_idle(connection: &mut PgConnection) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND state = 'idle' AND pid <> pg_backend_pid()";
    diesel::sql_query(sql).execute(connection).expect("an answer")
}
