//! Properties of whatever a server sends: an error or a result, never a panic, and no memory for what has only
//! been announced.

use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;

use manage_test_support::fuzz::Fuzz;
use manage_test_support::fuzz::proptest::collection::vec;
use manage_test_support::fuzz::proptest::prelude::*;

use super::channel::Flags;
use super::row::Values;
use super::session::{Answer, Session};
use super::stream::{Blocking, Stream};

/// Packets that a server sends, and their beginnings.
const PACKETS: &[&[u8]] = &[
    &[0, 0, 0, 2, 0, 0, 0],
    &[0, 0, 0, 10, 0, 0, 0],
    &[0xfe, 0, 0, 2, 0, 0, 0],
    &[0xfe, 0, 0, 10, 0, 0, 0],
    b"\xff\x15\x04#28000no",
    b"\xff\xff\xff\x01",
    &[1],
    &[2],
    &[0xfc, 0xff, 0xff],
    &[0xfe, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    &[0xfb, b'x'],
    &[0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0],
    &[0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    b"\x03def\0\0\0\x01a\0\x0c\x2d\0\0\0\0\0\x03\0\0\0\0\0",
    b"\x03def\0\0\0\x01a\0\x0c\x2d\0\0\0\0\0\x0c\0\0\0\0\0",
    b"\x03def\0\0\0\x01a\0\x0c\x2d\0\0\0\0\0\x0b\0\0\0\0\0",
    b"\x03def\0\0\0\x01a\0\x0c\x2d\0\0\0\0\0\xfd\0\0\0\0\0",
    b"\x03def\0\0\0\x01a\0\x0c\x2d\0\0\0\0\0\xff\0\0\0\0\0",
    &[0, 0, 1, 2, 3, 4],
    &[0, 4],
    &[0, 0, 11, 0xea, 7, 11, 26, 9, 8, 7, 1, 0, 0, 0],
    &[0, 0, 0xfd, 0xff, 0xff, 0xff],
    b"\x01a",
];

/// A packet, perhaps with a change.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let changed = (prop::sample::select(PACKETS), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(packet, at, byte)| {
            let mut packet = packet.to_vec();
            let at = at.index(packet.len());
            packet[at] = byte;
            packet
        },
    );
    prop_oneof![
        6 => prop::sample::select(PACKETS).prop_map(<[u8]>::to_vec),
        3 => changed,
        1 => vec(any::<u8>(), 0..40),
    ]
}

/// The answers to one command after another, each with its own numbers, and perhaps something odd at the end.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let answer = vec(packet(), 1..8).prop_map(|packets| {
        let framed = (1..).zip(packets).flat_map(|(number, body)| {
            let length = u32::try_from(body.len()).expect("short").to_le_bytes();
            [&length[..3], &[number], &body[..]].concat()
        });
        framed.collect::<Vec<u8>>()
    });
    (vec(answer, 1..4), vec(any::<u8>(), 0..6)).prop_map(|(answers, odd)| [answers.concat(), odd].concat())
}

fn session(bytes: &[u8], is_strict: bool) -> (Session, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
    theirs.write_all(bytes).expect("a short text");
    theirs.shutdown(Shutdown::Write).expect("an end");
    let flags = Arc::new(Flags { is_strict: is_strict.into(), ..Flags::default() });
    (Session::new(Stream::new(Blocking::Unix(ours), None), flags, true), theirs)
}

/// Runs statements of each kind, as long as the session lasts.
fn use_it(session: &mut Session) {
    let _ = session.texts("SELECT 1");
    if let Ok(statement) = session.prepare("SELECT 1")
        && let Ok(Answer::Rows(columns)) = session.execute(statement, &super::values::Values::none())
    {
        let mut values = Rc::new(Values::default());
        while let Ok(Some(())) = session
            .next_row(|packet| Rc::get_mut(&mut values).expect("nobody else has it").read(packet, &columns))
        {
        }
    }
    let _ = session.run("SELECT 1; SELECT 2");
}

#[test]
fn whatever_a_server_sends_is_a_result_or_an_error() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "mysql_answers");
    target.bytes(answers(), |bytes| {
        for is_strict in [true, false] {
            let (mut session, _theirs) = session(bytes, is_strict);
            use_it(&mut session);
            let most = 64 * 1024;
            if session.buffered() > most {
                return Err(format!("{} bytes for {}", session.buffered(), bytes.len()));
            }
        }
        Ok(())
    });
}
