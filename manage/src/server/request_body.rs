//! The body of a request, whose size and whose client's time are limited.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

use super::access_log::ConnectionLog;
use super::client_timeout::ClientTimeout;
use super::exchange::Abort;
use super::limits::Limits;

/// The body of a request.
pub(super) struct RequestBody {
    body: Incoming,
    log: ConnectionLog,
    patience: ClientTimeout,
    /// How many bytes may still come.
    left: u64,
}

impl RequestBody {
    /// Returns a body that ends early if it is too large, or if its client is too slow.
    pub(super) fn limited(body: Incoming, limits: &Limits, log: &ConnectionLog) -> Body {
        let patience = ClientTimeout::new(limits.client_timeout);
        Body::new(Self { body, log: log.clone(), patience, left: limits.max_body_bytes })
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            this.log.awaits_body(true);
            ready!(this.patience.poll_used_up(cx));
            this.log.abort(Abort::SlowSender);
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        };
        this.log.awaits_body(false);
        match &frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                this.patience.progressed(length);
                let Some(left) = this.left.checked_sub(length as u64) else {
                    this.log.abort(Abort::TooLarge);
                    return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::FileTooLarge).into())));
                };
                this.left = left;
            }
            Some(Err(error)) if is_closed(error) => this.log.abort(Abort::ClientClosed),
            _ => {}
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns whether a body ended because its connection did, not because it is invalid.
fn is_closed(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause
        .is_none_or(|cause| !matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
}
