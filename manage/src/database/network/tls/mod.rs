//! TLS with libpq's meaning of each `sslmode`: the trusted certificates, and errors with a hint.

mod certificate;
mod config;
mod verifier;
mod words;

pub(in crate::database) use config::{TlsCache, check, client_config, not_offered, tls_failure};
pub(in crate::database) use config::{tls_error, trusting_config};
pub(in crate::database) use words::{Trusted, explain};
