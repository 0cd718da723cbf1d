//! Every attack by its name, for the command line.

use super::middle::Middle;
use super::server::Hostile;
use super::{amqp, http, middle, mysql, postgres, redis};

/// An attack that can be started by its name.
pub struct Entry {
    /// The protocol, as on the command line.
    pub protocol: &'static str,
    /// The case, as on the command line.
    pub case: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    start: Box<dyn Fn(u16) -> Hostile>,
}

impl Entry {
    /// Starts it. Only a man in the middle needs the port of a real server on 127.0.0.1.
    pub fn start(&self, server: u16) -> Hostile {
        (self.start)(server)
    }
}

macro_rules! entries {
    ($into:ident: $($protocol:ident as $name:literal, |$case:ident, $server:ident| $attack:expr;)+) => {
        $(for $case in $protocol::Case::ALL.iter().copied() {
            $into.push(Entry {
                protocol: $name,
                case: $case.name(),
                description: $case.description(),
                start: Box::new(move |$server| Hostile::start($attack)),
            });
        })+
    };
}

/// Returns every attack there is.
pub fn catalog() -> Vec<Entry> {
    let mut entries = Vec::new();
    entries! { entries:
        postgres as "postgres", |case, _server| case;
        mysql as "mysql", |case, _server| case;
        redis as "redis", |case, _server| case;
        http as "http", |case, _server| case;
        amqp as "amqp", |case, _server| case;
        middle as "middle", |case, server| Middle { case, server };
    }
    entries
}
