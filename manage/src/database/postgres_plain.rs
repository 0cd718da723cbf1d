//! A session of PostgreSQL without Diesel: simple queries alone, which work through every pooler.

use std::time::Duration;

use diesel_async::async_connection_wrapper::BlockOn;
use tokio_postgres::SimpleQueryMessage;

use super::background::Background;
use super::postgres::Bare;
use super::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// A session whose statements are never prepared: behind a pooler the next one may have another server session.
pub(crate) struct PlainSession {
    bare: Bare,
    settings: DatabaseSettings,
}

impl PlainSession {
    /// Connects, within the settings' time limit.
    pub(crate) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Ok(Self { bare: Bare::open(settings)?, settings: settings.clone() })
    }

    /// Does to the session what a Diesel connection needs, within a time limit, and closes it.
    pub(super) fn try_set_up(self, limit: Duration) -> Result<(), ConnectError> {
        self.bare.try_set_up(&self.settings, limit)
    }

    /// Whether the connection has visibly ended. Nobody is asked.
    pub(crate) fn has_ended(&self) -> bool {
        self.bare.client.is_closed()
    }

    /// Runs SQL, and gives up after a time. The answer is the last row's values, as texts; none if there is no row.
    pub(crate) fn ask(&mut self, sql: &str, limit: Duration) -> Result<Vec<Option<String>>, ConnectError> {
        Ok(self.rows(sql, limit)?.pop().unwrap_or_default())
    }

    /// The same, and the answer is all rows.
    pub(super) fn rows(&mut self, sql: &str, limit: Duration) -> Result<Vec<TextRow>, ConnectError> {
        let client = &self.bare.client;
        let answer =
            Background.block_on(async { tokio::time::timeout(limit, client.simple_query(sql)).await });
        // A server that does not answer a query will not answer a terminate message.
        self.bare.session.says_goodbye = answer.is_ok();
        let settings = &self.settings;
        let messages = match answer {
            Ok(Ok(messages)) => messages,
            Ok(Err(error)) => {
                let Some(answer) = error.as_db_error() else {
                    return Err(ConnectError::new(settings, Reason::Closed, error.to_string()));
                };
                let code = answer.code().code();
                let error = ConnectError::new(settings, Reason::of_sqlstate(code), answer.message());
                return Err(error.with_code(Some(code)));
            }
            Err(_) => return Err(ConnectError::unanswered(settings)),
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

/// The values of a row, as texts.
pub(super) type TextRow = Vec<Option<String>>;
