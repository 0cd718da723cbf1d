//! Probes whether a database answers, and identifies the server instance.

pub(super) mod run;
pub(super) mod server_instance;
