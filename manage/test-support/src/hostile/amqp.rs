//! Attacks on clients of AMQP 0-9-1, after their protocol header.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::case::cases;
use super::{Attack, Connection};

cases! {
    /// What a hostile broker does.
    pub enum Case {
        /// Announces a frame of 2 GiB, and sends it.
        HugeFrame = "huge-frame",
        /// Announces a frame of 4 GiB.
        NegativeLength = "negative-length",
        /// Announces the longest frame that a client takes, and sends it one byte a second.
        Drip = "drip",
        /// Sends frames of no length without end.
        EmptyFrames = "empty-frames",
        /// Sends heartbeats without end.
        Heartbeats = "heartbeats",
        /// Answers the start with a frame that is too short for its method.
        ShortFrame = "short-frame",
        /// Sends bytes that mean nothing, without end.
        Garbage = "garbage",
    }
}

impl Attack for Case {
    fn url(self, port: u16) -> String {
        format!("amqp://app:hostile-Passw0rd@127.0.0.1:{port}/%2f")
    }

    fn serve(self, connection: &mut Connection) -> io::Result<()> {
        let _ = connection.read(&mut [0; 8])?;
        match self {
            Self::HugeFrame => {
                connection.write_all(&[1, 0, 0, 0x7f, 0xff, 0xff, 0xff])?;
                connection.flood(b"\0\x0a\0\x0a")
            }
            Self::NegativeLength => {
                connection.write_all(&[1, 0, 0, 0xff, 0xff, 0xff, 0xff])?;
                connection.flood(b"\0\x0a\0\x0a")
            }
            Self::Drip => {
                connection.write_all(&[1, 0, 0, 0, 1, 0xff, 0xff])?;
                connection.drip(b"\0\x0a\0\x0a", Duration::from_secs(1))
            }
            Self::EmptyFrames => connection.flood(&[1, 0, 0, 0, 0, 0, 0, 0xce]),
            Self::Heartbeats => connection.flood(&[8, 0, 0, 0, 0, 0, 0, 0xce]),
            Self::ShortFrame => {
                connection.write_all(&[1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 50, 0xce])?;
                connection.listen()
            }
            Self::Garbage => connection.flood(b"\xff\x00\x1b]0;mine\x07\x80"),
        }
    }
}
