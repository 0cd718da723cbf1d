//! `target_session_attrs`: selects one of several PostgreSQL servers.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::database::network::dial::Endpoint;
use crate::database::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// The required kind of session, named as in libpq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionAttributes {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    /// A standby, or any server if no standby is available.
    PreferStandby,
}

impl SessionAttributes {
    pub(super) fn of(settings: &DatabaseSettings) -> Self {
        match settings.parameters.get("target_session_attrs").map(String::as_str) {
            Some("read-write") => Self::ReadWrite,
            Some("read-only") => Self::ReadOnly,
            Some("primary") => Self::Primary,
            Some("standby") => Self::Standby,
            Some("prefer-standby") => Self::PreferStandby,
            _ => Self::Any,
        }
    }

    /// Returns why a session that has logged in does not fit `target_session_attrs`; `None` if it does.
    pub(super) async fn mismatch(
        self,
        settings: &DatabaseSettings,
        client: &Client,
        target: &Endpoint,
    ) -> Option<ConnectError> {
        if self == Self::Any {
            return None;
        }
        // A simple query, since a pooler may not accept prepared statements.
        let query =
            "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";
        let closed = |message: &str| Some(ConnectError::new(settings, Reason::Closed, message));
        let messages = match client.simple_query(query).await {
            Ok(messages) => messages,
            Err(error) => match error.as_db_error() {
                Some(answer) => {
                    let code = answer.code().code();
                    let reason = Reason::of_sqlstate(code);
                    return Some(ConnectError::new(settings, reason, answer.message()).with_code(Some(code)));
                }
                None => return closed(&error.to_string()),
            },
        };
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let Some(row) = row else { return closed("it answered without a row") };
        let is_standby = row.get(0) == Some("t");
        let is_read_only = is_standby || row.get(1) == Some("on");
        let found = match self {
            Self::ReadWrite if is_read_only => "the session is read-only",
            Self::ReadOnly if !is_read_only => "the session is not read-only",
            Self::Primary if is_standby => "the server is a standby",
            Self::Standby | Self::PreferStandby if !is_standby => "the server is not a standby",
            _ => return None,
        };
        let wanted = settings.parameters.get("target_session_attrs").map(String::as_str).unwrap_or_default();
        let message = format!("target_session_attrs={wanted}, and at {target} {found}");
        Some(ConnectError::new(settings, Reason::SessionAttributes, message))
    }
}
