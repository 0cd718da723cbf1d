//! A PostgreSQL session without Diesel. It uses only simple queries, which work through every pooler.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::by_caller::CallerDriven;
use super::driving::SessionDriver as _;
use super::limits::PROBE;
use super::open::{RawConnection, excess_error};
use crate::database::network::caller;
use crate::database::{ConnectError, Reason, deadline};
use crate::settings::DatabaseSettings;

/// A session whose statements are never prepared: behind a pooler the next statement may run in another
/// server session.
pub(crate) struct PlainSession {
    raw: RawConnection<CallerDriven>,
    settings: DatabaseSettings,
}

impl PlainSession {
    /// Connects, within the settings' time limit.
    pub(crate) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Ok(Self { raw: RawConnection::open(settings)?, settings: settings.clone() })
    }

    /// Sets the session up for Diesel, within a time limit, and closes it.
    pub(crate) fn try_set_up(self, limit: Duration) -> Result<(), ConnectError> {
        self.raw.try_set_up(&self.settings, limit)
    }

    pub(super) fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// Returns whether the connection has ended, as far as what has arrived says. It sends no query.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.raw.session.has_ended()
    }

    /// Runs SQL with a time limit. Returns the last row's values as text, or no values if the result has no
    /// row.
    pub(crate) fn ask(&mut self, sql: &str, limit: Duration) -> Result<Vec<Option<String>>, ConnectError> {
        Ok(self.rows(sql, limit)?.pop().unwrap_or_default())
    }

    /// Like `ask`, but returns all rows.
    pub(crate) fn rows(&mut self, sql: &str, limit: Duration) -> Result<Vec<TextRow>, ConnectError> {
        self.raw.wire.limit(Some(PROBE));
        let answer = self.raw.session.drive(self.raw.client.simple_query(sql));
        let answer = caller::run_until(deadline(limit), answer);
        // A server that does not answer a query will not answer a terminate message.
        self.raw.session.closes_cleanly(answer.is_some());
        let settings = &self.settings;
        let messages = match answer {
            Some(Ok(messages)) => messages,
            Some(Err(error)) => {
                if let Some(excess) = self.raw.wire.excess() {
                    return Err(excess_error(settings, excess));
                }
                let Some(answer) = error.as_db_error() else {
                    return Err(ConnectError::new(settings, Reason::Closed, error.to_string()));
                };
                let code = answer.code().code();
                let error = ConnectError::new(settings, Reason::of_sqlstate(code), answer.message());
                return Err(error.with_code(Some(code)));
            }
            None => return Err(ConnectError::unanswered(settings)),
        };
        let texts = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(messages.iter().filter_map(texts).collect())
    }
}

/// The values of a row, as text.
pub(super) type TextRow = Vec<Option<String>>;
