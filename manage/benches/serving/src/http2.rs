//! The load by HTTP/2 without TLS, with prior knowledge, as a proxy sends it: many requests at a time on few
//! connections.

use std::net::SocketAddr;
use std::time::Instant;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::client::microseconds;

/// How many requests a connection has at a time.
const STREAMS: usize = 16;

pub(crate) type Client = SendRequest<Empty<Bytes>>;

/// Opens the connections of as many clients.
pub(crate) async fn open(address: SocketAddr, count: usize) -> impl Iterator<Item = Client> {
    let mut all = Vec::new();
    while all.len() < count {
        let stream = TcpStream::connect(address).await.expect("the contender listens");
        stream.set_nodelay(true).expect("a socket");
        let (client, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        tokio::spawn(connection);
        all.resize(count.min(all.len() + STREAMS), client);
    }
    all.into_iter()
}

/// Sends one request after the other.
pub(crate) async fn run(mut client: Client, until: Instant) -> (Vec<u32>, usize) {
    let (mut times, mut failures) = (Vec::new(), 0);
    while Instant::now() < until {
        let request = Request::get("http://localhost/json").body(Empty::new()).expect("a request");
        let start = Instant::now();
        client.ready().await.expect("the contender reads");
        let response = client.send_request(request).await.expect("the contender answers");
        let is_ok = response.status() == 200;
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        times.push(microseconds(start));
        failures += usize::from(!is_ok || !body.ends_with(b"}"));
    }
    (times, failures)
}
