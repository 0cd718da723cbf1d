//! A man in the middle: in front of a real PostgreSQL server, with a certificate of its own.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::case::cases;
use super::postgres::{greet, message};
use super::relay::{Side, relay};
use super::{Attack, Connection};

cases! {
    /// What a man in the middle does.
    pub enum Case {
        /// Relays all, with TLS on both sides.
        Relay = "relay",
        /// Relays all, with TLS on both sides, but for the offer to bind the log-in to the channel.
        StripPlus = "strip-plus",
        /// Relays all, with TLS to the client alone.
        PlainServer = "plain-server",
        /// Relays all, without TLS on any side.
        RefuseTls = "refuse-tls",
        /// Asks for the password in clear text over TLS.
        AskCleartext = "ask-cleartext",
    }
}

/// A man in the middle, in front of the server at this port of 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Middle {
    /// What it does.
    pub case: Case,
    /// The port of the real server.
    pub server: u16,
}

/// What a server offers that speaks TLS, and what is left of it.
const OFFER: &[u8] = b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
const STRIPPED: &[u8] = b"SCRAM-SHA-256\0\0";

impl Attack for Middle {
    fn url(self, port: u16) -> String {
        let mode = if self.case == Case::RefuseTls { "prefer" } else { "require" };
        format!("postgres://127.0.0.1:{port}/postgres?sslmode={mode}")
    }

    fn serve(self, connection: &mut Connection) -> io::Result<()> {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server))?;
        if self.case == Case::RefuseTls {
            let mut request = [0; 8];
            connection.read_exact(&mut request)?;
            connection.write_all(b"N")?;
            return relay(Side::plain(connection), Side::plain(&mut server), <[u8]>::to_vec);
        }
        greet(connection, b'S')?;
        let mut client = Side::server(connection)?;
        if self.case == Case::AskCleartext {
            client.receive()?;
            client.send(&message(b'R', &3_u32.to_be_bytes()))?;
            client.receive()?;
            return Ok(());
        }
        let server = if self.case == Case::PlainServer {
            Side::plain(&mut server)
        } else {
            server.write_all(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f])?;
            server.read_exact(&mut [0])?;
            Side::client(&mut server)?
        };
        relay(client, server, |bytes| match self.case {
            Case::StripPlus if bytes.ends_with(OFFER) => {
                message(b'R', &[&10_u32.to_be_bytes(), STRIPPED].concat())
            }
            _ => bytes.to_vec(),
        })
    }
}
