//! Looks names up, each time anew, without ever waiting longer than one may.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Why a name has no address.
pub(in super::super) enum NoAddress {
    Unknown(String),
    TooLate,
}

/// A name to look up, and where to say what came of it.
struct Question {
    name: (String, u16),
    answer: SyncSender<io::Result<Vec<SocketAddr>>>,
}

/// The system's resolver cannot be interrupted. It runs on threads that are left alone while they hang, and are used again
/// when they do not.
static IDLE: Mutex<Vec<Sender<Question>>> = Mutex::new(Vec::new());

/// A resolver that never answers must not fill the memory with threads.
static THREADS: AtomicUsize = AtomicUsize::new(0);
const MOST_THREADS: usize = 32;

/// Every address of a host.
pub(in super::super) fn resolve(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, NoAddress> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let (answer, receiver) = mpsc::sync_channel(1);
    let mut question = Question { name: (host.to_owned(), port), answer };
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    if let Some(thread) = idle {
        match thread.send(question) {
            Ok(()) => return received(&receiver, until),
            Err(unsent) => question = unsent.0,
        }
    }
    if THREADS.fetch_add(1, Ordering::Relaxed) >= MOST_THREADS {
        THREADS.fetch_sub(1, Ordering::Relaxed);
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        return Err(NoAddress::TooLate);
    }
    let spawned =
        std::thread::Builder::new().name("manage-resolve".to_owned()).spawn(move || answer_all(question));
    if let Err(error) = spawned {
        THREADS.fetch_sub(1, Ordering::Relaxed);
        return Err(NoAddress::Unknown(error.to_string()));
    }
    received(&receiver, until)
}

fn received(
    receiver: &mpsc::Receiver<io::Result<Vec<SocketAddr>>>,
    until: Instant,
) -> Result<Vec<SocketAddr>, NoAddress> {
    match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(Ok(found)) if found.is_empty() => Err(NoAddress::Unknown("the name has no address".to_owned())),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(NoAddress::Unknown(error.to_string())),
        Err(_) => Err(NoAddress::TooLate),
    }
}

fn answer_all(mut question: Question) {
    let (sender, questions) = mpsc::channel();
    loop {
        let found = question.name.to_socket_addrs().map(Iterator::collect);
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(sender.clone());
        // Whoever asked may have given up.
        let _ = question.answer.send(found);
        match questions.recv() {
            Ok(next) => question = next,
            Err(_) => return,
        }
    }
}
