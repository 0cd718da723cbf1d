//! Connections to services other than the configured databases: dialled in the same way, and encrypted on
//! request.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use super::AsyncStream;
use super::dial::{Destination, Endpoint, dial};
use crate::database::{ConnectError, Reason};
use crate::settings::Address;

/// A service, and the time limit for dialling it.
pub(crate) struct ServiceAddress<'a> {
    /// The name of the service in errors.
    name: &'a str,
    #[cfg_attr(not(feature = "_network"), expect(dead_code, reason = "a certificate is for it"))]
    host: String,
    address: Address,
    limit: Duration,
}

impl<'a> ServiceAddress<'a> {
    pub(crate) fn new(name: &'a str, host: &str, port: u16, limit: Duration) -> Self {
        Self { name, host: host.to_owned(), address: Address::Tcp(host.to_owned(), port), limit }
    }

    /// Connects to the first of its addresses that accepts.
    pub(crate) async fn connect(&self) -> Result<TcpStream, ConnectError> {
        dial(self, async |target| match target {
            Endpoint::Ip { ip, port, .. } => TcpStream::connect(SocketAddr::new(*ip, *port))
                .await
                .map_err(|error| ConnectError::of_service_tcp(self.name, &error)),
            Endpoint::Unix { .. } => Err(self.error(Reason::Configuration, "a service has no Unix socket")),
        })
        .await
    }

    /// Encrypts a connection, and trusts the operating system's authorities.
    #[cfg(feature = "_network")]
    pub(crate) async fn encrypt(
        &self,
        stream: impl AsyncStream + 'static,
    ) -> Result<Box<dyn AsyncStream>, ConnectError> {
        use rustls::pki_types::ServerName;

        use super::tls::{Trusted, explain, tls_error, trusting_config};

        let reported = |error: &rustls::Error| {
            if matches!(error, rustls::Error::InvalidMessage(_)) {
                return self.error(Reason::WrongService, "it does not speak TLS");
            }
            let (message, hint) = explain(error, Trusted::System);
            ConnectError { hint, ..self.error(Reason::Tls, &message) }
        };
        let config = trusting_config(self.name)?;
        let server = ServerName::try_from(self.host.clone())
            .map_err(|error| self.error(Reason::Configuration, &error.to_string()))?;
        match tokio_rustls::TlsConnector::from(config).connect(server, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match tls_error(&error) {
                Some(tls) => reported(tls),
                None => ConnectError::of_service_io(self.name, &error),
            }),
        }
    }

    #[cfg(not(feature = "_network"))]
    #[expect(clippy::unused_async, reason = "as with TLS")]
    pub(crate) async fn encrypt(
        &self,
        _: impl AsyncStream + 'static,
    ) -> Result<Box<dyn AsyncStream>, ConnectError> {
        Err(self.error(Reason::NotCompiledIn, "it was built without TLS"))
    }
}

impl Destination for ServiceAddress<'_> {
    fn addresses(&self) -> Vec<(&Address, Option<IpAddr>)> {
        vec![(&self.address, None)]
    }

    fn time_limit(&self) -> Duration {
        self.limit
    }

    fn error(&self, reason: Reason, message: &str) -> ConnectError {
        ConnectError::of_service(self.name, reason, message)
    }

    fn no_answer(&self) -> ConnectError {
        self.error(Reason::TimedOut, "nothing answers at its address")
    }
}
