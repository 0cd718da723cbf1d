//! `target_session_attrs`: which of several PostgreSQL servers is wanted.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::dial::Target;
use super::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// What a session must be, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionAttributes {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    /// A standby; where there is none, any server.
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

    /// Why a session that has been let in is not the one; nothing where it is.
    pub(super) async fn mismatch(
        self,
        settings: &DatabaseSettings,
        client: &Client,
        target: &Target,
    ) -> Option<ConnectError> {
        if self == Self::Any {
            return None;
        }
        // A simple query, since a pooler may not take prepared ones.
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
