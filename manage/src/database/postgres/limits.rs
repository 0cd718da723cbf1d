//! Limits on the data that a PostgreSQL server may send. The driver buffers a message until it is complete,
//! so each message is checked when it begins.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;

/// The limits for one message, and for all messages, until the login is complete. libpq accepts 30,000 bytes
/// in a message.
const START_MESSAGE: usize = 64 * KIB;
const START: usize = MIB;
/// The limit for the answer to a probe's query, which has a few rows, or one row per migration.
pub(super) const PROBE: usize = 512 * KIB;
/// The limit for the answer to any other query of this crate.
pub(super) const OWN: usize = 4 * MIB;
/// The maximum number of session parameters that a server may report; PostgreSQL reports about fifteen.
const PARAMETERS: usize = 1_000;
/// The maximum number of types that a server may describe for one statement. The driver follows each type to
/// its element type, at any depth.
const TYPES: usize = 256;

/// The start of the driver's query for a type that it does not know.
const TYPE_QUERY: &[u8] = b"SELECT t.typname, t.typtype, t.typelem";

/// The limit that a server exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// A message before the login was complete.
    StartMessage,
    /// All messages before the login was complete.
    Start,
    /// A message that is longer than any of its kind.
    Message(usize),
    /// The answer to a query of this crate.
    Answer(usize),
    /// The number of session parameters.
    Parameters,
    /// The number of types.
    Types,
    /// Not a size: the server requests a clear-text password on an unencrypted connection.
    ClearText,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartMessage => {
                write!(f, "the server sent more than {} in one message of its start-up", Size(START_MESSAGE))
            }
            Self::Start => write!(f, "the server sent more than {} in its start-up", Size(START)),
            Self::Message(most) => {
                write!(f, "the server sent more than {} in one message", Size(*most))
            }
            Self::Answer(most) => {
                write!(f, "the server sent more than {} in answer to a query of a few rows", Size(*most))
            }
            Self::Parameters => write!(f, "the server reported more than {PARAMETERS} parameters"),
            Self::Types => write!(f, "the server described more than {TYPES} types for one statement"),
            Self::ClearText => f.write_str(
                "the server asks for the password in clear text, and the connection is not encrypted",
            ),
        }
    }
}

impl std::error::Error for Excess {}

impl Excess {
    /// Returns the exceeded limit inside an error, if there was one.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::ClearText => {
                "Encrypt it: sslmode=verify-full. With sslmode=disable the password is sent as it is, \
                 for everybody on the way to read."
            }
            _ => "Is it a PostgreSQL server, and the right one?",
        }
    }
}

impl From<Excess> for io::Error {
    fn from(excess: Excess) -> Self {
        Self::other(excess)
    }
}

/// A number of bytes, displayed in the largest unit that divides it.
struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % GIB == 0 => write!(f, "{} GiB", bytes / GIB),
            bytes if bytes % MIB == 0 => write!(f, "{} MiB", bytes / MIB),
            bytes => write!(f, "{} KiB", bytes / KIB),
        }
    }
}

/// The state of a connection's limits.
#[derive(Debug)]
pub(super) struct Limits {
    is_started: bool,
    /// The number of bytes that the server may still send, if that is limited.
    left: usize,
    /// The limit from which `left` is counted down; `None` for the project's own queries.
    most: Option<usize>,
    /// The hashed names of the reported parameters.
    parameters: HashSet<u64>,
    hasher: RandomState,
    /// The name of the driver's statement that queries a type. `types` counts its executions since the last
    /// other statement.
    type_query: Option<Vec<u8>>,
    types: usize,
    excess: Option<Excess>,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            is_started: false,
            left: START,
            most: Some(START),
            parameters: HashSet::new(),
            hasher: RandomState::new(),
            type_query: None,
            types: 0,
            excess: None,
        }
    }

    /// Sets the limit for the data that follows. `None` limits only the length of each message.
    pub(super) fn set(&mut self, most: Option<usize>) {
        (self.most, self.left) = (most, most.unwrap_or_default());
    }

    /// Returns the exceeded limit that ended the connection.
    pub(super) fn excess(&self) -> Option<Excess> {
        self.excess
    }

    /// Ends the connection permanently.
    pub(super) fn end(&mut self, excess: Excess) {
        self.excess.get_or_insert(excess);
    }

    /// Counts received bytes.
    pub(super) fn received(&mut self, bytes: usize) {
        let Some(most) = self.most else { return };
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.end(if self.is_started { Excess::Answer(most) } else { Excess::Start }),
        }
    }

    /// Checks the length of a message that begins.
    pub(super) fn begins(&mut self, kind: u8, length: usize) {
        if !self.is_started {
            self.is_started = kind == b'Z';
            if length > START_MESSAGE {
                self.end(Excess::StartMessage);
            }
            return;
        }
        let most = match kind {
            // Rows and COPY data: no PostgreSQL value is longer.
            b'D' | b'd' | b'V' => GIB,
            b'E' | b'N' => 16 * MIB,
            // Columns: 1,664 at most, with names of some bytes. Parameters: 65,535 at most, with their type.
            b'T' => 4 * MIB,
            b't' => MIB,
            _ => START_MESSAGE,
        };
        if length > most {
            self.end(Excess::Message(most));
        }
    }

    /// Counts a session parameter that the server reports.
    pub(super) fn parameter(&mut self, body: &[u8]) {
        let name = body.split(|byte| *byte == 0).next().unwrap_or_default();
        self.parameters.insert(self.hasher.hash_one(name));
        if self.parameters.len() > PARAMETERS {
            self.end(Excess::Parameters);
        }
    }

    /// Notes that the driver prepares a statement.
    pub(super) fn prepares(&mut self, name: &[u8], text: &[u8]) {
        if text.starts_with(TYPE_QUERY) {
            self.type_query = Some(name.to_owned());
        } else if !text.starts_with(b"SELECT enumlabel") && !text.starts_with(b"SELECT attname") {
            self.types = 0;
        }
    }

    /// Notes that the driver executes a prepared statement.
    pub(super) fn executes(&mut self, name: &[u8]) {
        if self.type_query.as_deref() == Some(name) {
            self.types += 1;
            if self.types > TYPES {
                self.end(Excess::Types);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started() -> Limits {
        let mut limits = Limits::new();
        limits.begins(b'Z', 1);
        limits
    }

    #[test]
    fn a_start_up_is_short() {
        let mut limits = Limits::new();
        limits.received(START);
        limits.begins(b'S', START_MESSAGE);
        assert_eq!(limits.excess(), None);
        limits.received(1);
        assert_eq!(limits.excess(), Some(Excess::Start));
        let mut limits = Limits::new();
        limits.begins(b'R', START_MESSAGE + 1);
        assert_eq!(limits.excess(), Some(Excess::StartMessage));
        assert_eq!(
            Excess::StartMessage.to_string(),
            "the server sent more than 64 KiB in one message of its start-up"
        );
    }

    #[test]
    fn a_row_of_the_projects_own_may_be_as_long_as_any_of_postgresql() {
        let mut limits = started();
        limits.set(None);
        limits.received(usize::MAX);
        limits.begins(b'D', GIB);
        limits.begins(b'd', GIB);
        assert_eq!(limits.excess(), None);
        limits.begins(b'S', START_MESSAGE + 1);
        assert_eq!(limits.excess(), Some(Excess::Message(START_MESSAGE)));
    }

    #[test]
    fn an_answer_to_us_is_limited_as_a_whole_and_for_each_query() {
        let mut limits = started();
        for _ in 0..3 {
            limits.set(Some(PROBE));
            limits.received(PROBE);
        }
        assert_eq!(limits.excess(), None);
        limits.received(1);
        let excess = limits.excess().expect("too much");
        assert_eq!(
            excess.to_string(),
            "the server sent more than 512 KiB in answer to a query of a few rows"
        );
    }

    #[test]
    fn parameters_count_by_their_names() {
        let mut limits = started();
        for i in 0..10 * PARAMETERS {
            limits.parameter(format!("TimeZone\0{i}\0").as_bytes());
        }
        assert_eq!(limits.excess(), None);
        for i in 0..=PARAMETERS {
            limits.parameter(format!("{i}\0on\0").as_bytes());
        }
        assert_eq!(limits.excess(), Some(Excess::Parameters));
    }

    #[test]
    fn types_count_for_each_statement() {
        let mut limits = started();
        limits.prepares(b"s1", TYPE_QUERY);
        for _ in 0..2 {
            limits.prepares(b"s2", b"SELECT 1");
            (0..TYPES).for_each(|_| limits.executes(b"s1"));
            limits.executes(b"s2");
        }
        assert_eq!(limits.excess(), None);
        limits.executes(b"s1");
        assert_eq!(limits.excess(), Some(Excess::Types));
    }
}
