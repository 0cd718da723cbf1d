//! What idle and slow clients cost.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{exchange, load};
use crate::contender::Contender;

/// Opens connections that have had one request each, and serves others meanwhile.
pub(crate) fn idle(count: usize) {
    let most = (count + 1_000).to_string();
    for name in ["axum", "serve"] {
        let contender = Contender::start(
            name,
            &[("MANAGE_SERVER_MAX_CONNECTIONS", &most), ("MANAGE_SERVER_CLIENT_TIMEOUT", "600")],
        );
        load(contender.address, 16, Duration::from_secs(1));
        let (empty, before) = (contender.memory(), rate(&contender));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connections = runtime.block_on(async {
            let (mut all, mut buffer) = (Vec::with_capacity(count), Vec::new());
            for _ in 0..count {
                let mut stream = TcpStream::connect(contender.address).await.expect("a connection");
                exchange(&mut stream, &mut buffer).await;
                all.push(stream);
            }
            all
        });
        let (full, with) = (contender.memory(), rate(&contender));
        println!(
            "{name:8} {empty} KiB without, {full} KiB with {} idle connections: {:.1} KiB each; {before:.0} requests/s \
             without, {with:.0} with them",
            connections.len(),
            (full.saturating_sub(empty)) as f64 / count as f64,
        );
    }
}

fn rate(contender: &Contender) -> f64 {
    load(contender.address, 16, Duration::from_secs(2)).len() as f64 / 2.0
}

/// Opens connections that send their head a byte a second, in turn, until the server has closed all of them.
pub(crate) fn slow(count: usize) {
    let most = (count + 100).to_string();
    let contender = Contender::start(
        "serve",
        &[("MANAGE_SERVER_MAX_CONNECTIONS", &most), ("MANAGE_SERVER_CLIENT_TIMEOUT", "5")],
    );
    load(contender.address, 16, Duration::from_secs(1));
    let (empty, before) = (contender.memory(), rate(&contender));
    let address = contender.address;
    let clients = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let start = Instant::now();
            let all: Vec<_> = (0..count).map(|_| tokio::spawn(trickle(address))).collect();
            for client in all {
                client.await.expect("no panic");
            }
            start.elapsed()
        })
    });
    std::thread::sleep(Duration::from_secs(2));
    let (full, with) = (contender.memory(), rate(&contender));
    let time = clients.join().expect("no panic");
    println!(
        "{count} slow clients: {empty} KiB without, {full} KiB with them; {before:.0} requests/s without, {with:.0} with \
         them; all are closed after {:.1} s, with a limit of 5 s",
        time.as_secs_f64()
    );
}

async fn trickle(address: std::net::SocketAddr) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut bytes = [0; 1000];
    for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        let pause = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut bytes));
        if let Ok(Ok(0) | Err(_)) = pause.await {
            return;
        }
    }
}
