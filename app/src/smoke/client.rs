//! One request of HTTP/1.1, on a connection of its own.

use std::error::Error;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::BaseUrl;

/// No page is larger.
const LARGEST: usize = 64 << 20;

/// Returns the status and the whole body, or why there are none.
pub(super) async fn get(base: &BaseUrl, path: &str) -> Result<(StatusCode, Vec<u8>), String> {
    let stream = TcpStream::connect((base.host.as_str(), base.port)).await.map_err(reason)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(reason)?;
    let request = Request::get(format!("{}{path}", base.prefix))
        .header(header::HOST, &base.authority)
        .header(header::USER_AGENT, "manage check_pages")
        .body(Empty::<Bytes>::new())
        .map_err(reason)?;
    let exchange = async move {
        let response = sender.send_request(request).await.map_err(reason)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST)
            .collect()
            .await
            .map_err(|error| innermost(&*error))?;
        Ok((status, body.to_bytes().to_vec()))
    };
    // The connection does the reading and writing; it ends after the exchange.
    tokio::pin!(exchange, connection);
    tokio::select! {
        result = &mut exchange => result,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(reason(error)),
        },
    }
}

fn reason(error: impl Error + 'static) -> String {
    innermost(&error)
}

/// Returns the cause that says most: the outer ones only say that a request failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
