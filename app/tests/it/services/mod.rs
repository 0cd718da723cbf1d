//! What `wait_for_db` waits for beside PostgreSQL and MariaDB: services behind `--for`, and SQLite.

mod files;
mod hostile;
mod http;
mod json;
mod locks;
mod rabbitmq;
mod redis;
mod secrets;
mod sqlite;
mod tls;
mod urls;
#[cfg(unix)]
mod writable;

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use manage_test_support::{Program, Transcript};

/// Long enough for a busy machine: only a failing test waits for it.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// The program, in a directory without settings, about to wait for one service alone.
pub(super) fn waiter(url: &str, options: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_manage"))
        .cwd(std::env::temp_dir())
        .args(["wait_for_db", "--no-database", "--for", url])
        .args(options)
}

#[track_caller]
pub(super) fn wait(url: &str, options: &[&str]) -> Transcript {
    waiter(url, options).run(LONG)
}

/// It is ready.
#[track_caller]
pub(super) fn ready(url: &str) -> Transcript {
    wait(url, &[]).expect_success()
}

/// A configuration error, reported with these words.
#[track_caller]
pub(super) fn wrong(url: &str, words: &str) -> Transcript {
    says(wait(url, &["--fail-fast-after", "0"]).expect_code(78), words)
}

/// It is not ready, for a reason that may pass.
#[track_caller]
pub(super) fn not_yet(url: &str, options: &[&str], words: &str) -> Transcript {
    let options = [&["--timeout", "1.5", "--fail-fast-after", "0"], options].concat();
    says(wait(url, &options).expect_code(124), words)
}

#[track_caller]
pub(super) fn says(transcript: Transcript, words: &str) -> Transcript {
    assert!(transcript.stderr.contains(words), "“{words}” is not said:\n{transcript}");
    transcript
}

/// A server of our own, for answers that no proper server gives. It handles one connection after the other,
/// for as long as the test process lives.
pub(super) fn serve(host: &str, answer: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((host, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(&answer));
    port
}

/// What the client says up to its empty line; what it says at all, if it leaves before.
pub(super) fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until the client has disconnected.
pub(super) fn until_gone(stream: &mut TcpStream) {
    let mut bytes = [0; 1024];
    while matches!(stream.read(&mut bytes), Ok(1..)) {}
}

/// A server that speaks HTTP, and answers anything else with 400, as most do.
pub(super) fn answering_plainly() -> u16 {
    use std::io::Write;
    serve("127.0.0.1", |mut stream| {
        let mut start = [0; 4];
        let known = stream.read_exact(&mut start).is_ok() && &start == b"GET ";
        let status = if known { "200 OK" } else { "400 Bad Request" };
        if known {
            request(&mut stream);
        }
        let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n\r\n");
    })
}
