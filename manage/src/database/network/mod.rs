//! The shared parts of network connections: name lookups, dialling, TLS, and the runtime that drives sockets.

pub(crate) mod background;
pub(super) mod caller;
pub(super) mod contained;
pub(super) mod dial;
pub(crate) mod lookup;
pub(super) mod service;
#[cfg(feature = "_network")]
pub(super) mod tls;

use tokio::io::{AsyncRead, AsyncWrite};

/// A stream of bytes in both directions, encrypted or not.
pub(crate) trait AsyncStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> AsyncStream for S {}
