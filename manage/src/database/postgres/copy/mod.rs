//! COPY. The statement runs like any other, while [`filter`] takes the COPY messages out of the stream and
//! [`pipe`] transfers the data to or from the caller's thread.

pub(super) mod filter;
pub(super) mod pipe;
mod rows;

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::task::{Context, Poll};

use diesel::QueryResult;
use diesel::result::Error as QueryError;

use super::connection::PostgresConnection;
use super::protocol::Protocol;
use super::query::Batch;
use pipe::{Direction, Pipe};
pub use rows::CopyRows;

/// The number of bytes read from a source, or written to a sink, at once.
const CHUNK: usize = 64 * 1024;

impl PostgresConnection {
    /// Runs `COPY … FROM STDIN` with the data of a source, and returns the number of rows. The data is
    /// streamed with bounded memory.
    ///
    /// The source must have the format that the statement names; [`CopyRows`](crate::database::CopyRows)
    /// writes values in the text format. If the source fails, so does the statement, and the error is the
    /// source's, as a [`SerializationError`](QueryError::SerializationError). A server error has its details,
    /// with the line of the data. In both cases the connection can be used again, and an open transaction
    /// must be rolled back. If the source panics, the connection is closed.
    ///
    /// ```no_run
    /// # use manage::prelude::*;
    /// use manage::database::PostgresConnection;
    ///
    /// # fn imports(cx: &Context) -> Result<()> {
    /// let mut connection: PostgresConnection = cx.connect_as()?;
    /// let file = std::fs::File::open("visits.csv")?;
    /// let rows = connection.copy_in("COPY visits FROM STDIN WITH (FORMAT csv)", file)?;
    /// # let _ = rows;
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_in(&mut self, sql: &str, mut source: impl Read) -> QueryResult<u64> {
        let pipe = Arc::new(Pipe::new(Direction::In));
        let mut job = Job::start(self, sql, &pipe)?;
        let mut failure = None;
        loop {
            let step = job.wait(|protocol, batch, cx| match batch.poll(protocol, cx) {
                Poll::Ready(result) => Poll::Ready(result.map(|()| Step::Ended)),
                Poll::Pending => pipe.poll_room(cx).map(|()| Ok(Step::Goes)),
            });
            match step? {
                Step::Came(_) => {}
                Step::Goes => {
                    // A source may return a few bytes at a time; the server gets large pieces.
                    let mut chunk = vec![0; CHUNK];
                    let mut length = 0;
                    let end = loop {
                        match source.read(&mut chunk[length..]) {
                            Ok(0) => break Some(Ok(())),
                            Ok(more) => length += more,
                            Err(error) if error.kind() == ErrorKind::Interrupted => {}
                            Err(error) => {
                                failure = Some(error);
                                break Some(Err("the source of the data failed".to_owned()));
                            }
                        }
                        if length == CHUNK {
                            break None;
                        }
                    };
                    pipe.push(&chunk[..length]);
                    if let Some(end) = end {
                        pipe.end(end);
                    }
                }
                Step::Ended => {
                    let result = job.finish();
                    return match failure {
                        Some(error) => Err(QueryError::SerializationError(Box::new(error))),
                        None => result.and_then(|()| pipe.rows()),
                    };
                }
            }
        }
    }

    /// Runs `COPY … TO STDOUT`, writes the data to a sink, and returns the number of rows. The data is
    /// streamed with bounded memory, and the server waits for a slow sink.
    ///
    /// If the sink fails or panics, the connection is closed, since the server would continue to send. The
    /// error is the sink's, as a [`DeserializationError`](QueryError::DeserializationError). After a server
    /// error, such as an expired `statement_timeout`, the connection can be used again.
    pub fn copy_out(&mut self, sql: &str, mut sink: impl Write) -> QueryResult<u64> {
        let pipe = Arc::new(Pipe::new(Direction::Out));
        let mut job = Job::start(self, sql, &pipe)?;
        let mut write = |data: Vec<u8>| {
            sink.write_all(&data).map_err(|error| QueryError::DeserializationError(Box::new(error)))
        };
        loop {
            let step = job.wait(|protocol, batch, cx| match pipe.poll_take(cx) {
                Poll::Ready(Some(data)) => Poll::Ready(Ok(Step::Came(data))),
                _ => batch.poll(protocol, cx).map(|result| result.map(|()| Step::Ended)),
            });
            match step? {
                Step::Came(data) => write(data)?,
                Step::Ended => {
                    // All data has arrived before the end of the statement.
                    write(pipe.rest())?;
                    sink.flush().map_err(|error| QueryError::DeserializationError(Box::new(error)))?;
                    let result = job.finish();
                    // The server's error repeats our refusal, with the code of a canceled statement.
                    return if pipe.is_refused() { pipe.rows() } else { result.and_then(|()| pipe.rows()) };
                }
                Step::Goes => {}
            }
        }
    }
}

enum Step {
    Ended,
    /// The pipe has room for more data.
    Goes,
    Came(Vec<u8>),
}

/// One COPY of a connection. If it does not complete, the connection is closed.
struct Job<'a> {
    connection: &'a mut PostgresConnection,
    sql: &'a str,
    batch: Batch,
    is_finished: bool,
}

impl<'a> Job<'a> {
    fn start(connection: &'a mut PostgresConnection, sql: &'a str, pipe: &Arc<Pipe>) -> QueryResult<Self> {
        connection.send_batch(sql)?;
        connection.starts_text(sql);
        connection.wire.copy(Some(Arc::clone(pipe)));
        Ok(Self { connection, sql, batch: Batch::default(), is_finished: false })
    }

    /// Waits for the server. The caller's own code runs outside of it, so its panics propagate.
    fn wait<T>(
        &mut self,
        mut poll: impl FnMut(&mut Protocol, &mut Batch, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> QueryResult<T> {
        let batch = &mut self.batch;
        let result = self.connection.protocol.wait(|protocol, cx| poll(protocol, batch, cx));
        result.map_err(|lost| self.connection.lost(lost))
    }

    fn finish(mut self) -> QueryResult<()> {
        self.is_finished = true;
        let batch = std::mem::take(&mut self.batch);
        let result = self.connection.end_batch(self.sql, Ok(batch));
        self.connection.finishes_text(self.sql, result.as_ref().err());
        result
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        self.connection.wire.copy(None);
        if !self.is_finished {
            self.connection.protocol.abandon();
            self.connection.settle(true);
            self.connection.finishes_text(self.sql, None);
        }
    }
}
