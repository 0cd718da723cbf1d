//! RabbitMQ and its like, AMQP 0-9-1: the broker's Start, and with credentials or a virtual host a login to it.

use std::io::{Read, Write};

use super::stream::Stream;
use super::{Service, Trouble};
use crate::database::Reason;

/// The class `connection` and its methods.
const CONNECTION: u16 = 10;
const START: u16 = 10;
const START_OK: u16 = 11;
const TUNE: u16 = 30;
const TUNE_OK: u16 = 31;
const OPEN: u16 = 40;
const OPEN_OK: u16 = 41;
const CLOSE: u16 = 50;
const CLOSE_OK: u16 = 51;

pub(super) fn ask(
    stream: &mut Stream,
    service: &Service,
    vhost: Option<&str>,
) -> Result<Option<String>, Trouble> {
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    expect(stream, START)?;
    // A virtual host can be asked for only by somebody. Clients that are given none are `guest`.
    if let Some((user, password)) = service.login().or_else(|| vhost.map(|_| ("guest", "guest"))) {
        // That the client wants to be told why it was refused.
        let mut capabilities = short("authentication_failure_close");
        capabilities.extend([b't', 1]);
        let mut properties = short("capabilities");
        properties.push(b'F');
        properties.extend(long(&capabilities));
        let mut arguments = long(&properties);
        arguments.extend(short("PLAIN"));
        arguments.extend(long(format!("\0{user}\0{password}").as_bytes()));
        arguments.extend(short("en_US"));
        send(stream, START_OK, &arguments)?;
        let tune = expect(stream, TUNE).map_err(|trouble| match trouble {
            // Brokers that say nothing close the connection.
            Trouble(Reason::Closed, ..) => {
                Trouble(Reason::Credentials, None, "it refuses the user or the password")
            }
            trouble => trouble,
        })?;
        send(stream, TUNE_OK, tune.get(..8).ok_or_else(Trouble::odd)?)?;
        let mut arguments = short(vhost.unwrap_or("/"));
        arguments.extend([0, 0]);
        send(stream, OPEN, &arguments)?;
        expect(stream, OPEN_OK)?;
        // Brokers log each client that leaves without a word.
        let mut arguments = 200_u16.to_be_bytes().to_vec();
        arguments.extend([0, 0, 0, 0, 0]);
        send(stream, CLOSE, &arguments)?;
        expect(stream, CLOSE_OK)?;
    }
    Ok(None)
}

/// Reads one method of the class `connection` and returns its arguments.
fn expect(stream: &mut Stream, method: u16) -> Result<Vec<u8>, Trouble> {
    const METHOD_FRAME: u8 = 1;
    const LONGEST: u32 = 1 << 17;
    let mut head = [0; 7];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    if head[0] != METHOD_FRAME || !(4..LONGEST).contains(&length) {
        return Err(Trouble::odd());
    }
    let mut payload = vec![0; length as usize + 1];
    stream.read_exact(&mut payload)?;
    let number = |at: usize| payload.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    match (number(0), number(2)) {
        (Some(CONNECTION), Some(found)) if found == method => Ok(payload[4..payload.len() - 1].to_vec()),
        (Some(CONNECTION), Some(CLOSE)) => Err(trouble(number(4).unwrap_or_default())),
        _ => Err(Trouble::odd()),
    }
}

fn trouble(code: u16) -> Trouble {
    let (reason, words) = match code {
        403 => (Reason::Credentials, "it refuses the user, the password or the virtual host"),
        402 | 530 => (Reason::NoDatabase, "it has no such virtual host, or the user may not use it"),
        320 => (Reason::StartingUp, "it is being shut down"),
        541 | 506 => (Reason::StartingUp, "it cannot serve now"),
        _ => (Reason::Other, ""),
    };
    Trouble(reason, Some(code.to_string()), words)
}

fn send(stream: &mut Stream, method: u16, arguments: &[u8]) -> Result<(), Trouble> {
    let mut payload = [CONNECTION.to_be_bytes(), method.to_be_bytes()].concat();
    payload.extend(arguments);
    let mut frame = vec![1, 0, 0];
    frame.extend(long(&payload));
    frame.push(0xCE);
    Ok(stream.write_all(&frame)?)
}

/// A text with its length in one byte.
fn short(text: &str) -> Vec<u8> {
    let bytes = &text.as_bytes()[..text.len().min(255)];
    let mut coded = vec![u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
    coded.extend(bytes);
    coded
}

/// Bytes with their length in four.
fn long(bytes: &[u8]) -> Vec<u8> {
    let mut coded = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    coded.extend(bytes);
    coded
}
