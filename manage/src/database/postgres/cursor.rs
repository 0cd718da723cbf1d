//! The rows of a running statement.

use std::sync::Arc;

use bytes::Bytes;
use diesel::QueryResult;
use diesel::result::Error as QueryError;

use super::answers::Answer;
use super::connection::PostgresConnection;
use super::failure::Failure;
use super::protocol::Lost;
use super::query::Outcome;
use super::row::{Columns, PostgresRow};
use super::source::Source;

/// The rows of a statement, as they arrive.
///
/// Dropping it waits for the rest of them.
#[expect(missing_debug_implementations, reason = "queries have none")]
pub struct PostgresCursor<'conn, 'query> {
    connection: &'conn mut PostgresConnection,
    query: Box<dyn Source + 'query>,
    columns: Arc<Columns>,
    first: Option<Bytes>,
    is_running: bool,
}

impl<'conn, 'query> PostgresCursor<'conn, 'query> {
    pub(super) fn open(
        connection: &'conn mut PostgresConnection,
        query: Box<dyn Source + 'query>,
    ) -> QueryResult<Self> {
        Ok(match connection.query(&*query)? {
            Outcome::Rows(columns, row) => {
                Self { connection, query, columns, first: Some(row), is_running: true }
            }
            Outcome::Complete(_) => {
                Self { connection, query, columns: Arc::default(), first: None, is_running: false }
            }
        })
    }

    /// Returns the next row, or `None` at the end.
    fn receive(&mut self) -> QueryResult<Option<Bytes>> {
        if let Some(row) = self.first.take() {
            return Ok(Some(row));
        }
        let mut failure: Option<Failure> = None;
        while self.is_running {
            match self.connection.protocol.next() {
                Ok(Answer::Row(row)) if failure.is_none() => return Ok(Some(row)),
                Ok(Answer::Failed(body)) => failure = Some(Failure::new(body, false)),
                Ok(Answer::Ready(_)) => match failure.take() {
                    Some(failure) => return Err(self.fail(Ending::Failure(failure))),
                    None => self.end(None),
                },
                Ok(_) => {}
                Err(lost) => {
                    let failure = failure.take().map(Failure::and_closed);
                    return Err(self.fail(failure.map_or(Ending::Lost(lost), Ending::Failure)));
                }
            }
        }
        Ok(None)
    }

    fn fail(&mut self, ending: Ending) -> QueryError {
        let error = match ending {
            Ending::Lost(lost) => self.connection.lost(lost),
            Ending::Failure(failure) => {
                let sql = self.query.sql().unwrap_or_default();
                self.connection.failed(failure, &sql)
            }
        };
        self.end(Some(&error));
        error
    }

    fn end(&mut self, error: Option<&QueryError>) {
        self.is_running = false;
        self.connection.settle(error.is_some());
        self.connection.finishes(&*self.query, error);
    }
}

/// Why no more rows arrive.
enum Ending {
    Failure(Failure),
    Lost(Lost),
}

impl Iterator for PostgresCursor<'_, '_> {
    type Item = QueryResult<PostgresRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.receive().transpose()?;
        Some(row.and_then(|row| {
            PostgresRow::parse(&self.columns, row).map_err(|error| {
                self.connection.protocol.abandon();
                self.fail(Ending::Lost(Lost::Io(error)))
            })
        }))
    }
}

impl Drop for PostgresCursor<'_, '_> {
    fn drop(&mut self) {
        self.first = None;
        while self.is_running {
            // An error has been counted.
            let _ = self.receive();
        }
    }
}
