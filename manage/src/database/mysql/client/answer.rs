//! The contents of a server's packets.

use std::ops::Range;

use diesel::mysql::MysqlType;

use super::super::guard::length_encoded;
use super::error::{MALFORMED, Result};

/// The columns of a result.
#[derive(Debug)]
pub(super) struct Columns {
    names: String,
    pub(super) columns: Vec<Column>,
    /// Whether Diesel has a type for each.
    pub(super) are_known: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self { names: String::new(), columns: Vec::new(), are_known: true }
    }
}

#[derive(Debug)]
pub(super) struct Column {
    name: Range<usize>,
    /// How the server sends its values.
    pub(super) code: u8,
    /// The type for Diesel, if it has one.
    pub(super) kind: Option<MysqlType>,
}

impl Columns {
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(self.columns.get(index)?.name.clone())
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| self.names.get(column.name.clone()) == Some(name))
    }

    /// Adds a column from its description: catalogue, schema, table, original table, name, original name, and
    /// then the character set (2 bytes), the length (4), the type (1) and the flags (2).
    pub(super) fn add(&mut self, packet: &[u8]) -> Result<()> {
        let mut rest = packet;
        let mut texts = [&[][..]; 6];
        for text in &mut texts {
            *text = take_text(&mut rest)?;
        }
        let Some(&[code, low, high]) = rest.get(7..10) else { return Err(MALFORMED) };
        let start = self.names.len();
        self.names.push_str(&String::from_utf8_lossy(texts[4]));
        let kind = kind(code, u16::from_le_bytes([low, high]));
        self.are_known &= kind.is_some();
        self.columns.push(Column { name: start..self.names.len(), code, kind });
        Ok(())
    }
}

/// Takes a text, which has its length before it, from the front.
pub(super) fn take_text<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let (length, width) = length_encoded(bytes).ok_or(MALFORMED)?;
    let length = usize::try_from(length).map_err(|_| MALFORMED)?;
    let (text, rest) = bytes[width..].split_at_checked(length).ok_or(MALFORMED)?;
    *bytes = rest;
    Ok(text)
}

/// Returns the number of affected rows of an OK packet.
pub(super) fn affected_rows(packet: &[u8]) -> Result<u64> {
    Ok(packet.get(1..).and_then(length_encoded).ok_or(MALFORMED)?.0)
}

/// The server's types.
pub(super) mod code {
    pub(in super::super) const TINY: u8 = 1;
    pub(in super::super) const SHORT: u8 = 2;
    pub(in super::super) const LONG: u8 = 3;
    pub(in super::super) const FLOAT: u8 = 4;
    pub(in super::super) const DOUBLE: u8 = 5;
    pub(in super::super) const NULL: u8 = 6;
    pub(in super::super) const TIMESTAMP: u8 = 7;
    pub(in super::super) const LONGLONG: u8 = 8;
    pub(in super::super) const INT24: u8 = 9;
    pub(in super::super) const DATE: u8 = 10;
    pub(in super::super) const TIME: u8 = 11;
    pub(in super::super) const DATETIME: u8 = 12;
    pub(in super::super) const YEAR: u8 = 13;
    pub(in super::super) const BIT: u8 = 16;
    pub(in super::super) const NEWDECIMAL: u8 = 246;
    pub(in super::super) const BLOB: u8 = 252;
    pub(in super::super) const STRING: u8 = 254;

    pub(super) const DECIMAL: u8 = 0;
    pub(super) const VARCHAR: u8 = 15;
    pub(super) const JSON: u8 = 245;
    pub(super) const ENUM: u8 = 247;
    pub(super) const SET: u8 = 248;
    pub(super) const TINY_BLOB: u8 = 249;
}

/// Returns Diesel's type of a column.
fn kind(code: u8, flags: u16) -> Option<MysqlType> {
    const UNSIGNED: u16 = 32;
    const BINARY: u16 = 128;
    const ENUM: u16 = 256;
    const SET: u16 = 2048;
    let has = |flag| flags & flag != 0;
    let signed = |signed, unsigned| if has(UNSIGNED) { unsigned } else { signed };
    Some(match code {
        code::DECIMAL | code::NEWDECIMAL => MysqlType::Numeric,
        code::TINY => signed(MysqlType::Tiny, MysqlType::UnsignedTiny),
        code::SHORT | code::YEAR => signed(MysqlType::Short, MysqlType::UnsignedShort),
        code::LONG | code::INT24 => signed(MysqlType::Long, MysqlType::UnsignedLong),
        code::LONGLONG => signed(MysqlType::LongLong, MysqlType::UnsignedLongLong),
        code::FLOAT => MysqlType::Float,
        code::DOUBLE => MysqlType::Double,
        code::TIMESTAMP => MysqlType::Timestamp,
        code::DATE => MysqlType::Date,
        code::TIME => MysqlType::Time,
        code::DATETIME => MysqlType::DateTime,
        code::BIT => MysqlType::Bit,
        code::JSON | code::VARCHAR => MysqlType::String,
        code::ENUM => MysqlType::Enum,
        code::SET => MysqlType::Set,
        code::TINY_BLOB..=code::STRING if has(ENUM) => MysqlType::Enum,
        code::TINY_BLOB..=code::STRING if has(SET) => MysqlType::Set,
        code::TINY_BLOB..=code::STRING if has(BINARY) => MysqlType::Blob,
        code::TINY_BLOB..=code::STRING => MysqlType::String,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, code: u8, flags: u16) -> Vec<u8> {
        let length = u8::try_from(name.len()).expect("a short name");
        let [low, high] = flags.to_le_bytes();
        [
            &b"\x03def\0\0\0"[..],
            &[length],
            name.as_bytes(),
            &[0, 0x0c, 0x2d, 0, 1, 0, 0, 0, code, low, high, 0, 0, 0],
        ]
        .concat()
    }

    #[test]
    fn a_column_has_a_name_and_a_type() {
        let mut columns = Columns::default();
        for (name, code, flags) in [("id", code::LONG, 32), ("näme", code::STRING, 0), ("place", 255, 0)] {
            columns.add(&column(name, code, flags)).expect("a column");
        }
        let kinds: Vec<_> = columns.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [Some(MysqlType::UnsignedLong), Some(MysqlType::String), None]);
        assert_eq!(columns.position("näme"), Some(1));
        assert_eq!(columns.name(2), Some("place"));
        assert_eq!(columns.name(3), None);
    }

    #[test]
    fn a_part_of_a_column_is_refused() {
        let whole = column("id", code::LONG, 0);
        for end in 0..whole.len() - 3 {
            assert!(Columns::default().add(&whole[..end]).is_err(), "{end}");
        }
    }
}
