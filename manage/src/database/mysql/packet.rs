//! The packets of a MySQL login, as far as the relay must read them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The maximum length of a login packet.
const LONGEST: usize = 1 << 16;

/// One packet without its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet(pub(super) Vec<u8>);

impl Packet {
    /// Returns whether it is an error packet, which ends a login.
    pub(super) fn is_refusal(&self) -> bool {
        self.0.first() == Some(&0xff)
    }
}

/// One side of a login, with the number of its next packet: both sides count the packets.
pub(super) struct Side<S> {
    pub(super) stream: S,
    pub(super) number: u8,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Side<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, number: 0 }
    }

    /// Reads a packet: three bytes of length, one of its number, and the body. A packet that is too long for
    /// a login is an error of kind `InvalidData`.
    pub(super) async fn read(&mut self) -> io::Result<Packet> {
        let mut header = [0; 4];
        self.stream.read_exact(&mut header).await?;
        let [low, middle, high, number] = header;
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        self.number = number.wrapping_add(1);
        Ok(Packet(body))
    }

    pub(super) async fn write(&mut self, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        let [low, middle, high, _] = length.to_le_bytes();
        let header = [low, middle, high, self.number];
        self.number = self.number.wrapping_add(1);
        self.stream.write_all(&[&header[..], body].concat()).await?;
        self.stream.flush().await
    }
}

/// The server's initial handshake packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    /// What the server can do, as flags.
    pub(super) capabilities: u32,
    pub(super) nonce: Vec<u8>,
    /// The number of the connection on this server.
    pub(super) connection: u32,
    /// The plugin that the server expects most users to log in by.
    pub(super) plugin: Vec<u8>,
}

/// The flag of a server that offers encryption and of a client that requests it, in the second byte of the
/// flags.
pub(super) const TLS: u8 = 0x08;

/// The flag of a client that expects no EOF packet after the columns of a result, in the fourth byte of the
/// flags.
pub(super) const DEPRECATES_EOF: u8 = 0x01;

impl Greeting {
    pub(super) fn read(packet: &Packet) -> Option<Self> {
        let body = packet.0.strip_prefix(&[10])?;
        let version = body.iter().position(|byte| *byte == 0)?;
        // The connection's number, the first half of the nonce, and a zero.
        let (connection, body) = body.get(version + 1..)?.split_first_chunk()?;
        let (first, body) = body.split_at_checked(8)?;
        let &[_, a, b, _, _, _, c, d] = body.first_chunk()?;
        // Flags, character set, status, more flags, a length and ten zeros.
        let second = body.get(1 + 2 + 1 + 2 + 2 + 1 + 10..).unwrap_or_default();
        let mut nonce = [first, second.get(..12).unwrap_or(second)].concat();
        nonce.resize(NONCE, 0);
        let plugin = second.get(13..).unwrap_or_default();
        let plugin = plugin.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        Some(Self {
            capabilities: u32::from_le_bytes([a, b, c, d]),
            nonce,
            connection: u32::from_le_bytes(*connection),
            plugin,
        })
    }

    pub(super) fn offers_tls(&self) -> bool {
        self.capabilities.to_le_bytes()[1] & TLS != 0
    }
}

/// The length of a nonce.
const NONCE: usize = 20;

/// A request to switch to another authentication plugin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Switch {
    pub(super) plugin: String,
    pub(super) nonce: Vec<u8>,
    /// The whole challenge: some plugins have a longer one.
    pub(super) data: Vec<u8>,
}

impl Switch {
    pub(super) fn read(packet: &Packet) -> Option<Self> {
        let body = packet.0.strip_prefix(&[0xfe])?;
        let end = body.iter().position(|byte| *byte == 0)?;
        let plugin = String::from_utf8_lossy(&body[..end]).into_owned();
        let data = body[end + 1..].to_vec();
        let nonce = data.iter().copied().take(NONCE).collect();
        Some(Self { plugin, nonce, data })
    }

    /// Returns whether the driver can use the nonce.
    pub(super) fn is_complete(&self) -> bool {
        self.nonce.len() == NONCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_has_flags_and_a_nonce() {
        let mut body = vec![10];
        body.extend(b"8.4.2\0\x01\0\0\0abcdefgh\0\xff\xff\x21\x02\0\xff\xc1\x15");
        body.extend([0; 10]);
        body.extend(b"ijklmnopqrst\0caching_sha2_password\0");
        let greeting = Greeting::read(&Packet(body.clone())).expect("a greeting");
        assert!(greeting.offers_tls());
        assert_eq!(
            (&*greeting.nonce, &*greeting.plugin),
            (&b"abcdefghijklmnopqrst"[..], &b"caching_sha2_password"[..])
        );
        assert_eq!((greeting.capabilities, greeting.connection), (0xc1ff_ffff, 1));
        for end in 0..body.len() {
            let _ = Greeting::read(&Packet(body[..end].to_vec()));
        }
        body[0] = 9;
        assert_eq!(Greeting::read(&Packet(body)), None);
    }

    #[test]
    fn a_switch_has_a_plugin_and_a_nonce() {
        let packet = Packet(b"\xfecaching_sha2_password\0abcdefghijklmnopqrst\0".to_vec());
        let switch = Switch::read(&packet).expect("a switch");
        assert_eq!(
            (switch.plugin.as_str(), switch.nonce.as_slice()),
            ("caching_sha2_password", &b"abcdefghijklmnopqrst"[..])
        );
        assert!(switch.is_complete());
        assert!(!Switch::read(&Packet(b"\xfex\0".to_vec())).expect("a switch").is_complete());
        assert_eq!(Switch::read(&Packet(vec![0xfe])), None);
    }
}
