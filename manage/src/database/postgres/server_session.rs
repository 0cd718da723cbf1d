//! Whether the next transaction of a connection runs in the same server session: a pooler may choose another
//! one each time, which does not have the statements that were prepared before.

use super::answers::Answer;
use super::connection::PostgresConnection;
use super::protocol::{Lost, Protocol};

/// Its schema is named, because a project's function must not answer.
const PROCESS: &str = "SELECT pg_catalog.pg_backend_pid()";

impl PostgresConnection {
    /// Returns whether this connection may change its server session. The server is queried once.
    ///
    /// A server names its process at the login. A pooler names none of its servers' there.
    pub(super) fn may_change_server_session(&mut self) -> bool {
        if let Some(known) = self.may_change_server_session {
            return known;
        }
        let Ok(Some(process)) = process(&mut self.protocol) else {
            // The statement that follows fails, too, and reports the error.
            return true;
        };
        *self.may_change_server_session.insert(self.wire.process() != Some(process))
    }
}

/// Returns the number of the server's process.
fn process(protocol: &mut Protocol) -> Result<Option<u32>, Lost> {
    protocol.output.clear();
    postgres_protocol::message::frontend::query(PROCESS, &mut protocol.output).map_err(Lost::Io)?;
    let mut process = None;
    loop {
        match protocol.next()? {
            Answer::Row(row) => process = value(&row),
            Answer::Ready(_) => return Ok(process),
            _ => {}
        }
    }
}

/// Returns the number in a row of one column: the number of columns, a length, and a text.
fn value(row: &[u8]) -> Option<u32> {
    std::str::from_utf8(row.get(6..)?).ok()?.parse().ok()
}
