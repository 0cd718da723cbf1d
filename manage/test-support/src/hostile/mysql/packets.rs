//! The packets of a hostile MySQL server.

use std::io::{self, Read, Write};

use super::super::Connection;
use super::super::rsa::RsaKey;

pub(super) const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";
pub(super) const SHA2: &str = "caching_sha2_password";
pub(super) const NATIVE: &str = "mysql_native_password";
pub(super) const MORE_RESULTS: u16 = 8;
pub(super) const TEXT: u8 = 0xfd;
pub(super) const GEOMETRY: u8 = 0xff;
pub(super) const LONG: u8 = 0x03;
pub(super) const LONGLONG: u8 = 0x08;

/// The number 2^40, as that of a result's columns.
pub(super) const COUNT: [u8; 9] = [0xfe, 0, 0, 0, 0, 0, 1, 0, 0];

/// A connection, with the number of the next packet.
pub(super) struct Server<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) number: u8,
}

impl Server<'_> {
    pub(super) fn send(&mut self, body: &[u8]) -> io::Result<()> {
        self.connection.write_all(&packet(self.number, body))?;
        self.number = self.number.wrapping_add(1);
        Ok(())
    }

    pub(super) fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut header = [0; 4];
        self.connection.read_exact(&mut header)?;
        let [low, middle, high, number] = header;
        let mut body = vec![0; u32::from_le_bytes([low, middle, high, 0]) as usize];
        self.connection.read_exact(&mut body)?;
        self.number = number.wrapping_add(1);
        Ok(body)
    }

    /// Sends something that has to be answered.
    pub(super) fn ask(&mut self, body: &[u8]) -> io::Result<()> {
        self.send(body)?;
        self.receive().map(drop)
    }

    /// Asks for the password itself, and answers the question for a key.
    pub(super) fn ask_with_key(&mut self, key: &[u8]) -> io::Result<()> {
        self.ask(&[1, 4])?;
        self.ask(key)
    }

    /// Asks for the password itself, with a key of its own, and keeps what it reads.
    pub(super) fn read_password(&mut self) -> io::Result<()> {
        let key = RsaKey::of_this_process()?;
        self.ask(&[1, 4])?;
        self.send(&[b"\x01", key.public()].concat())?;
        let encrypted = self.receive()?;
        let mut password = key.decrypt(&encrypted)?;
        for (byte, nonce) in password.iter_mut().zip(NONCE.iter().cycle()) {
            *byte ^= nonce;
        }
        self.connection.note(&password);
        Ok(())
    }

    /// Sends a packet of 16 MiB, and such that go on with it, without end.
    pub(super) fn huge(&mut self, begin: &[u8]) -> io::Result<()> {
        let mut body = vec![b'x'; 0xff_ff_ff];
        body[..begin.len()].copy_from_slice(begin);
        loop {
            self.send(&body)?;
        }
    }

    /// Announces the columns of a result.
    pub(super) fn columns(&mut self, columns: &[(&str, u8)]) -> io::Result<()> {
        self.send(&[u8::try_from(columns.len()).expect("a few columns")])?;
        columns.iter().try_for_each(|(name, kind)| self.send(&column(name, *kind)))
    }
}

/// Returns whether a statement returns rows.
pub(super) fn returns_rows(text: &[u8]) -> bool {
    ["SELECT", "SHOW", "select", "show"].iter().any(|word| has(text, word))
}

pub(super) fn has(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|part| part == word.as_bytes())
}

/// Returns a whole packet of less than 16 MiB.
pub(super) fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("less than 16 MiB");
    [&length.to_le_bytes()[..3], &[number], body].concat()
}

/// Returns what a server says first: it knows the protocol 4.1, transactions, several statements and results,
/// plugins for the log-in, files of the client's, and results that end without a packet after their columns.
pub(super) fn greeting(version: &str, plugin: &str, offers_tls: bool) -> Vec<u8> {
    let flags = 0x013f_a28f_u32 | if offers_tls { 0x0800 } else { 0 };
    let [low, high] = [flags as u16, (flags >> 16) as u16].map(u16::to_le_bytes);
    let (first, second) = NONCE.split_at(8);
    [
        &[10][..],
        version.as_bytes(),
        b"\0\x01\0\0\0",
        first,
        b"\0",
        &low,
        b"\x2d\x02\0",
        &high,
        b"\x15",
        &[0; 10],
        second,
        b"\0",
        plugin.as_bytes(),
        b"\0",
    ]
    .concat()
}

pub(super) fn ok(more: u16) -> Vec<u8> {
    [&[0, 0, 0][..], &(2 | more).to_le_bytes(), &[0, 0]].concat()
}

/// Returns the end of a result.
pub(super) fn end(more: u16) -> Vec<u8> {
    [&[0xfe, 0, 0][..], &(2 | more).to_le_bytes(), &[0, 0]].concat()
}

/// Returns the description of a column: catalogue, schema, tables, names, character set, length, type, flags
/// and decimals.
pub(super) fn column(name: &str, kind: u8) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a short name");
    [
        &b"\x03def\0\0\0"[..],
        &[length],
        name.as_bytes(),
        &[length],
        name.as_bytes(),
        &[0x0c, 0x2d, 0, 0, 1, 0, 0, kind, 0, 0, 0, 0, 0],
    ]
    .concat()
}
