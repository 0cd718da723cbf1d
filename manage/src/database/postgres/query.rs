//! Runs statements: one round trip each.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use diesel::QueryResult;
use diesel::connection::{InstrumentationEvent, StrQueryHelper};
use diesel::result::Error as QueryError;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend::{self, BindError};

use super::answers::Answer;
use super::connection::PostgresConnection;
use super::failure::{self, Failure};
use super::protocol::{Lost, Protocol};
use super::row::Columns;
use super::source::{Binds, Source};
use super::statements::{Moment, Step, batch_changes_session, changes_session};

/// All parameters and results have the binary format.
const BINARY: Option<i16> = Some(1);

/// What a statement resulted in.
pub(super) enum Outcome {
    /// It completed with this number of rows.
    Complete(u64),
    /// Its rows arrive, beginning with this one.
    Rows(Arc<Columns>, Bytes),
}

/// Why a statement did not run.
enum Refusal {
    Lost(Lost),
    Failure(Failure),
    /// It cannot be sent.
    Unsent(QueryError),
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl PostgresConnection {
    /// Runs a statement whose rows nobody needs, and returns their number.
    pub(super) fn execute(&mut self, source: &dyn Source) -> QueryResult<u64> {
        self.starts(source);
        let result = match self.run(source, false) {
            Ok(Outcome::Complete(rows)) => Ok(rows),
            Ok(Outcome::Rows(..)) => Ok(0),
            Err(error) => Err(error),
        };
        self.settle(result.is_err());
        self.finishes(source, result.as_ref().err());
        result
    }

    /// Runs a statement until its first row arrives, or it completes.
    pub(super) fn query(&mut self, source: &dyn Source) -> QueryResult<Outcome> {
        self.starts(source);
        let result = self.run(source, true);
        if !matches!(result, Ok(Outcome::Rows(..))) {
            self.settle(result.is_err());
            self.finishes(source, result.as_ref().err());
        }
        result
    }

    /// Runs statements of one text, without parameters and results.
    pub(super) fn batch(&mut self, sql: &str) -> QueryResult<()> {
        self.starts_text(sql);
        let mut batch = Batch::default();
        let result = self.send_batch(sql).and_then(|()| {
            self.protocol.wait(|protocol, cx| batch.poll(protocol, cx)).map_err(|lost| self.lost(lost))
        });
        let result = self.end_batch(sql, result.map(|()| batch));
        self.finishes_text(sql, result.as_ref().err());
        result
    }

    /// Prepares a text to be sent.
    pub(super) fn send_batch(&mut self, sql: &str) -> QueryResult<()> {
        self.protocol.output.clear();
        let encoded = frontend::query(sql, &mut self.protocol.output);
        encoded.map_err(|error| {
            self.protocol.output.clear();
            failure::unsent(sql, &error)
        })
    }

    /// Returns the result of statements that were sent as one text.
    pub(super) fn end_batch(&mut self, sql: &str, batch: QueryResult<Batch>) -> QueryResult<()> {
        let result = batch.and_then(|batch| match batch.failure {
            Some(failure) => Err(self.failed(failure, sql)),
            None => Ok(()),
        });
        if batch_changes_session(sql) {
            self.statements.session_changed(sql);
        }
        self.settle(result.is_err());
        result
    }

    fn run(&mut self, source: &dyn Source, wants_rows: bool) -> QueryResult<Outcome> {
        let binds = source.binds(self)?;
        let transaction = self.protocol.transaction();
        // Inside a transaction a lost statement is an error that ends it.
        let keeps_safe = transaction.is_none()
            || self.statements.is_empty()
            || !source.is_safe()?
            || !self.may_change_server_session();
        let moment = Moment { transaction, wants_rows, keeps_safe };
        let step = self.statements.choose(source, &binds.types, moment)?;
        if let Step::Prepare(statement) = &step {
            self.instrumentation.on_connection_event(InstrumentationEvent::cache_query(&statement.sql));
        }
        let result = self.attempt(&step, &binds, wants_rows);
        let (Step::Run(statement) | Step::Prepare(statement), Err(Refusal::Failure(failure))) =
            (&step, &result)
        else {
            let sql = match &step {
                Step::Once(sql) => sql,
                Step::Run(statement) | Step::Prepare(statement) => &statement.sql,
            };
            if matches!(step, Step::Once(_)) && changes_session(sql) {
                self.statements.session_changed(sql);
            }
            return result.map_err(|refusal| self.refused(refusal, sql));
        };
        if !failure.is_before_execution {
            return result.map_err(|refusal| self.refused(refusal, &statement.sql));
        }
        if failure.is_lost_statement() {
            self.statements.lose(transaction.is_some());
        } else {
            self.statements.forget(statement);
        }
        if transaction.is_none() && failure.is_of_kept_statement() {
            // The server has executed nothing.
            let once = Step::Once(statement.sql.clone());
            let result = self.attempt(&once, &binds, wants_rows);
            return result.map_err(|refusal| self.refused(refusal, &statement.sql));
        }
        result.map_err(|refusal| self.refused(refusal, &statement.sql))
    }

    /// Sends a statement, and receives answers until its first row, or its end.
    fn attempt(&mut self, step: &Step, binds: &Binds, wants_rows: bool) -> Result<Outcome, Refusal> {
        let known = match step {
            Step::Run(statement) => statement.columns.get().cloned(),
            _ => None,
        };
        self.encode(step, binds, wants_rows && known.is_none()).map_err(Refusal::Unsent)?;
        let mut columns = known.unwrap_or_default();
        let (mut failure, mut complete, mut is_bound) = (None, 0, false);
        loop {
            let answer = match self.protocol.next() {
                Ok(answer) => answer,
                Err(lost) => {
                    // The server said why it closes the connection.
                    return Err(failure.map_or(Refusal::Lost(lost), |failure: Failure| {
                        Refusal::Failure(failure.and_closed())
                    }));
                }
            };
            match answer {
                Answer::Parsed => {
                    if let Step::Prepare(statement) = step {
                        self.statements.keep(statement, self.protocol.transaction());
                    }
                }
                Answer::Bound => is_bound = true,
                Answer::Columns(described) => {
                    if let Step::Run(statement) | Step::Prepare(statement) = step {
                        let _ = statement.columns.set(Arc::clone(&described));
                    }
                    columns = described;
                }
                Answer::Row(row) if wants_rows => return Ok(Outcome::Rows(columns, row)),
                Answer::Row(_) | Answer::CopyOut => {}
                Answer::Complete(rows) => complete = rows,
                Answer::Failed(body) => failure = Some(Failure::new(body, !is_bound)),
                Answer::CopyIn => self.protocol.refuse_copy(true).map_err(Lost::Io)?,
                Answer::Ready(_) => {
                    return match failure {
                        None => Ok(Outcome::Complete(complete)),
                        Some(failure) => Err(Refusal::Failure(failure)),
                    };
                }
            }
        }
    }

    /// Writes the messages of a statement to the output.
    fn encode(&mut self, step: &Step, binds: &Binds, describes: bool) -> QueryResult<()> {
        let output = &mut self.protocol.output;
        output.clear();
        let closing = self.statements.closing();
        let (sql, name) = match step {
            Step::Once(sql) => (sql, ""),
            Step::Run(statement) | Step::Prepare(statement) => (&statement.sql, statement.name.as_str()),
        };
        let mut write = || {
            for name in &closing {
                frontend::close(b'S', name, output)?;
            }
            if !matches!(step, Step::Run(_)) {
                frontend::parse(name, sql, binds.types.iter().copied(), output)?;
            }
            bind(name, &binds.values, output)?;
            if describes {
                frontend::describe(b'P', "", output)?;
            }
            frontend::execute("", 0, output)?;
            frontend::sync(output);
            Ok(())
        };
        write().map_err(|error: std::io::Error| {
            output.clear();
            self.statements.close_later(closing);
            failure::unsent(sql, &error)
        })
    }

    fn refused(&mut self, refusal: Refusal, sql: &str) -> QueryError {
        match refusal {
            Refusal::Lost(lost) => self.lost(lost),
            Refusal::Failure(failure) => self.failed(failure, sql),
            Refusal::Unsent(error) => error,
        }
    }

    pub(super) fn starts(&mut self, source: &dyn Source) {
        if self.is_observed {
            source.show(&mut |query| {
                self.instrumentation.on_connection_event(InstrumentationEvent::start_query(query));
            });
        }
    }

    pub(super) fn finishes(&mut self, source: &dyn Source, error: Option<&QueryError>) {
        if self.is_observed {
            source.show(&mut |query| {
                self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(query, error));
            });
        }
    }

    pub(super) fn starts_text(&mut self, sql: &str) {
        let query = StrQueryHelper::new(sql);
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&query));
    }

    pub(super) fn finishes_text(&mut self, sql: &str, error: Option<&QueryError>) {
        let query = StrQueryHelper::new(sql);
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&query, error));
    }
}

/// Writes the parameters.
fn bind(name: &str, values: &[Option<Vec<u8>>], output: &mut BytesMut) -> std::io::Result<()> {
    let write = |value: &Option<Vec<u8>>, output: &mut BytesMut| match value {
        Some(value) => {
            output.extend_from_slice(value);
            Ok(IsNull::No)
        }
        None => Ok(IsNull::Yes),
    };
    // One format counts for all parameters.
    let formats = BINARY.filter(|_| !values.is_empty());
    frontend::bind("", name, formats, values, write, BINARY, output).map_err(|error| match error {
        BindError::Serialization(error) => error,
        BindError::Conversion(error) => std::io::Error::other(error),
    })
}

/// The answers to statements that were sent as one text.
#[derive(Default)]
pub(super) struct Batch {
    failure: Option<Failure>,
}

impl Batch {
    /// Sends the text and receives its answers.
    pub(super) fn poll(
        &mut self,
        protocol: &mut Protocol,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        use std::task::{Poll, ready};
        loop {
            match ready!(protocol.poll_next(cx)) {
                Ok(Answer::Ready(_)) => return Poll::Ready(Ok(())),
                Ok(Answer::Failed(body)) => {
                    self.failure.get_or_insert_with(|| Failure::new(body, false));
                }
                Ok(Answer::CopyIn) => protocol.refuse_copy(false)?,
                Ok(_) => {}
                Err(error) => {
                    return match self.failure.take() {
                        Some(failure) => {
                            self.failure = Some(failure.and_closed());
                            protocol.end();
                            Poll::Ready(Ok(()))
                        }
                        None => Poll::Ready(Err(error)),
                    };
                }
            }
        }
    }
}
