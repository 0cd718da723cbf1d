//! PostgreSQL login errors that the driver itself reports.

use std::error::Error as _;

use crate::database::{ConnectError, Reason};
use crate::settings::DatabaseSettings;

/// The maximum number of SCRAM iterations that the driver computes. A server that could request more would
/// keep its clients busy.
const MOST_ITERATIONS: u32 = 100_000;

/// The reason why the driver aborted a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoginError {
    /// The password of the role is stored with more SCRAM iterations than [`MOST_ITERATIONS`].
    Iterations,
    /// The server requests a password, but the settings have none.
    NoPassword,
    /// The server could not prove that it knows the password.
    Impostor,
    /// `channel_binding=require` is set, but the server does not support it.
    ChannelBinding,
    /// The server requires another authentication method, such as Kerberos.
    Method,
    /// The server sent a malformed message.
    Malformed(String),
}

impl LoginError {
    /// Recognizes an error of the driver by its text, because it has neither a public kind nor a code. The
    /// texts are constants, and a test provokes each relevant one.
    pub(super) fn of(error: &tokio_postgres::Error) -> Option<Self> {
        let cause = error.source()?.to_string();
        match (error.to_string().as_str(), cause.as_str()) {
            ("authentication error", "SCRAM iteration count exceeds the maximum allowed") => {
                Some(Self::Iterations)
            }
            ("authentication error", "SCRAM verification error") => Some(Self::Impostor),
            ("authentication error", "server did not use channel binding") => Some(Self::ChannelBinding),
            ("authentication error", "unsupported authentication method" | "unsupported SASL mechanism") => {
                Some(Self::Method)
            }
            ("authentication error", _) => Some(Self::Malformed(cause)),
            ("invalid configuration", "password missing") => Some(Self::NoPassword),
            _ => None,
        }
    }

    pub(super) fn into_error(self, settings: &DatabaseSettings) -> ConnectError {
        let unsupported = |message: &str| ConnectError::new(settings, Reason::UnsupportedLogin, message);
        let refused = |message: &str| ConnectError::new(settings, Reason::Credentials, message);
        match self {
            Self::Iterations => {
                let role = settings.user.as_deref().unwrap_or("the role");
                unsupported(&format!(
                    "the password of {role} is stored with more than {MOST_ITERATIONS} SCRAM iterations"
                ))
                .with_hint(format!(
                    "Store it again with at most {MOST_ITERATIONS}; PostgreSQL's default is 4096: \
                     SET scram_iterations = 4096; ALTER ROLE … PASSWORD '…';"
                ))
            }
            Self::NoPassword => refused("the server asks for a password, and none is set"),
            Self::Impostor => refused("the server could not prove that it knows the password")
                .with_hint("Is it the right server? Another one may answer at its address."),
            Self::ChannelBinding => refused("the server did not bind the login to the encrypted channel")
                .with_hint("channel_binding=require needs TLS and a password that is stored for SCRAM."),
            Self::Method => {
                unsupported("it is neither a password (scram-sha-256, md5, plain) nor a certificate")
                    .with_hint(
                        "pg_hba.conf on the server says how the user logs in: scram-sha-256 is supported.",
                    )
            }
            Self::Malformed(message) => {
                ConnectError::new(settings, Reason::Other, format!("the login failed: {message}"))
            }
        }
    }
}
