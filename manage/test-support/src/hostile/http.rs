//! Attacks on clients of HTTP, after their first bytes.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::case::cases;
use super::{Attack, Connection};

cases! {
    /// What a hostile HTTP server does.
    pub enum Case {
        /// Sends a status line that has no end.
        EndlessStatus = "endless-status",
        /// Sends interim answers without end.
        EndlessInterim = "endless-interim",
        /// Sends an interim answer with headers without end.
        EndlessHeaders = "endless-headers",
        /// Sends an interim answer with one header that has no end.
        EndlessHeader = "endless-header",
        /// Sends a body that has no end.
        EndlessBody = "endless-body",
        /// Sends chunks without end.
        EndlessChunks = "endless-chunks",
        /// Announces a chunk of 2^64 bytes.
        HugeChunk = "huge-chunk",
        /// Announces a body of negative length.
        NegativeLength = "negative-length",
        /// Sends a body of zeros that says it is compressed by gzip.
        Compressed = "compressed",
        /// Sends headers of an interim answer, one byte a second.
        DripHeaders = "drip-headers",
        /// Sends bytes that mean nothing.
        Garbage = "garbage",
        /// Never answers, and reads what it is sent.
        Silence = "silence",
    }
}

impl Attack for Case {
    fn url(self, port: u16) -> String {
        format!("http://app:hostile-Passw0rd@127.0.0.1:{port}/health")
    }

    fn serve(self, connection: &mut Connection) -> io::Result<()> {
        if self == Self::Silence {
            return connection.listen();
        }
        let _ = connection.read(&mut [0; 4096])?;
        let (first, then): (&str, &[u8]) = match self {
            Self::EndlessStatus => ("HTTP/1.1 200 ", b"O"),
            Self::EndlessInterim => ("", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            Self::EndlessHeaders => ("HTTP/1.1 103 Early Hints\r\n", b"Link: </style.css>; rel=preload\r\n"),
            Self::EndlessHeader => ("HTTP/1.1 103 Early Hints\r\nLink: ", b"x"),
            Self::EndlessBody => ("HTTP/1.1 200 OK\r\n\r\n", b"x"),
            Self::EndlessChunks => ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
            Self::HugeChunk => {
                ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"x")
            }
            Self::NegativeLength => ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"x"),
            Self::Compressed => {
                ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f", b"\x8b\x08\0\0\0\0")
            }
            Self::Garbage => ("\x16\x03\x01", b"\xff\x00\x1b]0;mine\x07\x80"),
            Self::DripHeaders | Self::Silence => ("HTTP/1.1 103 Early Hints\r\nLink: ", b""),
        };
        connection.write_all(first.as_bytes())?;
        if self == Self::DripHeaders {
            return connection.drip(b"x", Duration::from_secs(1));
        }
        connection.flood(then)
    }
}
