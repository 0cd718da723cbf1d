//! The messages of a server that answer a statement.

use std::io;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};

use super::row::Columns;

/// The size of a message header: a type, and a length that includes itself.
const HEADER: usize = 5;

/// What the server answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// It parsed a statement.
    Parsed,
    /// It accepted a statement's parameters. What follows is the execution.
    Bound,
    Columns(Arc<Columns>),
    Row(Bytes),
    /// A statement completed with this number of rows.
    Complete(u64),
    /// A statement failed: the fields of the error.
    Failed(Bytes),
    /// It expects the data of a COPY.
    CopyIn,
    /// It sends the data of a COPY, which is discarded.
    CopyOut,
    /// It is ready for the next statement, in this state.
    Ready(SessionState),
}

/// The state of a session between two statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionState {
    /// No transaction is open.
    Idle,
    Transaction,
    /// The open transaction can only be rolled back.
    Failed,
}

/// Takes the next answer out of the received bytes. `None` if it is not complete.
pub(super) fn take(input: &mut BytesMut) -> io::Result<Option<Answer>> {
    loop {
        let Some([kind, length @ ..]) = input.first_chunk::<HEADER>() else { return Ok(None) };
        let (kind, length) = (*kind, u32::from_be_bytes(*length) as usize);
        let body = length.checked_sub(4).ok_or_else(invalid)?;
        if input.len() - HEADER < body {
            return Ok(None);
        }
        let answer = match kind {
            b'D' => Some(Answer::Row(taken(input, body))),
            b'E' => Some(Answer::Failed(taken(input, body))),
            _ => {
                let answer = answer(kind, &input[HEADER..HEADER + body])?;
                input.advance(HEADER + body);
                answer
            }
        };
        if answer.is_some() {
            return Ok(answer);
        }
    }
}

/// Takes the body of the first message.
fn taken(input: &mut BytesMut, body: usize) -> Bytes {
    let mut message = input.split_to(HEADER + body);
    message.advance(HEADER);
    message.freeze()
}

/// Returns the number of bytes that the first message still lacks.
pub(super) fn missing(input: &[u8]) -> usize {
    let Some([_, length @ ..]) = input.first_chunk::<HEADER>() else { return HEADER };
    (u32::from_be_bytes(*length) as usize + 1).saturating_sub(input.len())
}

/// Parses a message. `None` for one that needs no attention.
fn answer(kind: u8, body: &[u8]) -> io::Result<Option<Answer>> {
    Ok(Some(match kind {
        b'1' => Answer::Parsed,
        b'2' => Answer::Bound,
        b'T' => Answer::Columns(Arc::new(Columns::parse(body)?)),
        b'n' => Answer::Columns(Arc::default()),
        b'C' => Answer::Complete(rows(body)),
        b'I' => Answer::Complete(0),
        b'G' => Answer::CopyIn,
        b'H' => Answer::CopyOut,
        b'Z' => Answer::Ready(match body {
            b"I" => SessionState::Idle,
            b"T" => SessionState::Transaction,
            b"E" => SessionState::Failed,
            _ => return Err(invalid()),
        }),
        // A closed statement, parameters, a suspended portal; a notice, a notification, a setting; the data
        // of a COPY and its end.
        b'3' | b't' | b's' | b'N' | b'A' | b'S' | b'd' | b'c' => return Ok(None),
        _ => return Err(invalid()),
    }))
}

/// Returns the number at the end of a command tag, such as `INSERT 0 12`.
fn rows(tag: &[u8]) -> u64 {
    let tag = tag.strip_suffix(&[0]).unwrap_or(tag);
    let last = tag.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    std::str::from_utf8(last).ok().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn invalid() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the server sent a message that the protocol does not allow there",
    )
}

#[cfg(test)]
#[path = "answers_fuzz.rs"]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    #[test]
    fn answers_are_taken_one_by_one_as_they_arrive() {
        let bytes = [
            message(b'2', b""),
            message(b'N', b"a notice"),
            message(b'D', b"row"),
            message(b'C', b"SELECT 7\0"),
        ]
        .concat();
        let mut input = BytesMut::new();
        let mut answers = Vec::new();
        for byte in bytes {
            input.extend([byte]);
            answers.extend(take(&mut input).expect("valid"));
        }
        assert!(input.is_empty());
        let [Answer::Bound, Answer::Row(row), Answer::Complete(7)] = answers.as_slice() else {
            panic!("{answers:?}")
        };
        assert_eq!(row.as_ref(), b"row");
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for bytes in [&[b'Z', 0, 0, 0, 3][..], &[b'Z', 0, 0, 0, 5, b'X'], &[b'R', 0, 0, 0, 4]] {
            assert!(take(&mut BytesMut::from(bytes)).is_err(), "{bytes:?}");
        }
        assert_eq!(missing(&[b'D', 0, 0, 0, 10, 1, 2]), 4);
        assert_eq!(rows(b"CREATE TABLE\0"), 0);
        assert_eq!(rows(b"INSERT 0 12\0"), 12);
    }
}
