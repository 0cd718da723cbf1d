//! Handles COPY's messages with the server in place of the driver.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::pipe::{Direction, Pipe};

/// The number of bytes read from the server at once.
const READ: usize = 32 * 1024;
/// The size of a message header: a type and a length.
const HEADER: usize = 5;
/// The maximum length of COPY's command tag.
const TAG: usize = 64;

/// The filter between the server and the driver while a COPY runs.
#[derive(Default)]
pub(in super::super) struct Filter {
    job: Option<Arc<Pipe>>,
    /// Bytes for the driver.
    ready: Vec<u8>,
    /// The number of `ready` bytes that the driver has read.
    given: usize,
    message: Message,
    /// Bytes for the server, and the number of them that were written.
    frame: Vec<u8>,
    written: usize,
    needs_flush: bool,
    /// Whether the server expects data.
    is_sending: bool,
}

/// The message that the server is sending.
#[derive(Default)]
struct Message {
    header: Vec<u8>,
    /// The number of header bytes that the driver has read.
    seen: usize,
    left: usize,
    tag: Vec<u8>,
}

impl Filter {
    /// Returns whether bytes bypass the filter.
    pub(in super::super) fn is_idle(&self) -> bool {
        self.job.is_none() && self.ready.is_empty() && self.frame.is_empty()
    }

    /// Sets the running COPY, or none after it has ended. `header` and `left` describe a partly read message,
    /// which belongs to an earlier statement.
    pub(in super::super) fn follow(&mut self, job: Option<Arc<Pipe>>, header: &[u8], left: usize) {
        match (&self.job, job) {
            (None, Some(job)) => {
                self.message = Message { header: header.to_vec(), seen: header.len(), left, tag: Vec::new() };
                self.job = Some(job);
            }
            // One COPY followed another, and nothing was read in between.
            (Some(before), Some(job)) if !Arc::ptr_eq(before, &job) => {
                self.is_sending = false;
                self.job = Some(job);
            }
            (Some(_), None) => {
                self.job = None;
                self.is_sending = false;
                // From here on the driver reads the stream itself.
                let Message { header, seen, .. } = std::mem::take(&mut self.message);
                if header.len() < HEADER {
                    self.ready.extend(&header[seen..]);
                }
            }
            _ => {}
        }
    }

    fn is_writing(&self) -> bool {
        self.written < self.frame.len()
    }

    /// Writes the rest of a message that is partly written: nothing else may be sent before that. A COPY that
    /// failed leaves one behind.
    pub(in super::super) fn poll_rest<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<()>> {
        while self.is_writing() {
            match ready!(Pin::new(&mut *stream).poll_write(cx, &self.frame[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
            self.needs_flush = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads the driver's messages, and handles COPY's.
    pub(in super::super) fn poll_read<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        buffer: &mut ReadBuf<'_>,
        mut received: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.ready.is_empty() {
                let rest = &self.ready[self.given..];
                let (now, _) = rest.split_at(rest.len().min(buffer.remaining()));
                buffer.put_slice(now);
                self.given += now.len();
                if self.given == self.ready.len() {
                    (self.ready, self.given) = (Vec::new(), 0);
                }
                return Poll::Ready(Ok(()));
            }
            self.send(cx, stream)?;
            let Some(job) = &self.job else {
                let before = buffer.filled().len();
                ready!(Pin::new(&mut *stream).poll_read(cx, buffer))?;
                return Poll::Ready(received(&buffer.filled()[before..]));
            };
            if job.direction == Direction::Out {
                ready!(job.poll_room(cx));
            }
            let mut bytes = [0; READ];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                job.abandon();
                return Poll::Ready(Ok(()));
            }
            received(read.filled())?;
            self.take_apart(read.filled());
        }
    }

    /// Sends the available data of the source, as far as the server accepts it.
    fn send<S: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, stream: &mut S) -> io::Result<()> {
        loop {
            match self.poll_rest(cx, stream) {
                Poll::Ready(written) => written?,
                Poll::Pending => return Ok(()),
            }
            (self.frame, self.written) = (Vec::new(), 0);
            let next = match &self.job {
                Some(job) if self.is_sending => job.poll_take(cx),
                _ => Poll::Pending,
            };
            match next {
                Poll::Ready(Some(data)) => self.frame = frame(b'd', &data),
                Poll::Ready(None) => {
                    self.is_sending = false;
                    let end = self.job.as_ref().and_then(|job| job.source_end());
                    self.frame = match end {
                        Some(Err(reason)) => frame(b'f', &[reason.as_bytes(), &[0]].concat()),
                        _ => frame(b'c', &[]),
                    };
                }
                Poll::Pending => {
                    if self.needs_flush {
                        match Pin::new(&mut *stream).poll_flush(cx) {
                            Poll::Ready(flushed) => flushed?,
                            Poll::Pending => return Ok(()),
                        }
                        self.needs_flush = false;
                    }
                    return Ok(());
                }
            }
        }
    }

    fn take_apart(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let have = self.message.header.len();
            if have < HEADER {
                let (more, rest) = bytes.split_at(bytes.len().min(HEADER - have));
                self.message.header.extend(more);
                bytes = rest;
                let [kind, length @ ..] = self.message.header.as_slice() else { return };
                let Ok(length) = <[u8; 4]>::try_from(length) else { return };
                self.message.left = (u32::from_be_bytes(length) as usize).saturating_sub(4);
                let kind = *kind;
                self.begins(kind);
            }
            let (body, rest) = bytes.split_at(bytes.len().min(self.message.left));
            self.message.left -= body.len();
            bytes = rest;
            self.goes_on(body);
            if self.message.left == 0 {
                self.ends();
                self.message = Message::default();
            }
        }
    }

    /// Handles the beginning of a message.
    fn begins(&mut self, kind: u8) {
        let Some(job) = &self.job else { return };
        match (kind, job.direction) {
            (b'G', Direction::In) => {
                job.start(Direction::In);
                self.is_sending = true;
            }
            // Otherwise the server would wait for data.
            (b'G', Direction::Out) => {
                job.refuse();
                self.frame.extend(frame(b'f', &[job.expected().as_bytes(), &[0]].concat()));
            }
            (b'H', _) => job.start(Direction::Out),
            (b'E', _) => {
                self.is_sending = false;
                job.abandon();
            }
            _ => {}
        }
        if !is_copy(kind) {
            self.ready.extend(&self.message.header[self.message.seen..]);
        }
    }

    fn goes_on(&mut self, body: &[u8]) {
        let kind = self.message.header[0];
        match (kind, &self.job) {
            (b'd', Some(job)) if job.direction == Direction::Out => job.push(body),
            (b'C', _) => {
                let room = TAG.saturating_sub(self.message.tag.len());
                self.message.tag.extend(&body[..body.len().min(room)]);
                self.ready.extend(body);
            }
            _ if is_copy(kind) => {}
            _ => self.ready.extend(body),
        }
    }

    fn ends(&self) {
        if let (Some(b'C'), Some(job)) = (self.message.header.first(), &self.job) {
            job.tag(&self.message.tag);
        }
    }
}

/// Returns whether a message belongs to COPY: the response that starts it, data, or the end of the data.
fn is_copy(kind: u8) -> bool {
    matches!(kind, b'G' | b'H' | b'W' | b'd' | b'c')
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    // A chunk is far shorter than the maximum message.
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX).to_be_bytes();
    [&[kind][..], &length, body].concat()
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// A stream to a server that reads slowly.
    #[derive(Default)]
    struct Narrow {
        incoming: Vec<u8>,
        outgoing: Vec<u8>,
        room: usize,
    }

    impl AsyncRead for Narrow {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.incoming.is_empty() {
                return Poll::Pending;
            }
            buffer.put_slice(&std::mem::take(&mut self.incoming));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<io::Result<usize>> {
            let length = buffer.len().min(self.room);
            if length == 0 {
                return Poll::Pending;
            }
            self.room -= length;
            self.outgoing.extend(&buffer[..length]);
            Poll::Ready(Ok(length))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn the_rest_of_a_message_of_a_failed_copy_is_written() {
        let mut cx = Context::from_waker(Waker::noop());
        let (mut filter, mut stream) = (Filter::default(), Narrow { room: 10, ..Narrow::default() });
        let job = Arc::new(Pipe::new(Direction::In));
        filter.follow(Some(Arc::clone(&job)), &[], 0);
        job.push(b"some data for the server");
        let mut read = |filter: &mut Filter, stream: &mut Narrow| {
            let mut bytes = [0; 100];
            let mut buffer = ReadBuf::new(&mut bytes);
            let polled = filter.poll_read(&mut cx, stream, &mut buffer, |_| Ok(()));
            polled.map(|read| read.map(|()| buffer.filled().to_vec()).expect("no error"))
        };
        stream.incoming = frame(b'G', &[0, 0, 0]);
        assert_eq!(read(&mut filter, &mut stream), Poll::Pending);
        let error = [frame(b'E', b"C57014\0\0"), frame(b'Z', b"I")].concat();
        stream.incoming.clone_from(&error);
        assert_eq!(read(&mut filter, &mut stream), Poll::Ready(error));
        filter.follow(None, &[], 0);
        assert_eq!(stream.outgoing.len(), 10, "the message is partly written");
        let mut cx = Context::from_waker(Waker::noop());
        assert!(filter.poll_rest(&mut cx, &mut stream).is_pending());
        stream.room = 100;
        assert!(filter.poll_rest(&mut cx, &mut stream).is_ready());
        assert_eq!(stream.outgoing, frame(b'd', b"some data for the server"));
    }
}
