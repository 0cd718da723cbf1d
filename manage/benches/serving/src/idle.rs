//! What idle and slow clients cost.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::NO_DATABASE;
use crate::client::{Connection, load};
use crate::contenders::{Kind, Scenario};
use crate::process::{Contender, Setup};

/// Opens connections that have had one request each, and serves others meanwhile.
pub(crate) fn idle(count: usize) {
    let most = (count + 1_000).to_string();
    for name in ["json/axum", "json/serve"] {
        let contender = start(name, &most, "600");
        let (empty, before) = (contender.memory(), rate(&contender));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connections = runtime.block_on(async {
            let mut all = Vec::with_capacity(count);
            for _ in 0..count {
                let mut connection = Connection::open(contender.address).await;
                assert!(connection.json().await, "the contender answers");
                all.push(connection);
            }
            all
        });
        let (full, with) = (contender.memory(), rate(&contender));
        println!(
            "{name:10} {empty} KiB without, {full} KiB with {} idle connections: {:.1} KiB each; {before:.0} requests/s \
             without, {with:.0} with them",
            connections.len(),
            (full.saturating_sub(empty)) as f64 / count as f64,
        );
    }
}

fn start(name: &str, connections: &str, client_timeout: &str) -> Contender {
    let variables =
        [("MANAGE_SERVER_MAX_CONNECTIONS", connections), ("MANAGE_SERVER_CLIENT_TIMEOUT", client_timeout)];
    let setup = Setup { url: NO_DATABASE, pool: 1, python: None, variables: &variables };
    let contender = Contender::start(Kind::named(name), &setup);
    load(Scenario::Json, contender.address, 16, Duration::from_secs(1));
    contender
}

fn rate(contender: &Contender) -> f64 {
    let round = load(Scenario::Json, contender.address, 16, Duration::from_secs(2));
    round.times.len() as f64 / round.seconds
}

/// Opens connections that send their head a byte a second, in turn, until the server has closed all of them.
pub(crate) fn slow(count: usize) {
    let most = (count + 100).to_string();
    let contender = start("json/serve", &most, "5");
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
