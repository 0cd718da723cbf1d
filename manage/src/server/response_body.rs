//! The body of a response, which records how much of it was sent, and catches panics.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::CONTENT_LENGTH;
use hyper::{Response, StatusCode};

use super::access_log::ConnectionLog;
use super::exchange::Abort;
use super::observed::ConnectionServer;
use super::stream_timeout;
use crate::panics;

/// A stream of HTTP/2, or a request of a connection. When it is dropped early, the stream is logged.
pub(super) struct ObservedStream {
    pub(super) log: ConnectionLog,
    pub(super) server: Arc<ConnectionServer>,
}

impl Drop for ObservedStream {
    fn drop(&mut self) {
        // The end of a connection is reported where it is served.
        if self.log.is_stream() {
            let is_cut_off = self.server.shared.draining.is_cut_off();
            self.log.ended(if is_cut_off { Abort::Stopped } else { Abort::ClientClosed });
        }
    }
}

/// Records a response, and follows its body.
pub(super) fn observe(
    response: Response<Body>,
    observed: ObservedStream,
    is_head: bool,
) -> Response<ResponseBody> {
    let status = response.status();
    let body = response.body();
    // A body is not read if the response must not have one.
    let no_body = is_head
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || body.is_end_stream();
    // As for hyper, a header counts only if the body itself does not know.
    let named = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let left = body.size_hint().exact().or_else(named);
    observed.log.answered(status, no_body);
    response.map(|body| ResponseBody { body, observed, left })
}

/// The body of a response.
pub(super) struct ResponseBody {
    body: Body,
    observed: ObservedStream,
    /// The number of remaining bytes, if known: the connection reads no more than these.
    left: Option<u64>,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = panics::call(|| Pin::new(&mut this.body).poll_frame(cx));
        let frame = match polled {
            Ok(Poll::Pending) => {
                stream_timeout::answered(false);
                return Poll::Pending;
            }
            Ok(Poll::Ready(frame)) => frame,
            Err(panic) => {
                this.observed.log.panicked(&panic);
                this.observed.log.abort(Abort::BodyFailed);
                // The connection is closed, so that the client does not mistake a partial body for a complete
                // one.
                return Poll::Ready(Some(Err(panic.message.into())));
            }
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                this.left = this.left.map(|left| left.saturating_sub(length));
                stream_timeout::answered(true);
                this.observed.log.sent(length, this.left == Some(0) || this.body.is_end_stream());
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                this.observed.log.body_failed(&error);
                this.observed.log.abort(Abort::BodyFailed);
                Some(Err(error.into()))
            }
            None => {
                this.observed.log.sent(0, true);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
