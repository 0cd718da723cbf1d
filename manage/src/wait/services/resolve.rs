//! Looks names up without ever waiting longer than one may.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::database::lookup::{self, Answer};

/// Why a name has no address.
pub(in super::super) enum NoAddress {
    Unknown(String),
    TooLate,
}

/// A name to look up, and where to say what came of it.
struct Question {
    name: String,
    answer: SyncSender<Answer>,
}

/// The system's resolver cannot be interrupted. It runs on threads that are left alone while they hang, and are used again
/// when they do not.
static IDLE: Mutex<Vec<Sender<Question>>> = Mutex::new(Vec::new());

/// A resolver that never answers must not fill the memory with threads.
static THREADS: AtomicUsize = AtomicUsize::new(0);
const MOST_THREADS: usize = 32;

/// Every address of a host.
pub(in super::super) fn resolve(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, NoAddress> {
    let answer = match lookup::known(host) {
        Some(known) => known,
        None => asked(host, until)?,
    };
    let mut addresses = answer.map_err(NoAddress::Unknown)?;
    addresses.iter_mut().for_each(|address| address.set_port(port));
    Ok(addresses)
}

fn asked(host: &str, until: Instant) -> Result<Answer, NoAddress> {
    let (answer, receiver) = mpsc::sync_channel(1);
    let mut question = Question { name: host.to_owned(), answer };
    let received = || {
        receiver.recv_timeout(until.saturating_duration_since(Instant::now())).map_err(|_| NoAddress::TooLate)
    };
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    if let Some(thread) = idle {
        match thread.send(question) {
            Ok(()) => return received(),
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
    received()
}

fn answer_all(mut question: Question) {
    let (sender, questions) = mpsc::channel();
    loop {
        let name = question.name.as_str();
        let answer = lookup::learn(name, (name, 0).to_socket_addrs());
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(sender.clone());
        // Whoever asked may have given up.
        let _ = question.answer.send(answer);
        match questions.recv() {
            Ok(next) => question = next,
            Err(_) => return,
        }
    }
}
