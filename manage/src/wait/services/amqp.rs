//! RabbitMQ and other AMQP 0-9-1 brokers. The probe waits for the broker's Start method. With credentials or
//! a virtual host it also logs in.

use super::stream::ServiceStream;
use super::{Service, ServiceError};
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

pub(super) async fn ask(
    stream: &mut ServiceStream,
    service: &Service,
    vhost: Option<&str>,
) -> Result<Option<String>, ServiceError> {
    stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
    expect(stream, START).await?;
    // Opening a virtual host needs a user; the default is `guest`.
    if let Some((user, password)) = service.login().or_else(|| vhost.map(|_| ("guest", "guest"))) {
        // The capability to receive the reason for a refused login.
        let mut capabilities = short("authentication_failure_close");
        capabilities.extend([b't', 1]);
        let mut properties = short("capabilities");
        properties.push(b'F');
        properties.extend(long(&capabilities));
        let mut arguments = long(&properties);
        arguments.extend(short("PLAIN"));
        arguments.extend(long(format!("\0{user}\0{password}").as_bytes()));
        arguments.extend(short("en_US"));
        send(stream, START_OK, &arguments).await?;
        let tune = expect(stream, TUNE).await.map_err(|error| match error {
            // Other brokers close the connection without a reason.
            ServiceError(Reason::Closed, ..) => {
                ServiceError(Reason::Credentials, None, "it refuses the user or the password")
            }
            error => error,
        })?;
        send(stream, TUNE_OK, tune.get(..8).ok_or_else(ServiceError::odd)?).await?;
        let mut arguments = short(vhost.unwrap_or("/"));
        arguments.extend([0, 0]);
        send(stream, OPEN, &arguments).await?;
        expect(stream, OPEN_OK).await?;
        // Brokers log each client that disconnects without a close message.
        let mut arguments = 200_u16.to_be_bytes().to_vec();
        arguments.extend([0, 0, 0, 0, 0]);
        send(stream, CLOSE, &arguments).await?;
        expect(stream, CLOSE_OK).await?;
    }
    Ok(None)
}

/// Reads one method of the class `connection` and returns its arguments.
async fn expect(stream: &mut ServiceStream, method: u16) -> Result<Vec<u8>, ServiceError> {
    const METHOD_FRAME: u8 = 1;
    const LONGEST: u32 = 1 << 17;
    let mut head = [0; 7];
    stream.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    if head[0] != METHOD_FRAME || !(4..LONGEST).contains(&length) {
        return Err(ServiceError::odd());
    }
    let mut payload = vec![0; length as usize + 1];
    stream.read_exact(&mut payload).await?;
    let number = |at: usize| payload.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    match (number(0), number(2)) {
        (Some(CONNECTION), Some(found)) if found == method => Ok(payload[4..payload.len() - 1].to_vec()),
        (Some(CONNECTION), Some(CLOSE)) => Err(number(4).map_or_else(ServiceError::odd, service_error)),
        _ => Err(ServiceError::odd()),
    }
}

fn service_error(code: u16) -> ServiceError {
    let (reason, words) = match code {
        403 => (Reason::Credentials, "it refuses the user, the password or the virtual host"),
        402 | 530 => (Reason::NoDatabase, "it has no such virtual host, or the user may not use it"),
        320 => (Reason::StartingUp, "it is being shut down"),
        541 | 506 => (Reason::StartingUp, "it cannot serve now"),
        _ => (Reason::Other, ""),
    };
    ServiceError(reason, Some(code.to_string()), words)
}

async fn send(stream: &mut ServiceStream, method: u16, arguments: &[u8]) -> Result<(), ServiceError> {
    let mut payload = [CONNECTION.to_be_bytes(), method.to_be_bytes()].concat();
    payload.extend(arguments);
    let mut frame = vec![1, 0, 0];
    frame.extend(long(&payload));
    frame.push(0xCE);
    Ok(stream.write_all(&frame).await?)
}

/// Encodes a text with its length in one byte.
fn short(text: &str) -> Vec<u8> {
    let bytes = &text.as_bytes()[..text.len().min(255)];
    let mut coded = vec![u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
    coded.extend(bytes);
    coded
}

/// Encodes bytes with their length in four bytes.
fn long(bytes: &[u8]) -> Vec<u8> {
    let mut coded = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    coded.extend(bytes);
    coded
}
