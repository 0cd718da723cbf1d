//! A value that is never printed.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A password, a token, or a text that contains one.
///
/// It has no `Display`, and its `Debug` is the same for every value, so that it appears in no log and no
/// error. Code that needs the text calls [`Secret::expose`], so that every use can be found. It cannot be
/// serialized.
///
/// It can be a field of a settings table, a command's argument, or a variable from the environment, from
/// `.env` or from a mounted secret file:
///
/// ```
/// # mod pay {
/// use manage::prelude::*;
///
/// // [apps.shop] of manage.toml
/// #[derive(Debug, Default, serde::Deserialize)]
/// #[serde(default, deny_unknown_fields)]
/// struct Shop {
///     webhook_key: Secret,
/// }
///
/// /// Send a test payment
/// #[command]
/// pub fn pay(
///     cx: &mut Context,
///     /// The token of the payment provider, instead of PAYMENT_TOKEN
///     #[arg(long)]
///     token: Option<Secret>,
/// ) -> Result<()> {
///     let shop: Shop = cx.settings()?.app("shop")?;
///     let token = match token {
///         Some(token) => token,
///         // PAYMENT_TOKEN, or the file that PAYMENT_TOKEN_FILE names.
///         None => cx.settings()?.variable("PAYMENT_TOKEN")?.context("PAYMENT_TOKEN is not set")?,
///     };
///     let header = format!("Bearer {}", token.expose());
///     // A client would send the header.
///     assert!(header.len() > "Bearer ".len());
///     assert_eq!(format!("{shop:?}"), "Shop { webhook_key: Secret(…) }");
///     Ok(())
/// }
/// # }
/// # fn main() {}
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text itself. Pass it only to a driver or a client, and never print it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the text itself, for code that must own it.
    pub fn into_exposed(self) -> String {
        self.0
    }

    /// Returns whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Unlike serde's own errors, an error here does not repeat the value.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecretVisitor;

        fn found<T, E: de::Error>(what: &str) -> Result<T, E> {
            Err(E::custom(format_args!("expected a text in quotes, found {what}")))
        }

        impl Visitor<'_> for SecretVisitor {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::from(text))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Secret, E> {
                Ok(Secret(text))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
                found("true or false")
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
                found("a number")
            }

            fn visit_i128<E: de::Error>(self, _: i128) -> Result<Secret, E> {
                found("a number")
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
                found("a number")
            }

            fn visit_u128<E: de::Error>(self, _: u128) -> Result<Secret, E> {
                found("a number")
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
                found("a number")
            }

            fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Secret, E> {
                found("bytes")
            }
        }

        match deserializer.is_human_readable() {
            // If a string is requested, such formats would quote another value in their error.
            true => deserializer.deserialize_any(SecretVisitor),
            false => deserializer.deserialize_string(SecretVisitor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Table {
        key: Secret,
        other: Option<Secret>,
    }

    #[test]
    fn a_field_of_a_table() {
        let table: Table = toml::from_str("key = \"hunter2\"").expect("a table");
        assert_eq!(table, Table { key: Secret::from("hunter2"), other: None });
        assert_eq!(format!("{table:?}"), "Table { key: Secret(…), other: None }");
        let table: Table =
            serde_json::from_str("{\"key\": \"h\\u0075nter2\", \"other\": \"\"}").expect("a table");
        assert_eq!((table.key.expose(), table.other.map(|other| other.is_empty())), ("hunter2", Some(true)));
    }

    #[test]
    fn no_error_repeats_a_value() {
        for value in
            ["8461357", "-8461357", "8461357.5", "[8461357]", "{\"a\": 8461357}", "18446744073709551615"]
        {
            let error =
                serde_json::from_str::<Table>(&format!("{{\"key\": {value}}}")).expect_err(value).to_string();
            assert!(!error.contains("8461357") && !error.contains("1844"), "{error}");
        }
        for value in ["8461357", "8461357.5", "true", "[8461357]", "{ a = 8461357 }", "1979-05-27"] {
            let error = toml::from_str::<Table>(&format!("key = {value}")).expect_err(value);
            assert!(!error.message().contains("8461357") && !error.message().contains("1979"), "{error}");
        }
    }

    #[test]
    fn made_from_texts() {
        let secrets =
            [Secret::new("a"), Secret::from("a"), "a".into(), "a".to_owned().into(), "a".parse().unwrap()];
        assert!(secrets.iter().all(|secret| *secret == secrets[0] && format!("{secret:#?}") == "Secret(…)"));
        assert_eq!(secrets[0].clone().into_exposed(), "a");
    }
}
