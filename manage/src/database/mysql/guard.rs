//! Checks the packets of a MySQL server before the driver reads them.
//!
//! The driver trusts the server's numbers. It reserves memory for as many columns as a result announces,
//! which aborts the process if the number is too large, and it reads the first byte of empty packets. So this
//! module checks the lengths and the order of the packets. The driver checks the contents of rows.

use std::fmt;

/// A packet of this length continues in the next packet.
pub(super) const FULL: usize = 0xff_ff_ff;

/// The number of bytes that identify a packet: the status flags of an OK packet lie within them.
pub(super) const HEAD: usize = 24;

/// The maximum number of columns or parameters of a statement.
pub(super) const COLUMNS: u64 = 65_535;

/// The flag of a result after which another one follows.
const MORE_RESULTS: u16 = 0x0008;

/// The limits while only this crate's own statements run, whose answers are small. The longest has two rows for each
/// migration, and a row takes some 300 bytes of memory.
pub(super) const STRICT: Limits = Limits { columns: 64, packet: 1 << 16, packets: 16_000, bytes: 2 << 20 };

pub(super) struct Limits {
    pub(super) columns: u64,
    pub(super) packet: usize,
    pub(super) packets: usize,
    pub(super) bytes: usize,
}

/// The reason for closing a session: the server's violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Empty,
    Unasked,
    TooManyColumns,
    TooMuch,
    AsksForFile,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it sent an empty packet",
            Self::Unasked => "it answered before it was asked",
            Self::TooManyColumns => "it announced more columns than any result has",
            Self::TooMuch => "its answer is far longer than any to this query",
            Self::AsksForFile => "it asked for a file of this machine",
        })
    }
}

/// The packets that the server may send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing, until a command is sent.
    Nothing,
    /// One packet of any kind.
    Any,
    /// The answer to the preparation of a statement.
    Prepared,
    /// The first packet of a result.
    Result,
    /// This number of packets that describe columns or parameters, and then rows, or nothing.
    Definitions {
        left: u64,
        rows: bool,
    },
    Rows,
}

/// Observes both directions of a session.
pub(super) struct Guard {
    next: Next,
    /// Whether results lack the EOF packet that older servers send after the columns.
    deprecates_eof: bool,
    to_server: Frames,
    to_driver: Frames,
    packets: usize,
    bytes: usize,
}

impl Guard {
    pub(super) fn new(deprecates_eof: bool) -> Self {
        Self {
            next: Next::Nothing,
            deprecates_eof,
            to_server: Frames::default(),
            to_driver: Frames::default(),
            packets: 0,
            bytes: 0,
        }
    }

    /// Reads bytes from the driver.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        let (next, received, packets) = (&mut self.next, &mut self.bytes, &mut self.packets);
        let _ = self.to_server.read(bytes, |head, _, number| {
            // A command begins with packet number 0. Other packets continue a long one.
            if number == 0 {
                (*received, *packets) = (0, 0);
                *next = match head.first() {
                    // The server does not answer the closing of a session or a statement, or a part of a
                    // value.
                    Some(0x01 | 0x18 | 0x19) | None => Next::Nothing,
                    Some(0x03 | 0x17) => Next::Result,
                    Some(0x16) => Next::Prepared,
                    Some(_) => Next::Any,
                };
            }
            Ok(())
        });
    }

    /// Reads bytes from the server, and fails on the first violation. `strict` means that only this crate's
    /// own statements run.
    pub(super) fn received(&mut self, bytes: &[u8], strict: bool) -> Result<(), Refusal> {
        if strict {
            self.bytes += bytes.len();
            if self.bytes > STRICT.bytes {
                return Err(Refusal::TooMuch);
            }
        }
        let (next, packets, deprecates_eof) = (&mut self.next, &mut self.packets, self.deprecates_eof);
        self.to_driver.read(bytes, |head, length, _| {
            if strict {
                *packets += 1;
                if *packets > STRICT.packets || length > STRICT.packet {
                    return Err(Refusal::TooMuch);
                }
            }
            let limit = if strict { STRICT.columns } else { COLUMNS };
            *next = next.after(head, length, deprecates_eof, limit)?;
            Ok(())
        })
    }
}

impl Next {
    /// Returns the state after a packet that begins with `head`.
    pub(super) fn after(
        self,
        head: &[u8],
        length: usize,
        deprecates_eof: bool,
        limit: u64,
    ) -> Result<Self, Refusal> {
        let first = *head.first().ok_or(Refusal::Empty)?;
        if first == 0xff {
            // MariaDB reports the progress of a statement as an error without a number.
            let is_progress = head.get(1..3) == Some(&[0xff, 0xff]);
            return Ok(if is_progress { self } else { Self::Nothing });
        }
        let defined = |rows| if rows { Self::Rows } else { Self::Nothing };
        Ok(match self {
            // Except for an error, by which a server may end the session at any time, no packet is expected.
            Self::Nothing => return Err(Refusal::Unasked),
            Self::Any => Self::Nothing,
            Self::Prepared => {
                let count = |at: usize| {
                    let bytes = head.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
                    bytes.map_or(0, |bytes| u64::from(u16::from_le_bytes(bytes)))
                };
                let (columns, parameters) = (count(5), count(7));
                if columns.max(parameters) > limit {
                    return Err(Refusal::TooManyColumns);
                }
                let ends = if deprecates_eof { 0 } else { columns.min(1) + parameters.min(1) };
                match columns + parameters + ends {
                    0 => Self::Nothing,
                    left => Self::Definitions { left, rows: false },
                }
            }
            Self::Result if first == 0x00 => Self::behind(ok_status(head)),
            // The server requests a file, which the driver does not send.
            Self::Result if first == 0xfb => Self::Any,
            Self::Result => {
                let columns = length_encoded(head).map_or(u64::MAX, |(count, _)| count);
                if columns > limit {
                    return Err(Refusal::TooManyColumns);
                }
                Self::Definitions { left: columns + u64::from(!deprecates_eof), rows: true }
            }
            Self::Definitions { left: 0 | 1, rows } => defined(rows),
            Self::Definitions { left, rows } => Self::Definitions { left: left - 1, rows },
            Self::Rows => match self.end(head, length, deprecates_eof) {
                Some(status) => Self::behind(status),
                None => Self::Rows,
            },
        })
    }

    /// Returns the status flags of a packet that ends a result, if it is one and has them.
    pub(super) fn end(self, head: &[u8], length: usize, deprecates_eof: bool) -> Option<Option<u16>> {
        let first = *head.first()?;
        match self {
            Self::Result if first == 0x00 => Some(ok_status(head)),
            Self::Rows if first == 0xfe && length < if deprecates_eof { FULL } else { 8 } => {
                Some(if deprecates_eof { ok_status(head) } else { status(head, 3) })
            }
            _ => None,
        }
    }

    /// Returns the state after the end of a result with these status flags.
    fn behind(status: Option<u16>) -> Self {
        match status {
            Some(status) if status & MORE_RESULTS == 0 => Self::Nothing,
            // If the driver interprets truncated flags differently, it gets at most one more result.
            _ => Self::Result,
        }
    }
}

/// Returns the status flags of an OK packet, which follow its kind and two numbers.
fn ok_status(head: &[u8]) -> Option<u16> {
    let (_, rows) = length_encoded(head.get(1..)?)?;
    let (_, id) = length_encoded(head.get(1 + rows..)?)?;
    status(head, 1 + rows + id)
}

fn status(head: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?))
}

/// Decodes a length-encoded integer, and returns it with the number of its bytes.
pub(super) fn length_encoded(bytes: &[u8]) -> Option<(u64, usize)> {
    let width = match *bytes.first()? {
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        0xfb | 0xff => return None,
        small => return Some((small.into(), 1)),
    };
    let bytes = bytes.get(1..=width)?;
    Some((bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)), 1 + width))
}

/// Splits a stream of bytes into packets.
#[derive(Default)]
struct Frames {
    /// The four bytes before a packet: its length and its number.
    header: [u8; 4],
    known: usize,
    /// The number of bytes of the packet that have not arrived yet.
    left: usize,
    length: usize,
    head: Vec<u8>,
    /// Whether the packet continues the previous one.
    continues: bool,
}

impl Frames {
    /// Calls a function for each packet as soon as its beginning has arrived, with that beginning, the length
    /// and the number.
    fn read(
        &mut self,
        mut bytes: &[u8],
        mut packet: impl FnMut(&[u8], usize, u8) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            if self.known < self.header.len() {
                let (header, rest) = bytes.split_at(bytes.len().min(self.header.len() - self.known));
                self.header[self.known..self.known + header.len()].copy_from_slice(header);
                self.known += header.len();
                bytes = rest;
                if self.known < self.header.len() {
                    break;
                }
                let [low, middle, high, _] = self.header;
                self.length = u32::from_le_bytes([low, middle, high, 0]) as usize;
                self.left = self.length;
                self.head.clear();
            }
            let (body, rest) = bytes.split_at(bytes.len().min(self.left));
            let enough = self.length.min(HEAD);
            let had = self.head.len();
            self.head.extend_from_slice(&body[..body.len().min(enough - had)]);
            bytes = rest;
            self.left -= body.len();
            // The call comes as soon as the beginning is complete, before the rest of the packet reaches the
            // driver.
            let is_new = self.head.len() == enough && (had < enough || enough == 0);
            if is_new && !self.continues {
                packet(&self.head, self.length, self.header[3])?;
            }
            if self.left == 0 {
                self.continues = self.length == FULL;
                self.known = 0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        let [low, middle, high, _] = u32::try_from(body.len()).expect("short").to_le_bytes();
        [&[low, middle, high, number][..], body].concat()
    }

    /// Sends a server's packets after one command, at once and byte by byte.
    fn answer(command: u8, packets: &[&[u8]], strict: bool) -> Result<(), Refusal> {
        let mut bytes = Vec::new();
        for (number, body) in (1..).zip(packets) {
            bytes.extend(packet(number, body));
        }
        let asked = || {
            let mut guard = Guard::new(true);
            guard.sent(&packet(0, &[command, b'x']));
            guard
        };
        let (mut whole, mut pieces) = (asked(), asked());
        let result = whole.received(&bytes, strict);
        let piecewise = bytes.chunks(1).try_for_each(|byte| pieces.received(byte, strict));
        assert_eq!(result, piecewise);
        result
    }

    const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
    const END: &[u8] = &[0xfe, 0, 0, 2, 0, 0, 0];
    const COLUMN: &[u8] = b"\x03def and so on";

    #[test]
    fn answers_of_every_kind_pass() {
        for strict in [true, false] {
            assert_eq!(answer(3, &[OK], strict), Ok(()));
            assert_eq!(answer(3, &[b"\xff\x15\x04#28000no"], strict), Ok(()));
            assert_eq!(answer(3, &[b"\xff\xff\xff\x01", OK], strict), Ok(()));
            assert_eq!(answer(3, &[&[1], COLUMN, b"\x01a", b"\xfb", END], strict), Ok(()));
            assert_eq!(answer(3, &[&[0, 0, 0, 8, 0, 0, 0], &[1], COLUMN, END], strict), Ok(()));
            let prepared = [0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0];
            assert_eq!(answer(0x16, &[&prepared, COLUMN, COLUMN, COLUMN], strict), Ok(()));
            assert_eq!(answer(0x0e, &[OK], strict), Ok(()));
        }
    }

    #[test]
    fn what_no_driver_should_see_is_refused() {
        for strict in [true, false] {
            let many = b"\xfe\xff\xff\xff\xff\x00\x00\x00\x00";
            assert_eq!(answer(3, &[many], strict), Err(Refusal::TooManyColumns));
            assert_eq!(answer(3, &[&[0, 0, 0, 8, 0, 0, 0], many], strict), Err(Refusal::TooManyColumns));
            assert_eq!(answer(3, &[b""], strict), Err(Refusal::Empty));
            assert_eq!(answer(3, &[&[1], COLUMN, b""], strict), Err(Refusal::Empty));
            assert_eq!(answer(3, &[OK, many], strict), Err(Refusal::Unasked));
            assert_eq!(answer(0x19, &[OK], strict), Err(Refusal::Unasked));
        }
        assert_eq!(answer(3, &[b"\xfc\x00\x01"], false), Ok(()));
        assert_eq!(answer(3, &[b"\xfc\x00\x01"], true), Err(Refusal::TooManyColumns));
    }

    #[test]
    fn our_own_statements_have_short_answers() {
        let row = packet(3, b"\x01a");
        let mut guard = Guard::new(true);
        guard.sent(&packet(0, b"\x03SELECT"));
        let mut endless = guard.received(&[packet(1, &[1]), packet(2, COLUMN)].concat(), true);
        let mut rows = 0;
        while endless.is_ok() {
            endless = guard.received(&row, true);
            rows += 1;
        }
        assert_eq!((endless, rows), (Err(Refusal::TooMuch), STRICT.packets - 1));
        let mut guard = Guard::new(true);
        guard.sent(&packet(0, b"\x03SELECT"));
        assert_eq!(guard.received(&[0xff, 0xff, 0xff, 1, 3], true), Ok(()));
        assert_eq!(guard.received(&[0; HEAD], true), Err(Refusal::TooMuch));
    }

    #[test]
    fn a_long_packet_is_one_and_its_rest_none() {
        let mut guard = Guard::new(true);
        guard.sent(&packet(0, b"\x03SELECT"));
        guard.received(&[packet(1, &[1]), packet(2, COLUMN)].concat(), false).expect("a column");
        guard.received(&[0xff, 0xff, 0xff, 3], false).expect("a row");
        guard.received(&vec![0xfd; FULL], false).expect("its first part");
        // The empty packet ends the long one.
        guard.received(&packet(4, b""), false).expect("its end");
        guard.received(&packet(5, END), false).expect("the end");
        assert_eq!(guard.next, Next::Nothing);
    }
}
