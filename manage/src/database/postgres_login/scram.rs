//! SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.

use std::cell::RefCell;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SecureRandom as _;
use ring::{digest, hmac, pbkdf2};

/// More rounds than any server asks for: a stranger could else keep us busy for ever.
const MOST_ROUNDS: u32 = 10_000_000;

pub(super) struct Scram {
    nonce: String,
    /// The first message without its header. The server knows the user from before.
    bare: String,
}

impl Scram {
    pub(super) const MECHANISM: &str = "SCRAM-SHA-256";

    /// Draws a random number; none if the system has none.
    pub(super) fn new() -> Option<Self> {
        let mut bytes = [0; 18];
        ring::rand::SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self::of(BASE64.encode(bytes), ""))
    }

    fn of(nonce: String, user: &str) -> Self {
        Self { bare: format!("n={user},r={nonce}"), nonce }
    }

    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The answer to the server's challenge, and what the server must say to prove that it knows the password, too.
    pub(super) fn answer(&self, challenge: &[u8], password: &[u8]) -> Result<(String, String), String> {
        let broken = || "the server's SCRAM challenge is malformed".to_owned();
        let challenge = std::str::from_utf8(challenge).map_err(|_| broken())?;
        let mut parts = challenge.splitn(3, ',');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name)).ok_or_else(broken);
        let (nonce, salt, rounds) = (part("r=")?, part("s=")?, part("i=")?);
        if !nonce.starts_with(&self.nonce) {
            return Err(broken());
        }
        let salt = BASE64.decode(salt).map_err(|_| broken())?;
        let rounds = rounds.split(',').next().unwrap_or_default().parse().map_err(|_| broken())?;
        let rounds =
            NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= MOST_ROUNDS).ok_or_else(broken)?;

        let salted = salted(password, salt, rounds);
        let without_proof = format!("c=biws,r={nonce}");
        let all = format!("{},{challenge},{without_proof}", self.bare);
        let client_key = sign(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let signature = sign(stored_key.as_ref(), all.as_bytes());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let server_key = sign(&salted, b"Server Key");
        let expected = sign(server_key.as_ref(), all.as_bytes());
        Ok((format!("{without_proof},p={}", BASE64.encode(proof)), format!("v={}", BASE64.encode(expected))))
    }
}

type Salted = [u8; digest::SHA256_OUTPUT_LEN];

/// A password, a salt and a number of rounds, and what they make.
type Work = ((Vec<u8>, Vec<u8>, NonZeroU32), Salted);

/// The salted password. A server sends the same salt again and again, and who waits asks again and again: the last work of a
/// thread is kept.
fn salted(password: &[u8], salt: Vec<u8>, rounds: NonZeroU32) -> Salted {
    thread_local! {
        static LAST: RefCell<Option<Work>> = const { RefCell::new(None) };
    }
    let asked = (password.to_vec(), salt, rounds);
    let known =
        LAST.with_borrow(|last| last.as_ref().filter(|(done, _)| *done == asked).map(|(_, salted)| *salted));
    known.unwrap_or_else(|| {
        let mut salted = [0; digest::SHA256_OUTPUT_LEN];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &asked.1, &prepared(password), &mut salted);
        LAST.set(Some((asked, salted)));
        salted
    })
}

fn sign(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

/// As PostgreSQL does: a password that SASLprep does not take is used as it is.
fn prepared(password: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(password).ok();
    let prepared = text.and_then(|text| stringprep::saslprep(text).ok());
    prepared.map_or_else(|| password.to_vec(), |text| text.into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    #[test]
    fn a_proof_is_what_the_password_makes_of_the_exchange() {
        let scram = Scram::of("rOprNGfwEbeRWgbNEkqO".to_owned(), "user");
        let challenge =
            b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (proof, signature) = scram.answer(challenge, b"pencil").expect("a challenge");
        assert_eq!(
            proof,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(signature, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_malformed_challenge_is_an_error() {
        let scram = Scram::of("abc".to_owned(), "");
        for challenge in [
            "",
            "r=abc",
            "r=abc,s=!!,i=1",
            "r=abc,s=AAAA,i=0",
            "r=abc,s=AAAA,i=-1",
            "r=abc,s=AAAA,i=4294967295",
            "r=xyz,s=AAAA,i=4096",
            "e=other-error",
        ] {
            assert!(scram.answer(challenge.as_bytes(), b"x").is_err(), "{challenge}");
        }
        assert!(scram.answer(&[0xff, 0xfe], b"x").is_err());
    }

    #[test]
    fn passwords_are_normalized() {
        assert_eq!(prepared("I\u{ad}X".as_bytes()), b"IX");
        assert_eq!(prepared("\u{7}".as_bytes()), b"\x07");
        assert_eq!(prepared(&[0xff]), [0xff]);
    }
}
