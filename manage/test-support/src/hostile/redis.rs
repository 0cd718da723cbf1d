//! Attacks on clients of Redis. None of them depends on what a client sends.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::case::cases;
use super::{Attack, Connection};

cases! {
    /// What a hostile Redis server does.
    pub enum Case {
        /// Answers a command with a simple string that has no end.
        EndlessLine = "endless-line",
        /// Answers a command with an error that has no end.
        EndlessError = "endless-error",
        /// Announces a string of 2 GiB, and sends it.
        HugeString = "huge-string",
        /// Announces an array of two thousand million elements, and sends them.
        HugeArray = "huge-array",
        /// Announces a string of negative length.
        NegativeLength = "negative-length",
        /// Answers one byte a second, without end.
        Drip = "drip",
        /// Never answers, and reads what it is sent.
        Silence = "silence",
    }
}

impl Attack for Case {
    fn url(self, port: u16) -> String {
        format!("redis://app:hostile-Passw0rd@127.0.0.1:{port}/0")
    }

    fn serve(self, connection: &mut Connection) -> io::Result<()> {
        if self == Self::Silence {
            return connection.listen();
        }
        let _ = connection.read(&mut [0; 1024])?;
        match self {
            Self::EndlessLine => {
                connection.write_all(b"+")?;
                connection.flood(b"O")
            }
            Self::EndlessError => {
                connection.write_all(b"-ERR ")?;
                connection.flood(b"E")
            }
            Self::HugeString => {
                connection.write_all(b"$2147483647\r\n")?;
                connection.flood(b"x")
            }
            Self::HugeArray => {
                connection.write_all(b"*2147483647\r\n")?;
                connection.flood(b"*2147483647\r\n")
            }
            Self::NegativeLength => {
                connection.write_all(b"$-2147483648\r\n\r\n*-9223372036854775808\r\n")?;
                connection.listen()
            }
            Self::Drip => connection.drip(b"+", Duration::from_secs(1)),
            Self::Silence => Ok(()),
        }
    }
}
