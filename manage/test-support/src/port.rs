//! Ports on the loopback interface that nothing listens on.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Below the ephemeral ports of Linux (from 32768) and macOS (from 49152). A port from bind(0) could become
/// the local port of any outgoing connection while its server is down, and the server could not come back.
const FIRST: u16 = 18_000;
const COUNT: u16 = 14_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Returns a port on 127.0.0.1 that nothing listens on. It is never given out twice by one process.
pub fn free_port() -> u16 {
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(own_start()) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port between {FIRST} and {} is free", FIRST + COUNT);
}

/// Returns where this process begins to look, so that test programs that run side by side seldom meet.
fn own_start() -> u16 {
    use std::sync::OnceLock;
    static START: OnceLock<u16> = OnceLock::new();
    *START.get_or_init(|| {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
        (process::id().wrapping_mul(131).wrapping_add(clock / 1000) % u32::from(COUNT)) as u16
    })
}
