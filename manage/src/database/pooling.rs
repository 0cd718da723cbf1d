//! Whether a connection goes through a pooler.

use super::Connection;

/// Whether the next transaction of a connection may run in another session of the server, as behind a pooler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    Known(bool),
    /// It does unless the session has this mark. To find out takes a round trip.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "PostgreSQL alone has such poolers"))]
    UnlessMarked(String),
}

impl Pooling {
    /// Finds out whether it does.
    pub(crate) fn is_pooled(&self, connection: &mut Connection) -> bool {
        match self {
            Self::Known(is_pooled) => *is_pooled,
            Self::UnlessMarked(mark) => !connection.operations().has_mark(connection, mark),
        }
    }
}
