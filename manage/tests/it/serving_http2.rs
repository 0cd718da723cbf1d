//! HTTP/2 without TLS, as proxies speak it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use manage_test_support::{Signal, case};

use crate::serving::{SOON, Server};

/// What a client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection that speaks HTTP/2 from the start.
async fn connect<B>(server: &Server) -> (SendRequest<B>, tokio::task::JoinHandle<()>)
where
    B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + Unpin + 'static,
{
    let stream = tokio::net::TcpStream::connect(&server.address).await.expect("a connection");
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(65_535)
        .handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    (sender, tokio::spawn(async { drop(connection.await) }))
}

fn request(path: &str) -> Request<Empty<Bytes>> {
    Request::get(format!("http://localhost{path}")).body(Empty::new()).expect("a request")
}

async fn text(response: Response<Incoming>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(SOON, work).await.expect("in time") })
}

#[case]
fn many_requests_of_one_connection() {
    let mut server = Server::production(&[], &[("MANAGE_SERVER_MAX_CONNECTIONS", "2")]);
    run(async {
        let (sender, _connection) = connect(&server).await;
        let mut waiting = sender.clone();
        let never = tokio::spawn(async move { waiting.send_request(request("/never")).await });
        let answers = (0..50).map(|number| {
            let mut sender = sender.clone();
            tokio::spawn(async move {
                text(sender.send_request(request(&format!("/?{number}"))).await.expect("a response")).await
            })
        });
        for answer in answers.collect::<Vec<_>>() {
            assert_eq!(answer.await.expect("an answer"), (StatusCode::OK, "ok\n".to_owned()));
        }
        let mut sender = sender;
        let whole = sender.send_request(request("/streams/well")).await.expect("a response");
        assert!(!whole.headers().contains_key("connection"));
        assert!(whole.headers().contains_key("x-request-id"));
        assert_eq!(text(whole).await.1.len(), 3000);
        let panic = sender.send_request(request("/panics")).await.expect("a response");
        assert_eq!(text(panic).await.0, StatusCode::INTERNAL_SERVER_ERROR);
        // The reset may arrive together with the head of the response.
        if let Ok(broken) = sender.send_request(request("/streams/fails")).await {
            broken.into_body().collect().await.expect_err("a body that breaks off");
        }
        never.abort();
    });
    assert_eq!(server.logged("\"GET /?49 "), "\"GET /?49 HTTP/2\" 200 3");
    assert_eq!(server.logged("\"GET /streams/well "), "\"GET /streams/well HTTP/2\" 200 3000");
    assert_eq!(
        server.logged("\"GET /streams/fails "),
        "\"GET /streams/fails HTTP/2\" 200 3000 (the response body failed)"
    );
    assert_eq!(server.logged("\"GET /never "), "\"GET /never HTTP/2\" 499 - (client closed the connection)");
    // HTTP/1 is spoken at the same port.
    assert!(server.get("/").ends_with("ok\n"));
    assert_eq!(server.running.stderr().matches("HTTP/2\"").count(), 54, "{}", server.running.stderr());
}

#[case]
fn the_same_limits_and_hosts() {
    let mut server = Server::production(
        &[],
        &[("MANAGE_SERVER_MAX_BODY_BYTES", "1000"), ("MANAGE_SERVER_REQUEST_TIMEOUT", "1")],
    );
    run(async {
        let (mut sender, _connection) = connect(&server).await;
        let mut send = async |uri: &str, size: usize| {
            let body = Full::new(Bytes::from(vec![b'x'; size]));
            let request = Request::post(uri).body(body).expect("a request");
            text(sender.send_request(request).await.expect("a response")).await
        };
        assert_eq!(
            send("http://localhost/received", 1000).await,
            (StatusCode::OK, "1000 bytes\n".to_owned())
        );
        assert_eq!(send("http://localhost/received", 1001).await.0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(send("http://evil.example/received", 3).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(send("http://shop.example/received", 3).await.0, StatusCode::OK);
    });
    run(async {
        let (mut sender, _connection) = connect(&server).await;
        let late = sender.send_request(request("/never")).await.expect("a response");
        assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
        let fine = sender.send_request(request("/")).await.expect("a response");
        assert_eq!(fine.status(), StatusCode::OK);
    });
    assert!(server.logged("\"GET /never ").ends_with("(the handler did not respond within 1 s)"));
}

/// A client that reads its connection, but not one of its streams.
#[case]
fn a_stream_that_nobody_reads() {
    let mut server = Server::production(&[], &[("MANAGE_SERVER_CLIENT_TIMEOUT", "1")]);
    run(async {
        let (mut sender, _connection) = connect(&server).await;
        let mut unread = sender.send_request(request("/streams/on")).await.expect("a response");
        let start = Instant::now();
        // The others go on.
        while start.elapsed() < Duration::from_secs(2) {
            let fine = sender.send_request(request("/")).await.expect("a response");
            assert_eq!(text(fine).await.0, StatusCode::OK);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut size = 0;
        let end = loop {
            match unread.frame().await {
                Some(Ok(frame)) => size += frame.data_ref().map_or(0, Bytes::len),
                end => break end,
            }
        };
        assert!(end.is_some_and(|frame| frame.is_err()) && size < 1 << 20, "{size} bytes");
        // One that reads, and a body that is silent, are not cut off.
        let mut read = sender.send_request(request("/streams/on")).await.expect("a response");
        let mut events = sender.send_request(request("/events")).await.expect("a response");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(3) {
            read.frame().await.expect("more").expect("of it");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("two") {
            text.extend(
                events.frame().await.expect("an event").expect("an event").into_data().expect("data"),
            );
        }
    });
    assert!(server.logged("\"GET /streams/on ").starts_with("\"GET /streams/on HTTP/2\" 200 "));
}

/// Reads until the server closes the connection. Returns how long it took.
fn closed(mut stream: TcpStream) -> Duration {
    let start = Instant::now();
    let mut bytes = [0; 1000];
    while !matches!(stream.read(&mut bytes), Ok(0) | Err(_)) {}
    start.elapsed()
}

#[case]
fn idle_connections_end() {
    let server = Server::production(&[], &[("MANAGE_SERVER_CLIENT_TIMEOUT", "1")]);
    // Nothing, a part of the first bytes, and no request after them. None of these answers a ping.
    for bytes in [&b""[..], &PREFACE[..10], PREFACE, &[PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat()] {
        let time = closed(server.send(bytes));
        assert!(time < Duration::from_secs(20), "{time:?} after {} bytes", bytes.len());
    }
    // A client that answers is not kept either, if it asks for nothing.
    run(async {
        let (mut sender, connection) = connect::<Empty<Bytes>>(&server).await;
        assert_eq!(sender.send_request(request("/")).await.expect("a response").status(), StatusCode::OK);
        connection.await.expect("the end of the connection");
    });
}

#[case]
fn a_stop_signal_lets_streams_finish() {
    let mut server = Server::production(&[], &[]);
    run(async {
        let (mut sender, connection) = connect(&server).await;
        let slow = sender.send_request(request("/slow"));
        let slow = tokio::spawn(slow);
        // It has arrived: a later one is answered.
        sender.send_request(request("/")).await.expect("a response");
        server.running.signal(Signal::TERM);
        let slow = slow.await.expect("a task").expect("a response");
        assert_eq!(text(slow).await, (StatusCode::OK, "slow\n".to_owned()));
        connection.await.expect("the end of the connection");
    });
    server.running.wait(SOON).expect_success();
}

#[case]
fn what_only_begins_like_it() {
    let server = Server::production(&[], &[]);
    let mut stream = server.send("PRI / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    let mut garbage = server.send(PREFACE);
    let _ = garbage.write_all(&[0xff; 100]);
    closed(garbage);
    assert!(server.get("/").ends_with("ok\n"));
}
