//! What PostgreSQL stores of a password (RFC 5802), with as many iterations as one likes: its own
//! `scram_iterations` is new in 16.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};

const SALT: &[u8] = b"0123456789abcdef";

/// Returns the text that `ALTER ROLE … PASSWORD` takes in place of the password.
pub fn scram_verifier(password: &str, iterations: NonZeroU32) -> String {
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, SALT, password.as_bytes(), &mut salted);
    let sign = |text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), text);
    let stored = digest::digest(&digest::SHA256, sign(b"Client Key").as_ref());
    format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        BASE64.encode(SALT),
        BASE64.encode(stored),
        BASE64.encode(sign(b"Server Key"))
    )
}
