use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::database::Background;
use crate::database::network::contained::{Panicked, expecting};

/// How long a test waits for what never comes, and at most for what does.
const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(20);

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Returns both ends of a connection.
fn pair() -> (Socket, TcpStream) {
    let (listener, address) = listen();
    let socket = run(Socket::connect(address)).expect("a listener");
    (socket, listener.accept().expect("a connection").0)
}

/// Asks in a way that expects an answer of the same length.
async fn ask(socket: &mut Socket, question: &[u8]) -> Vec<u8> {
    let mut answer = vec![0; question.len()];
    socket.write_all(question).await.expect("the other end reads");
    socket.read_exact(&mut answer).await.expect("an answer");
    answer
}

/// Answers everything with itself.
fn echo(mut stream: TcpStream) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    })
}

#[test]
fn a_socket_is_used_by_one_thread_after_another() {
    let (mut socket, peer) = pair();
    let peer = echo(peer);
    assert_eq!(run(ask(&mut socket, b"here")), b"here");
    let asked = thread::spawn(move || (run(ask(&mut socket, b"there")), socket));
    let (answer, mut socket) = asked.join().expect("no panic");
    assert_eq!(answer, b"there");
    assert_eq!(run(ask(&mut socket, b"here")), b"here");
    drop(socket);
    peer.join().expect("no panic");
}

#[test]
fn it_works_inside_of_runtimes_and_of_another_future() {
    let (mut socket, peer) = pair();
    let _peer = echo(peer);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_eq!(runtime.block_on(async { run(ask(&mut socket, b"in a runtime")) }), b"in a runtime");
    let (mut other, peer) = pair();
    let _other_peer = echo(peer);
    let both = run(async {
        let inner = run(ask(&mut other, b"inner"));
        let by_runtime = Background.run(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            timeout_at(Instant::now().into(), std::future::pending::<()>()).await
        });
        (inner, by_runtime, ask(&mut socket, b"outer").await)
    });
    assert_eq!(both, (b"inner".to_vec(), None, b"outer".to_vec()));
}

#[test]
fn a_unix_socket_is_one_too() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    let mut socket = run(Socket::connect_local(&path)).expect("a listener");
    let (mut peer, _) = listener.accept().expect("a connection");
    peer.write_all(b"hello").expect("an open socket");
    drop(peer);
    let mut text = String::new();
    run(socket.read_to_string(&mut text)).expect("an end");
    assert_eq!(text, "hello");
    let missing = run(Socket::connect_local(&folder.path().join("none"))).expect_err("no socket");
    assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn nobody_listens() {
    let (listener, address) = listen();
    drop(listener);
    let error = run(Socket::connect(address)).expect_err("no listener");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(error.raw_os_error().is_some(), "{error:?}");
}

#[test]
fn time_limits_end_a_silent_peer() {
    let (mut socket, _peer) = pair();
    let started = Instant::now();
    assert_eq!(run_until(started + SHORT, socket.read_u8()).map(drop), None);
    assert!(started.elapsed() >= SHORT);
    let started = Instant::now();
    let inner = async { timeout_at((started + SHORT).into(), socket.read_u8()).await.map(drop) };
    assert_eq!(run_until(started + LONG, inner), Some(None));
    assert!((SHORT..LONG).contains(&started.elapsed()));
    // Without a socket, too, and for a future that never sleeps.
    assert_eq!(run_until(Instant::now() + SHORT, std::future::pending::<()>()), None);
    let busy = poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    assert_eq!(run_until(Instant::now() + SHORT, busy), None);
}

#[test]
fn another_thread_wakes_a_future_without_sockets() {
    for _ in 0..100 {
        let answer = run(async { Background.spawn_blocking(|| 7).await.expect("no panic") });
        assert_eq!(answer, 7);
    }
}

/// Both ends send more than the system buffers before they have read everything.
#[test]
fn data_flows_in_both_directions_at_once() {
    const LENGTH: usize = 32 << 20;
    let (socket, peer) = pair();
    let mut writer = peer.try_clone().expect("a descriptor");
    let sending = thread::spawn(move || writer.write_all(&vec![1; LENGTH]).expect("a reader"));
    let receiving = thread::spawn(move || {
        let mut peer = peer;
        std::io::copy(&mut (&mut peer).take(LENGTH as u64), &mut std::io::sink()).expect("a writer")
    });
    let (mut reader, mut writer) = tokio::io::split(socket);
    let (sent, received) = run(async {
        let data = vec![2; LENGTH];
        let mut write = std::pin::pin!(writer.write_all(&data));
        let mut into = vec![0; LENGTH];
        let mut read = std::pin::pin!(reader.read_exact(&mut into));
        let (mut sent, mut received) = (None, None);
        poll_fn(move |cx| {
            if sent.is_none()
                && let Poll::Ready(result) = write.as_mut().poll(cx)
            {
                sent = Some(result.is_ok());
            }
            if received.is_none()
                && let Poll::Ready(result) = read.as_mut().poll(cx)
            {
                received = Some(result.ok());
            }
            if sent.is_some() && received.is_some() { Poll::Ready((sent, received)) } else { Poll::Pending }
        })
        .await
    });
    assert_eq!((sent, received), (Some(true), Some(Some(LENGTH))));
    sending.join().expect("no panic");
    assert_eq!(receiving.join().expect("no panic"), LENGTH as u64);
}

#[test]
fn a_look_reads_what_is_there_and_never_waits() {
    let (mut socket, mut peer) = pair();
    assert_eq!(look(socket.read_u8()).map(drop), None);
    peer.write_all(b"x").expect("an open socket");
    let deadline = Instant::now() + LONG;
    let byte = loop {
        match look(socket.read_u8()) {
            Some(byte) => break byte,
            None => assert!(Instant::now() < deadline, "the byte arrives"),
        }
    };
    assert_eq!(byte.expect("a byte"), b'x');
    drop(peer);
    let end = loop {
        match look(socket.read(&mut [0])) {
            Some(end) => break end,
            None => assert!(Instant::now() < deadline, "the end arrives"),
        }
    };
    assert_eq!(end.expect("an orderly end"), 0);
}

#[test]
fn a_writer_that_never_waits_reads_what_its_peer_says() {
    let (mut socket, mut peer) = pair();
    assert_eq!(look(socket.read_u8()).map(drop), None);
    peer.write_all(b"n").expect("an open socket");
    let mut from = peer.try_clone().expect("a descriptor");
    let reading = thread::spawn(move || std::io::copy(&mut from, &mut std::io::sink()));
    let deadline = Instant::now() + LONG;
    let answer = loop {
        assert!(Instant::now() < deadline, "the answer is noticed");
        // Each of these ends without waiting, unless the system's buffer is full.
        run(socket.write_all(&[0; 4096])).expect("a reader");
        let polled = run(poll_fn(|cx| {
            let mut byte = [0];
            let mut buffer = tokio::io::ReadBuf::new(&mut byte);
            let polled = std::pin::Pin::new(&mut socket).poll_read(cx, &mut buffer);
            Poll::Ready(polled.is_ready().then(|| buffer.filled().to_vec()))
        }));
        if let Some(answer) = polled {
            break answer;
        }
    };
    assert_eq!(answer, b"n");
    drop((socket, peer));
    reading.join().expect("no panic").expect("an end");
}

#[test]
fn a_socket_outside_of_its_executor_is_an_error() {
    let (mut socket, _peer) = pair();
    let error = Background.run(socket.read_u8()).expect_err("nothing would wake it");
    assert!(error.to_string().contains("outside of the future"), "{error}");
}

#[test]
fn a_panic_reaches_the_caller_that_expects_it() {
    /// Its panic leaves a state that cannot be dropped either.
    struct Broken;
    impl Future for Broken {
        type Output = ();
        fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<()> {
            panic!("by what the server sent")
        }
    }
    impl Drop for Broken {
        fn drop(&mut self) {
            panic!("again")
        }
    }
    assert_eq!(expecting(|| run(Broken)), Err(Panicked));
    // The next future is not disturbed.
    assert_eq!(expecting(|| run(async { 1 })), Ok(1));
}
