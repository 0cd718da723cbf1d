//! Passes requests on to the process that has taken over.
//!
//! A client that has kept its connection to the old process would otherwise get one more response of the old
//! code, such as a browser that reloads the page because of it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::UPGRADE;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The address of the new process, once there is one.
#[derive(Debug, Default)]
pub(super) struct Successor(OnceLock<SocketAddr>);

impl Successor {
    /// From now on another process accepts connections at this listening address.
    pub(super) fn is_at(&self, listening: SocketAddr) {
        let _ = self.0.set(SocketAddr::new(reachable(listening.ip()), listening.port()));
    }

    /// Returns the address to which a request goes, unless this process has to answer it itself: there is no
    /// other one, or the connection becomes one of another protocol.
    pub(super) fn of<B>(&self, request: &Request<B>) -> Option<SocketAddr> {
        let address = *self.0.get()?;
        let can_go = request.version() == Version::HTTP_11 && !request.headers().contains_key(UPGRADE);
        can_go.then_some(address)
    }
}

/// Opens a connection for one request.
pub(super) async fn connect(address: SocketAddr) -> io::Result<SendRequest<Body>> {
    let stream = TcpStream::connect(address).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Sends a request as it came, and returns the response.
pub(super) async fn forward(
    mut sender: SendRequest<Body>,
    request: Request<Incoming>,
) -> hyper::Result<Response<Body>> {
    let response = sender.send_request(request.map(Body::new)).await?;
    Ok(response.map(Body::new))
}

/// Returns an address of this machine at which a listener for all addresses is reached.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}
