//! Attacks on clients of MySQL and MariaDB: during the log-in, and in the answers to queries.

mod packets;

use std::io;
use std::time::Duration;

use super::case::cases;
use super::{Attack, Connection};
use packets::*;

cases! {
    /// What a hostile MySQL server does.
    pub enum Case {
        /// Offers no TLS, asks for the password itself with a key of its own, and reads it.
        ReadPassword = "read-password",
        /// The same by a request to log in by `caching_sha2_password` instead of `mysql_native_password`.
        SwitchAndReadPassword = "switch-and-read-password",
        /// Asks for the password in clear text, by `mysql_clear_password`.
        AskCleartext = "ask-cleartext",
        /// Asks for the password in clear text, by MariaDB's `dialog`.
        AskDialog = "ask-dialog",
        /// Asks for the password hashed as before MySQL 4.1.
        AskOldHash = "ask-old-hash",
        /// Asks for the password itself, and sends an empty packet instead of a key.
        EmptyKey = "empty-key",
        /// Asks for the password itself, with a key that is no PEM.
        KeyIsNoPem = "key-is-no-pem",
        /// Asks for the password itself, with a key in PEM that is no DER.
        KeyIsNoDer = "key-is-no-der",
        /// Asks for the password itself, with a key of 512 bits, which no password fits into.
        KeyIsSmall = "key-is-small",
        /// Asks for the password itself, with a key of 60 KiB.
        KeyIsHuge = "key-is-huge",
        /// Asks to log in by `caching_sha2_password` without a challenge, and then for the password itself.
        EmptyChallenge = "empty-challenge",
        /// Asks again and again to log in by another plugin.
        EndlessSwitches = "endless-switches",
        /// Says without end that the password is known.
        EndlessFastAuthentication = "endless-fast-authentication",
        /// Begins with an empty packet.
        EmptyGreeting = "empty-greeting",
        /// Begins with a packet of 16 MiB that goes on without end.
        HugeGreeting = "huge-greeting",
        /// Greets byte by byte, one a second.
        DripGreeting = "drip-greeting",
        /// Has a version whose digits are not those of ASCII.
        OddDigits = "odd-digits",
        /// Refuses the log-in with an error of 16 MiB.
        HugeError = "huge-error",
        /// Offers TLS, and sends records without end.
        TlsNoise = "tls-noise",
        /// Has a limit for packets that is no number.
        VariableIsNoNumber = "variable-is-no-number",
        /// Answers the first statement of a session with 2^40 columns.
        SetupHugeColumnCount = "setup-huge-column-count",
        /// Answers a query with 2^40 columns.
        HugeColumnCount = "huge-column-count",
        /// Answers a query with a second result of 2^40 columns.
        HugeSecondResult = "huge-second-result",
        /// Answers a query with 65535 columns with long names.
        ManyColumns = "many-columns",
        /// Answers a query with rows without end.
        EndlessRows = "endless-rows",
        /// Answers a query with rows of a megabyte without end.
        EndlessLongRows = "endless-long-rows",
        /// Answers a query with results without end.
        EndlessResults = "endless-results",
        /// Answers a query with reports of progress without end.
        EndlessProgress = "endless-progress",
        /// Answers a query with a row of 16 MiB that goes on without end.
        HugeRow = "huge-row",
        /// Answers a query with an empty packet among the rows.
        EmptyRow = "empty-row",
        /// Answers a query with an empty packet.
        EmptyAnswer = "empty-answer",
        /// Answers a query with a row whose value is longer than the row.
        ShortRow = "short-row",
        /// Answers a query with a column of a type that queries cannot have.
        OddType = "odd-type",
        /// Answers a query with a column whose description is cut off.
        ShortColumn = "short-column",
        /// Answers a query, and the next one before it is sent.
        AnswersAhead = "answers-ahead",
        /// Asks for a file of the client's machine instead of answering a query.
        AskFile = "ask-file",
        /// Answers a statement that is prepared with more parameters than it has.
        OddParameters = "odd-parameters",
        /// Never answers a query.
        Silence = "silence",
        /// Behaves.
        Honest = "honest",
    }
}

/// The columns of the query for the migrations that are applied.
const JOURNAL: [&str; 11] = [
    "version",
    "run_on",
    "direction",
    "state",
    "name",
    "checksum",
    "text_hash",
    "statements",
    "statement",
    "done_checksum",
    "begun_checksum",
];

/// The user's password in the URL of every case.
pub const PASSWORD: &str = "hostile-Passw0rd-of-many-letters";

const SMALL_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJvghG0Vyn5buQPP6hYDYDAHYPkGHrCd\n\
    upvK4Hpkm7RceDwLJGzkR5A42So+TuKF2KTXLO+YUgn/rX3moHdbowMCAwEAAQ==\n\
    -----END PUBLIC KEY-----\n";

impl Attack for Case {
    fn url(self, port: u16) -> String {
        let mode = if self == Self::TlsNoise { "REQUIRED" } else { "PREFERRED" };
        format!("mysql://app:{PASSWORD}@127.0.0.1:{port}/app?ssl-mode={mode}")
    }

    fn serve(self, connection: &mut Connection) -> io::Result<()> {
        let mut server = Server { connection, number: 0 };
        self.log_in(&mut server)?;
        self.answer_all(&mut server)
    }
}

impl Case {
    fn log_in(self, server: &mut Server<'_>) -> io::Result<()> {
        match self {
            Self::EmptyGreeting => server.send(b"")?,
            Self::HugeGreeting => return server.huge(b"\x0a8.0.40"),
            Self::DripGreeting => {
                let greeting = greeting("8.0.40", SHA2, false);
                return server.connection.drip(&packet(0, &greeting), Duration::from_secs(1));
            }
            Self::OddDigits => server.send(&greeting("\u{661}.\u{661}.\u{661}", NATIVE, false))?,
            Self::TlsNoise => {
                server.send(&greeting("8.0.40", SHA2, true))?;
                server.receive()?;
                return server.connection.flood(&[22, 3, 3, 0, 4, 0, 0, 0, 0]);
            }
            Self::SwitchAndReadPassword => server.send(&greeting("5.7.44", NATIVE, false))?,
            _ => server.send(&greeting("8.0.40", SHA2, false))?,
        }
        server.receive()?;
        let switch = |plugin: &str, nonce: &[u8]| [b"\xfe", plugin.as_bytes(), b"\0", nonce, b"\0"].concat();
        match self {
            Self::ReadPassword => server.read_password()?,
            Self::SwitchAndReadPassword => {
                server.send(&switch(SHA2, NONCE))?;
                server.receive()?;
                server.read_password()?;
            }
            Self::AskCleartext => server.ask(&switch("mysql_clear_password", b""))?,
            Self::AskDialog => server.ask(&switch("dialog", b"\x04Password: "))?,
            Self::AskOldHash => server.ask(&[0xfe])?,
            Self::EmptyKey => server.ask_with_key(b"")?,
            Self::KeyIsNoPem => server.ask_with_key(b"\x01no key at all")?,
            Self::KeyIsNoDer => {
                server.ask_with_key(b"\x01-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")?;
            }
            Self::KeyIsSmall => server.ask_with_key(&[b"\x01", SMALL_KEY.as_bytes()].concat())?,
            Self::KeyIsHuge => {
                let body = "A".repeat(60 << 10);
                let key = format!("\x01-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
                server.ask_with_key(key.as_bytes())?;
            }
            Self::EmptyChallenge => {
                server.ask(b"\xfecaching_sha2_password\0")?;
                server.ask_with_key(&[b"\x01", SMALL_KEY.as_bytes()].concat())?;
            }
            Self::EndlessSwitches => loop {
                server.ask(&switch(NATIVE, NONCE))?;
            },
            Self::EndlessFastAuthentication => loop {
                server.send(&[1, 3])?;
            },
            Self::HugeError => return server.huge(b"\xff\x10\x04#08004"),
            _ => {}
        }
        server.send(&ok(0))
    }

    fn answer_all(self, server: &mut Server<'_>) -> io::Result<()> {
        let mut prepared = Vec::new();
        loop {
            let command = server.receive()?;
            let (kind, text) = command.split_first().unwrap_or((&0x01, &[]));
            match kind {
                0x01 => return Ok(()),
                0x03 if self == Self::SetupHugeColumnCount && has(text, "SET ") => server.send(&COUNT)?,
                0x03 if returns_rows(text) => self.answer(server, text, false)?,
                0x03 => server.send(&ok(0))?,
                0x16 => {
                    prepared = text.to_vec();
                    let columns = u16::from(returns_rows(text));
                    let parameters = text.iter().filter(|byte| **byte == b'?').count() as u16;
                    let odd = if self == Self::OddParameters && columns > 0 { 0xffff } else { parameters };
                    let head = [&[0, 1, 0, 0, 0][..], &columns.to_le_bytes(), &odd.to_le_bytes()].concat();
                    server.send(&[&head[..], &[0, 0, 0]].concat())?;
                    for _ in 0..odd {
                        server.send(&column("?", TEXT))?;
                    }
                    for _ in 0..columns {
                        server.send(&column("text", TEXT))?;
                    }
                }
                0x17 if returns_rows(&prepared) => {
                    let text = prepared.clone();
                    self.answer(server, &text, true)?;
                }
                0x18 | 0x19 => {}
                _ => server.send(&ok(0))?,
            }
        }
    }

    /// Sends the answer to a query that returns rows.
    fn answer(self, server: &mut Server<'_>, text: &[u8], is_binary: bool) -> io::Result<()> {
        let row = |value: &[u8]| {
            let length = u8::try_from(value.len()).expect("a short value");
            let head = if is_binary { &[0, 0][..] } else { &[] };
            [head, &[length], value].concat()
        };
        if has(text, "@@") {
            let number = if self == Self::VariableIsNoNumber { &b"none"[..] } else { b"16777216" };
            server.columns(&[("a", TEXT), ("b", TEXT)])?;
            server.send(&[&row(number)[..], b"\x0528800"].concat())?;
            return server.send(&end(0));
        }
        // What leads to the query for the migrations that are applied: the lock is free, and their table is
        // there.
        if is_binary && has(text, "_LOCK(") {
            server.columns(&[("a", LONG)])?;
            server.send(&[0, 0, 1, 0, 0, 0])?;
            return server.send(&end(0));
        }
        if is_binary && has(text, "AS journals") {
            server.columns(&[("schema", TEXT), ("journals", LONGLONG)])?;
            server.send(&[&[0, 0, 1][..], b"a", &1_u64.to_le_bytes()].concat())?;
            return server.send(&end(0));
        }
        if is_binary && self == Self::EndlessRows && has(text, "text_hash") {
            server.columns(&JOURNAL.map(|name| (name, TEXT)))?;
            loop {
                // All but the first two are NULL.
                server.send(&[0, 0xf0, 0x1f, 1, b'1', 1, b'1'])?;
            }
        }
        match self {
            Self::HugeColumnCount => return server.send(&COUNT),
            Self::HugeSecondResult => {
                server.columns(&[("text", TEXT)])?;
                server.send(&end(MORE_RESULTS))?;
                return server.send(&COUNT);
            }
            Self::ManyColumns => {
                server.send(&[0xfc, 0xff, 0xff])?;
                let name = "c".repeat(200);
                for _ in 0..0xffff {
                    server.send(&column(&name, TEXT))?;
                }
                return server.send(&end(0));
            }
            Self::EmptyAnswer => return server.send(b""),
            Self::ShortColumn => {
                server.send(&[1])?;
                server.send(b"\x03def\xfc\xff")?;
                return server.connection.listen();
            }
            Self::AskFile => {
                server.send(b"\xfb/etc/hostname")?;
                server.receive()?;
                return server.send(&ok(0));
            }
            Self::Silence => return server.connection.listen(),
            Self::EndlessResults => loop {
                server.columns(&[("text", TEXT)])?;
                server.send(&end(MORE_RESULTS))?;
            },
            Self::EndlessProgress => loop {
                server.send(b"\xff\xff\xff\x01\x01\x01\0\0\0\x01a")?;
            },
            Self::OddType => server.columns(&[("text", GEOMETRY)])?,
            _ => server.columns(&[("text", TEXT)])?,
        }
        match self {
            Self::EndlessRows => loop {
                server.send(&row(b"1"))?;
            },
            Self::EndlessLongRows => {
                let head = if is_binary { &[0, 0, 0xfd, 0, 0, 0x10][..] } else { &[0xfd, 0, 0, 0x10] };
                let long = [head, &vec![b'1'; 1 << 20]].concat();
                loop {
                    server.send(&long)?;
                }
            }
            Self::HugeRow => return server.huge(&[0xfe, 0, 0, 0, 0, 1, 0, 0, 0]),
            Self::EmptyRow => server.send(b"")?,
            Self::ShortRow => server.send(if is_binary { &[0, 0, 99, 1] } else { &[99, 1] })?,
            _ => server.send(&row(b"8.0.40"))?,
        }
        server.send(&end(0))?;
        if self == Self::AnswersAhead {
            server.number = 1;
            server.send(&COUNT)?;
        }
        Ok(())
    }
}
