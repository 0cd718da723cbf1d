//! Identifies the instance of a server that answers, so that a restart between two probes is noticed.

use std::time::Instant;

/// The identity of a server instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerInstance {
    /// The start time that PostgreSQL reports.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "PostgreSQL alone reports it"))]
    Started(String),
    /// MySQL's uptime in seconds, the connection ID, which only grows, and the time of the query.
    #[cfg_attr(all(not(feature = "mysql"), not(test)), expect(dead_code, reason = "MySQL alone reports it"))]
    Counted { uptime: u64, connection: u64, at: Instant },
}

impl ServerInstance {
    /// Returns whether the server was restarted since `earlier`.
    pub(crate) fn is_after(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Started(now), Self::Started(before)) => now != before,
            (
                Self::Counted { uptime, connection, at },
                Self::Counted { uptime: before, connection: last, at: then },
            ) => {
                // The server reports whole seconds of its own clock.
                let passed = at.saturating_duration_since(*then).as_secs();
                connection <= last || uptime.saturating_add(2) < before.saturating_add(passed)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_new_life_is_reported_from_the_old_one() {
        let started = |text: &str| ServerInstance::Started(text.to_owned());
        assert!(started("b").is_after(&started("a")) && !started("a").is_after(&started("a")));
        let then = Instant::now();
        let counted = |uptime, connection, seconds| ServerInstance::Counted {
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
