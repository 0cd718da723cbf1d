//! The relay between the asynchronous driver for MySQL and the server.
//!
//! A project can ask for that driver's connection, which takes no stream of ours; this crate's own connection
//! does not use it. The driver connects to this process. The relay forwards its packets to the server, encrypted if the
//! settings require it, and forwards the server's packets to the driver after checking them. So TLS works as
//! for PostgreSQL, no untrusted server receives the password, and no server can make the driver reserve
//! memory or panic by announcing false lengths. This copies each packet within the process.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use mysql_async::OptsBuilder;
use rustls::ClientConfig;
use tokio::io::ReadBuf;
use tokio::task::JoinHandle;

use super::door::Door;
use super::guard::{Guard, Refusal};
use super::login::{Failure, LoggedIn, Terms};
use super::packet::Side;
use crate::database::ConnectError;
use crate::database::network::AsyncStream;
use crate::database::network::background::Background;
use crate::database::network::contained::unreadable;
use crate::database::network::dial::Endpoint;
use crate::settings::DatabaseSettings;

/// The buffer size of each direction.
const BUFFER: usize = 32 * 1024;

/// The relay of one connection, which runs for as long as this value exists.
pub(super) struct Relay {
    task: Option<JoinHandle<()>>,
    pub(super) control: Control,
}

/// The shared state of a relay, with which others inspect and control it.
#[derive(Clone, Debug, Default)]
pub(super) struct Control(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    failure: Mutex<Option<ConnectError>>,
    /// Whether TLS itself failed.
    failed_tls: AtomicBool,
    /// Whether the project's own statements may run, whose answers may have any length.
    is_released: AtomicBool,
}

impl Control {
    /// Returns why the relay ended, if neither the server nor the driver ended it.
    pub(super) fn failure(&self) -> Option<ConnectError> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn failed_tls(&self) -> bool {
        self.0.failed_tls.load(Ordering::Relaxed)
    }

    /// Lets answers have any length from now on, because they are for the project and not for this crate.
    pub(super) fn release(&self) {
        self.0.is_released.store(true, Ordering::Relaxed);
    }

    fn fail(&self, error: ConnectError) {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

impl Relay {
    /// Opens a relay to a server. Returns it with the options that make the driver connect to it.
    pub(super) fn open(
        settings: &DatabaseSettings,
        builder: OptsBuilder,
        config: Option<&Arc<ClientConfig>>,
        target: &Endpoint,
    ) -> Result<(Self, OptsBuilder), ConnectError> {
        let terms = Terms::new(settings, config, target)?;
        let door = Background.inside(Door::open).map_err(|error| ConnectError::of_io(settings, &error))?;
        let builder = door.lead(builder);
        let control = Control::default();
        let task = Background.spawn(carry(terms, door, target.clone(), control.clone()));
        Ok((Self { task: Some(task), control }, builder))
    }

    /// Lets the relay run on until the driver or the server closes its end.
    pub(super) fn detach(mut self) {
        self.task = None;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Relays one connection of the driver until the driver or the server closes it.
async fn carry(terms: Terms, door: Door, target: Endpoint, control: Control) {
    let carried = async {
        let server = terms.connect(&target).await?;
        let mut driver = Side::new(door.accept().await.map_err(|error| terms.lost(&error))?);
        if let Some(session) = terms.log_in(&mut driver, server).await? {
            pass_on(&terms.settings, driver.stream, session, &control).await?;
        }
        Ok(())
    };
    // The error is stored before the driver notices the end, since the sockets close afterwards.
    match carried.await {
        Ok(()) | Err(Failure::Closed) => {}
        Err(Failure::Tls(error)) => {
            control.0.failed_tls.store(true, Ordering::Relaxed);
            control.fail(error);
        }
        Err(Failure::Other(error)) => control.fail(error),
    }
}

/// Forwards the bytes of a session in both directions, and checks those of the server.
async fn pass_on(
    settings: &DatabaseSettings,
    mut driver: impl AsyncStream,
    session: LoggedIn,
    control: &Control,
) -> Result<(), Failure> {
    let LoggedIn { server: Side { stream: mut server, .. }, deprecates_eof } = session;
    let mut guard = Guard::new(deprecates_eof);
    let (mut to_server, mut to_driver) = (Pipe::new(), Pipe::new());
    let end = poll_fn(|context| {
        let asked = to_server.poll(context, &mut driver, &mut server, |bytes| {
            guard.sent(bytes);
            Ok(())
        });
        if let Poll::Ready(end) = asked {
            return Poll::Ready(end);
        }
        let is_strict = !control.0.is_released.load(Ordering::Relaxed);
        to_driver.poll(context, &mut server, &mut driver, |bytes| guard.received(bytes, is_strict))
    });
    match end.await {
        End::Closed => Ok(()),
        End::Refused(refusal) => Err(Failure::Other(unreadable(settings, Some(&refusal.to_string())))),
    }
}

enum End {
    /// One side closed or failed. The other side notices when its own connection ends.
    Closed,
    Refused(Refusal),
}

/// One direction of a session.
struct Pipe {
    buffer: Box<[u8]>,
    /// The start of the buffered bytes that are not written yet; they end at `to`.
    from: usize,
    to: usize,
    needs_flush: bool,
}

impl Pipe {
    fn new() -> Self {
        Self { buffer: vec![0; BUFFER].into(), from: 0, to: 0, needs_flush: false }
    }

    /// Forwards all available bytes. It is ready when this direction ends.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        source: &mut (impl AsyncStream + ?Sized),
        sink: &mut (impl AsyncStream + ?Sized),
        mut check: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Poll<End> {
        let (mut source, mut sink) = (Pin::new(source), Pin::new(sink));
        loop {
            while self.from < self.to {
                match ready!(sink.as_mut().poll_write(context, &self.buffer[self.from..self.to])) {
                    Ok(0) | Err(_) => return Poll::Ready(End::Closed),
                    Ok(written) => self.from += written,
                }
                self.needs_flush = true;
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            let read = source.as_mut().poll_read(context, &mut buffer);
            let length = buffer.filled().len();
            match read {
                Poll::Pending => {
                    if self.needs_flush {
                        self.needs_flush = sink.as_mut().poll_flush(context).is_pending();
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Ok(())) if length > 0 => {
                    if let Err(refusal) = check(&self.buffer[..length]) {
                        return Poll::Ready(End::Refused(refusal));
                    }
                    (self.from, self.to) = (0, length);
                }
                Poll::Ready(_) => {
                    // Flushes the bytes that are still in the TLS buffer.
                    let _ = ready!(sink.as_mut().poll_flush(context));
                    return Poll::Ready(End::Closed);
                }
            }
        }
    }
}
