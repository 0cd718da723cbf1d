//! Which life of a server it is that answers: a restart between two questions would else not be seen.

use std::time::{Duration, Instant};

use super::asking::Asking;
use crate::settings::{Backend, DatabaseSettings};

/// What tells one life of a server from the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// When PostgreSQL was started, as it says.
    Started(String),
    /// How many seconds MySQL is up, the number of our connection, which only grows, and when we asked.
    Counted { uptime: u64, connection: u64, at: Instant },
}

impl Life {
    /// Asks for it; nothing where the server does not say, or has none, as a file.
    pub(super) fn ask(connection: &mut Asking, settings: &DatabaseSettings, limit: Duration) -> Option<Self> {
        match settings.backend {
            Backend::Sqlite => None,
            Backend::Postgres => {
                let question = "SELECT CAST(pg_postmaster_start_time() AS text) AS text";
                connection.texts(settings, limit, question).ok()?.pop().map(Self::Started)
            }
            Backend::Mysql => {
                let up = connection.variables(settings, limit, "SHOW GLOBAL STATUS LIKE 'Uptime'").ok()?;
                let number = "SELECT CAST(CONNECTION_ID() AS CHAR) AS text";
                let number = connection.texts(settings, limit, number).ok()?.pop()?;
                let uptime = up.first()?.1.parse().ok()?;
                Some(Self::Counted { uptime, connection: number.parse().ok()?, at: Instant::now() })
            }
        }
    }

    /// Whether the server was started anew since `earlier`.
    pub(crate) fn is_after(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Started(now), Self::Started(before)) => now != before,
            (
                Self::Counted { uptime, connection, at },
                Self::Counted { uptime: before, connection: last, at: then },
            ) => {
                // Whole seconds are told, of a clock that is not ours.
                let passed = at.saturating_duration_since(*then).as_secs();
                connection <= last || uptime.saturating_add(2) < before.saturating_add(passed)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_life_is_told_from_the_old_one() {
        let started = |text: &str| Life::Started(text.to_owned());
        assert!(started("b").is_after(&started("a")) && !started("a").is_after(&started("a")));
        let then = Instant::now();
        let counted = |uptime, connection, seconds| Life::Counted {
            uptime,
            connection,
            at: then + Duration::from_secs(seconds),
        };
        let before = counted(100, 40, 0);
        assert!(!counted(101, 41, 1).is_after(&before));
        assert!(!counted(100, 41, 1).is_after(&before), "a second is not exact");
        assert!(counted(0, 41, 1).is_after(&before));
        assert!(counted(101, 5, 1).is_after(&before));
    }
}
