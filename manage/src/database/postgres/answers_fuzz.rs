//! Whatever bytes a server sends, they are answers or an error.

use manage_test_support::fuzz::Fuzz;
use manage_test_support::fuzz::proptest::collection::vec;
use manage_test_support::fuzz::proptest::prelude::*;

use diesel::row::{Field as _, Row as _};

use super::*;
use crate::database::postgres::row::PostgresRow;
use crate::database::postgres::wire::fields;

/// Messages, most of them with a length that is theirs, and bodies of small numbers, zeros and letters.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![9 => prop::sample::select(b"12TnCIDEGHZ3tsNASdc".to_vec()), 1 => any::<u8>()];
    let byte = prop_oneof![4 => 0_u8..3, 2 => prop::sample::select(b"aCM25T".to_vec()), 1 => any::<u8>()];
    let length = prop_oneof![8 => Just(None), 1 => any::<u32>().prop_map(Some)];
    let message = (kind, length, vec(byte, 0..60)).prop_map(|(kind, length, body)| {
        let length = length.unwrap_or(u32::try_from(body.len() + 4).unwrap_or_default());
        [&[kind][..], &length.to_be_bytes(), &body].concat()
    });
    vec(message, 0..6).prop_map(|messages| messages.concat())
}

#[test]
fn any_bytes_are_answers_or_an_error() {
    let target = Fuzz::new(env!("CARGO_MANIFEST_DIR"), "postgres_answers");
    target.bytes(messages(), |bytes| {
        let mut input = BytesMut::from(bytes);
        let mut columns = Arc::default();
        loop {
            let before = input.len();
            match take(&mut input) {
                Ok(None) if missing(&input) == 0 => return Err("a complete message was not taken".to_owned()),
                Ok(None) | Err(_) => return Ok(()),
                Ok(Some(_)) if input.len() >= before => return Err("nothing was taken".to_owned()),
                Ok(Some(Answer::Columns(described))) => columns = described,
                Ok(Some(Answer::Row(body))) => {
                    let Ok(row) = PostgresRow::parse(&columns, body) else { continue };
                    for index in (0..row.field_count()).rev() {
                        let field = row.get(index).ok_or("a field is missing")?;
                        let _ = (field.value().map(|value| value.as_bytes().len()), field.field_name());
                    }
                }
                Ok(Some(Answer::Failed(body))) => drop(fields(&body, None)),
                Ok(Some(_)) => {}
            }
        }
    });
}
