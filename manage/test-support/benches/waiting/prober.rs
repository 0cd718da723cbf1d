//! Finds the moment when a server first answers a query, by speaking its protocol from hand to mouth: it
//! shares no code with any waiter.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    Postgres,
    MySql,
}

/// Probes every millisecond until there is an answer; `None` if it is stopped before.
pub(crate) fn first_answer(protocol: Protocol, port: u16, stop: &AtomicBool) -> Option<Instant> {
    while !stop.load(Ordering::Relaxed) {
        let answer = match protocol {
            Protocol::Postgres => postgres(port),
            Protocol::MySql => mysql(port),
        };
        if answer.is_ok() {
            return Some(Instant::now());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

fn unexpected<T>() -> Result<T> {
    Err(ErrorKind::InvalidData.into())
}

fn postgres(port: u16) -> Result<()> {
    let mut stream = connect(port)?;
    let body = b"\0\x03\0\0user\0prober\0database\0postgres\0\0";
    stream.write_all(&(body.len() as u32 + 4).to_be_bytes())?;
    stream.write_all(body)?;
    until(&mut stream, b'Z')?;
    stream.write_all(b"Q\0\0\0\x0dSELECT 1\0")?;
    until(&mut stream, b'D')?;
    stream.write_all(b"X\0\0\0\x04")
}

/// Reads messages up to one of this kind.
fn until(stream: &mut TcpStream, wanted: u8) -> Result<()> {
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).saturating_sub(4);
        let mut body = vec![0; length as usize];
        stream.read_exact(&mut body)?;
        match head[0] {
            kind if kind == wanted => return Ok(()),
            b'E' => return unexpected(),
            _ => {}
        }
    }
}

fn mysql(port: u16) -> Result<()> {
    const PROTOCOL_41: u32 = 0x200;
    const SECURE_CONNECTION: u32 = 0x8000;
    const PLUGIN_AUTH: u32 = 0x8_0000;

    let mut stream = connect(port)?;
    let (_, greeting) = packet(&mut stream)?;
    if greeting.first() != Some(&10) {
        return unexpected();
    }
    let mut login = (PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH).to_le_bytes().to_vec();
    login.extend((1_u32 << 24).to_le_bytes());
    login.push(45);
    login.extend([0; 23]);
    login.extend(b"prober\0\0mysql_native_password\0");
    send(&mut stream, 1, &login)?;
    let (number, mut answer) = packet(&mut stream)?;
    if answer.first() == Some(&0xfe) {
        send(&mut stream, number.wrapping_add(1), &[])?;
        answer = packet(&mut stream)?.1;
    }
    if answer.first() != Some(&0) {
        return unexpected();
    }
    send(&mut stream, 0, b"\x03SELECT 1")?;
    // One column, its description, an end, and the row.
    let answers = [packet(&mut stream)?, packet(&mut stream)?, packet(&mut stream)?, packet(&mut stream)?];
    if answers[0].1 != [1] || answers[3].1 != *b"\x011" {
        return unexpected();
    }
    send(&mut stream, 0, &[1])
}

fn packet(stream: &mut TcpStream) -> Result<(u8, Vec<u8>)> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut body)?;
    Ok((head[3], body))
}

fn send(stream: &mut TcpStream, number: u8, body: &[u8]) -> Result<()> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes[3] = number;
    bytes.extend(body);
    stream.write_all(&bytes)
}
