//! The parts of a database's settings, each of which may have its own origin.

use std::collections::BTreeMap;

use crate::settings::{DatabaseSettings, Origin};

/// One part of a database's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The name or the IP address of the server, or the directory of its socket.
    Host,
    /// The port.
    Port,
    /// The user.
    User,
    /// The password.
    Password,
    /// The name of the database.
    Name,
    /// The TLS mode.
    SslMode,
}

/// The origins of the parts of a database's settings that differ from the origin of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartOrigins(BTreeMap<Part, Origin>);

impl PartOrigins {
    /// Sets the origin of one part.
    pub fn set(&mut self, part: Part, origin: Origin) {
        self.0.insert(part, origin);
    }
}

impl DatabaseSettings {
    /// Returns the origin of one part.
    ///
    /// A part that no source sets, such as the default port, has the origin of the other parts, unless it is
    /// known to be a default.
    pub fn origin_of(&self, part: Part) -> &Origin {
        self.part_origins.0.get(&part).unwrap_or(&self.origin)
    }

    /// Returns `address comes from …`, or `host comes from …, its port from …` if the origins differ.
    pub(crate) fn address_origin(&self) -> String {
        match (self.origin_of(Part::Host), self.origin_of(Part::Port)) {
            (host, port) if host == port => format!("address comes from {host}"),
            (host, port) => format!("host comes from {host}, its port from {port}"),
        }
    }
}
