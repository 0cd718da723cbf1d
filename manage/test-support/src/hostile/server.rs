//! A server that is one attack.

use std::io;

use super::listener::{Connection, Listener};

/// What a server does with each connection.
pub trait Attack: Copy + Send + Sync + 'static {
    /// Returns the URL by which a client gets to a server at this port of 127.0.0.1.
    fn url(self, port: u16) -> String;

    /// Serves one connection. An error ends it: most often the client has had enough.
    fn serve(self, connection: &mut Connection) -> io::Result<()>;
}

/// A server that attacks its clients, until it is dropped.
pub struct Hostile {
    listener: Listener,
    url: String,
}

impl Hostile {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub fn start(attack: impl Attack) -> Self {
        let listener = Listener::start(move |connection| attack.serve(connection));
        let url = attack.url(listener.port());
        Self { listener, url }
    }

    /// Returns what a client is given to connect to it. A password in it is one that must not show anywhere.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// Returns how many connections it has accepted.
    pub fn accepted(&self) -> usize {
        self.listener.accepted()
    }

    /// Returns what its clients have sent, up to a megabyte. What came encrypted is here as it was meant.
    pub fn received(&self) -> Vec<u8> {
        self.listener.received()
    }

    /// Returns whether a client has sent this text.
    pub fn has_received(&self, text: &str) -> bool {
        self.received().windows(text.len()).any(|part| part == text.as_bytes())
    }
}
