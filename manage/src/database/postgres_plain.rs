//! A session of PostgreSQL without Diesel: simple queries alone, which work through every pooler.

use std::time::Duration;

use diesel_async::async_connection_wrapper::BlockOn;
use tokio_postgres::SimpleQueryMessage;

use super::background::Background;
use super::dial::{Target, dial};
use super::postgres::{Bare, attempt, config};
use super::postgres_tls::connector;
use super::{ConnectError, Reason};
use crate::settings::{DatabaseSettings, SslMode};

/// A session whose statements are never prepared: behind a pooler the next one may have another server session.
pub(crate) struct PlainSession {
    bare: Bare,
    settings: DatabaseSettings,
}

impl PlainSession {
    /// Connects, within the settings' time limit.
    pub(crate) fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        let config = config(settings)?;
        let tls = match settings.tls.mode {
            SslMode::Disable => None,
            _ => Some(connector(settings)?),
        };
        let open = async |target: &Target| attempt(settings, &config, tls.clone(), target).await;
        let bare = Background.block_on(dial(settings, open))?;
        Ok(Self { bare, settings: settings.clone() })
    }

    /// Whether the connection has visibly ended. Nobody is asked.
    pub(crate) fn has_ended(&self) -> bool {
        self.bare.client.is_closed()
    }

    /// Runs SQL, and gives up after a time. The answer is the last row's values, as texts; none if there is no row.
    pub(crate) fn ask(&mut self, sql: &str, limit: Duration) -> Result<Vec<Option<String>>, ConnectError> {
        let client = &self.bare.client;
        let answer =
            Background.block_on(async { tokio::time::timeout(limit, client.simple_query(sql)).await });
        // A server that does not answer a question will not answer a goodbye.
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
            Err(_) => {
                let message = format!("no answer to a query within {} s", limit.as_secs());
                return Err(ConnectError::new(settings, Reason::TimedOut, message));
            }
        };
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.last().map_or_else(Vec::new, |row| {
            (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()
        }))
    }
}
