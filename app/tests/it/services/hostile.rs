//! Databases whose words a terminal would obey: nothing of them is printed as it is. Of what other services
//! say no word is shown.

use std::io::{Read, Write};
use std::net::TcpStream;

use manage_test_support::{Program, Transcript, case};

use super::{LONG, serve, until_gone};

/// A title for the terminal, a C1 escape, a change of direction, and what would write over the line.
const WORDS: &str = "\u{1b}]0;mine\u{7}\u{9b}31m\u{202e}live\rover";

/// An error has no control characters of its own; the rest is escaped where it is printed.
const SHOWN: &str = r"]0;mine 31m\u{202e}live over";

#[track_caller]
fn is_clean(transcript: &Transcript) {
    let text = transcript.to_string();
    let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(raw), "{text:?}");
}

#[track_caller]
fn is_shown(transcript: Transcript) {
    is_clean(&transcript);
    assert!(transcript.to_string().contains(SHOWN), "{transcript}");
}

/// As JSON the value is the same, and the text as clean.
#[track_caller]
fn is_in_json(transcript: &Transcript) {
    is_clean(transcript);
    let messages = transcript.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let mut messages =
        messages.filter_map(|event: serde_json::Value| Some(event["message"].as_str()?.to_owned()));
    assert!(messages.any(|message| message.contains("31m\u{202e}live over")), "{transcript}");
}

const OPTIONS: [&str; 4] = ["--timeout", "1", "--fail-fast-after", "0"];

fn manage(url: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_manage")).cwd(std::env::temp_dir()).env("DATABASE_URL", url)
}

#[track_caller]
fn every_command_escapes(url: &str) {
    is_shown(manage(url).arg("wait_for_db").args(OPTIONS).run(LONG));
    is_in_json(&manage(url).arg("wait_for_db").args(OPTIONS).args(["--format", "json"]).run(LONG));
    is_shown(manage(url).args(["wait_for_db", "--once"]).run(LONG));
    is_shown(manage(url).arg("showmigrations").run(LONG).expect_code(1));
    is_shown(manage(url).arg("delete_drafts").run(LONG).expect_code(1));
}

#[case]
fn postgres() {
    let port = serve("127.0.0.1", |mut stream: TcpStream| {
        // The startup message.
        let mut length = [0; 4];
        if stream.read_exact(&mut length).is_err() {
            return;
        }
        let mut rest = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4).min(10_000)];
        let _ = stream.read_exact(&mut rest);
        let fields = format!("SFATAL\0VFATAL\0C53300\0M{WORDS}\0\0");
        let _ = stream.write_all(b"E");
        let _ = stream.write_all(&u32::try_from(fields.len() + 4).expect("a length").to_be_bytes());
        let _ = stream.write_all(fields.as_bytes());
        until_gone(&mut stream);
    });
    every_command_escapes(&format!("postgres://app@127.0.0.1:{port}/app?sslmode=disable"));
}

#[cfg(feature = "mysql")]
#[case]
fn mysql() {
    let port = serve("127.0.0.1", |mut stream| {
        let mut packet = vec![0xff, 0x10, 0x04];
        packet.extend(b"#08004");
        packet.extend(WORDS.as_bytes());
        let length = u32::try_from(packet.len()).expect("a length").to_le_bytes();
        let _ = stream.write_all(&[length[0], length[1], length[2], 0]);
        let _ = stream.write_all(&packet);
        until_gone(&mut stream);
    });
    every_command_escapes(&format!("mysql://app@127.0.0.1:{port}/app?sslmode=disable"));
}
