//! Packets over a [`Stream`]: their framing, their order, and the limits for what a server sends.

use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::guard::{COLUMNS, FULL, HEAD, Next, Refusal, STRICT};
use super::error::{Error, Result};
use super::stream::Stream;

/// The initial size of the buffer for the server's packets, to which it returns after a long one.
const BUFFER: usize = 16 * 1024;

/// The size up to which the buffer grows because more bytes are available.
const READ_AHEAD: usize = 256 * 1024;

/// The maximum length of a packet that continues in others. No server has a larger `max_allowed_packet`.
const LONGEST: usize = 1 << 30;

/// The status of a session after login, whose set-up turned it on.
const AUTOCOMMIT: u16 = 2;

/// What the session shares with those who watch it.
#[derive(Debug, Default)]
pub(in crate::database::mysql) struct Flags {
    /// Whether only this crate's own statements run, whose answers are short.
    pub(in crate::database::mysql) is_strict: AtomicBool,
    /// Whether the session has ended, or must.
    pub(in crate::database::mysql) has_ended: AtomicBool,
}

/// A packet in the channel's buffer, until the next one is read.
pub(super) struct Packet(Range<usize>);

pub(super) struct Channel {
    stream: Stream,
    pub(super) flags: Arc<Flags>,
    deprecates_eof: bool,
    incoming: Vec<u8>,
    /// The unread bytes of `incoming`.
    unread: Range<usize>,
    /// What is sent with the next command: complete packets, such as the closing of statements.
    outgoing: Vec<u8>,
    /// Where the command that is being written starts in `outgoing`.
    command: usize,
    number: u8,
    pub(super) next: Next,
    /// The flags at the end of the last result: whether a transaction is open, and the like.
    pub(super) status: u16,
    packets: usize,
    bytes: usize,
}

impl Channel {
    pub(super) fn new(stream: Stream, flags: Arc<Flags>, deprecates_eof: bool) -> Self {
        Self {
            stream,
            flags,
            deprecates_eof,
            incoming: vec![0; BUFFER],
            unread: 0..0,
            outgoing: Vec::with_capacity(256),
            command: 0,
            number: 0,
            next: Next::Nothing,
            status: AUTOCOMMIT,
            packets: 0,
            bytes: 0,
        }
    }

    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(super) fn deprecates_eof(&self) -> bool {
        self.deprecates_eof
    }

    /// Returns whether nothing has arrived while no statement runs.
    pub(super) fn is_silent(&self) -> bool {
        self.unread.is_empty() && self.stream.is_silent()
    }

    #[cfg(test)]
    pub(super) fn buffered(&self) -> usize {
        self.incoming.len()
    }

    /// Begins a command, and returns the buffer to which its body is appended.
    pub(super) fn begin(&mut self, kind: u8) -> &mut Vec<u8> {
        self.command = self.outgoing.len();
        self.outgoing.extend_from_slice(&[0, 0, 0, 0, kind]);
        &mut self.outgoing
    }

    /// Returns the length of the command that was begun.
    pub(super) fn length(&self) -> usize {
        self.outgoing.len() - self.command - 4
    }

    /// Discards the command that was begun.
    pub(super) fn discard(&mut self) {
        self.outgoing.truncate(self.command);
    }

    /// Completes a command without an answer, which is sent together with the next one.
    pub(super) fn keep(&mut self) {
        let length = self.length();
        debug_assert!(length < FULL, "longer ones have several packets");
        let header = u32::try_from(length).unwrap_or_default().to_le_bytes();
        self.outgoing[self.command..self.command + 3].copy_from_slice(&header[..3]);
    }

    /// Sends the command that was begun, whose answer is `next`.
    pub(super) fn send(&mut self, next: Next) -> Result<()> {
        if !self.unread.is_empty() {
            self.outgoing.clear();
            return Err(self.last_words()?);
        }
        if self.incoming.len() > READ_AHEAD {
            self.incoming = vec![0; BUFFER];
        }
        (self.unread, self.packets, self.bytes) = (0..0, 0, 0);
        self.next = next;
        let length = self.length();
        let sent = if length < FULL {
            self.keep();
            self.number = 1;
            self.stream.write_all(&self.outgoing)
        } else {
            self.send_long()
        };
        self.outgoing.clear();
        if self.outgoing.capacity() > READ_AHEAD {
            self.outgoing = Vec::with_capacity(256);
        }
        match sent.and_then(|()| self.stream.flush()) {
            Ok(()) => Ok(()),
            // The server may have said why it closed the connection.
            Err(error) => Err(self.last_words().unwrap_or_else(|_| error.into())),
        }
    }

    /// Reads the error by which a server ends a session unasked.
    fn last_words(&mut self) -> Result<Error> {
        self.next = Next::Nothing;
        let packet = self.read()?;
        self.flags.has_ended.store(true, Ordering::Relaxed);
        Ok(Error::read(self.body(&packet)))
    }

    /// Sends a command that takes several packets: each has the maximum length but the last, which may be
    /// empty.
    fn send_long(&mut self) -> io::Result<()> {
        let (before, command) = self.outgoing.split_at(self.command);
        self.stream.write_all(before)?;
        let body = &command[4..];
        let mut number = 0_u8;
        for part in body.chunks(FULL).chain((body.len() % FULL == 0).then_some(&[][..])) {
            let [low, middle, high, _] = u32::try_from(part.len()).unwrap_or_default().to_le_bytes();
            self.stream.write_all(&[low, middle, high, number])?;
            self.stream.write_all(part)?;
            number = number.wrapping_add(1);
        }
        self.number = number;
        Ok(())
    }

    /// Sends what waits for a command, and an end of the session.
    pub(super) fn quit(&mut self) {
        self.begin(0x01);
        self.keep();
        let _ = self.stream.write_all(&self.outgoing).and_then(|()| self.stream.flush());
        self.stream.close();
    }

    pub(super) fn body(&self, packet: &Packet) -> &[u8] {
        &self.incoming[packet.0.clone()]
    }

    /// Reads a packet, and checks that it may come now.
    pub(super) fn read(&mut self) -> Result<Packet> {
        loop {
            let expected = self.next;
            let (body, first, last) = self.read_parts()?;
            let packet = &self.incoming[body.clone()];
            let is_strict = self.flags.is_strict.load(Ordering::Relaxed);
            let limit = if is_strict { STRICT.columns } else { COLUMNS };
            if is_strict {
                self.packets += 1;
                if self.packets > STRICT.packets {
                    return Err(Refusal::TooMuch.into());
                }
            }
            let head = &packet[..packet.len().min(HEAD)];
            if let Some(status) = expected.end(head, packet.len(), self.deprecates_eof) {
                self.status = status.unwrap_or(0);
            }
            self.next = expected.after(head, packet.len(), self.deprecates_eof, limit)?;
            if packet[0] != 0xff {
                // An error may come at any time, and then it has any number.
                if first != self.number {
                    return Err(super::error::MALFORMED);
                }
            } else if packet.get(1..3) == Some(&[0xff, 0xff]) {
                self.number = last.wrapping_add(1);
                continue;
            }
            self.number = last.wrapping_add(1);
            return Ok(Packet(body));
        }
    }

    /// Reads a packet and those that continue it. Returns where it is, and the numbers of its first and its
    /// last part.
    fn read_parts(&mut self) -> Result<(Range<usize>, u8, u8)> {
        let mut body = 0..0;
        let mut first = None;
        loop {
            // The bytes before `unread` that belong to this packet.
            let known = body.len();
            let (length, number) = self.read_header(known)?;
            let first = *first.get_or_insert(number);
            if self.flags.is_strict.load(Ordering::Relaxed) {
                self.bytes += length;
                if length > STRICT.packet || self.bytes > STRICT.bytes {
                    return Err(Refusal::TooMuch.into());
                }
            }
            if known + length > LONGEST {
                return Err(Refusal::TooMuch.into());
            }
            self.fill(known, 4 + length)?;
            let start = self.unread.start - known;
            if known > 0 {
                // Removes the header between the parts.
                let from = self.unread.start;
                self.incoming.copy_within(from + 4..self.unread.end, from);
                self.unread.end -= 4;
                self.unread.start += length;
            } else {
                self.unread.start += 4 + length;
            }
            body = if known > 0 { start..start + known + length } else { start + 4..start + 4 + length };
            if length < FULL {
                return Ok((body, first, number));
            }
        }
    }

    fn read_header(&mut self, known: usize) -> Result<(usize, u8)> {
        self.fill(known, 4)?;
        let at = self.unread.start;
        let [low, middle, high, number] = self.incoming[at..at + 4].try_into().expect("four bytes");
        Ok((u32::from_le_bytes([low, middle, high, 0]) as usize, number))
    }

    /// Reads until this number of unread bytes is in the buffer, which grows with what has arrived, not with
    /// what was announced. The `known` bytes before them are kept.
    fn fill(&mut self, known: usize, length: usize) -> Result<()> {
        while self.unread.len() < length {
            let begin = self.unread.start - known;
            if begin > 0 && (self.unread.is_empty() && known == 0 || self.unread.end == self.incoming.len()) {
                self.incoming.copy_within(begin..self.unread.end, 0);
                self.unread = self.unread.start - begin..self.unread.end - begin;
            }
            if self.unread.end == self.incoming.len() {
                self.incoming.resize(self.incoming.len() * 2, 0);
            }
            let read = loop {
                match self.stream.read(&mut self.incoming[self.unread.end..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.unread.end += read;
            if self.unread.end == self.incoming.len() && self.incoming.len() < READ_AHEAD {
                self.incoming.resize(self.incoming.len() * 2, 0);
            }
        }
        Ok(())
    }
}
