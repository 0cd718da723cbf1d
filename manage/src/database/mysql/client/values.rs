//! The values that are bound to a statement. Diesel writes them as libmysqlclient's C types; the server reads
//! little-endian numbers, texts with their length, and dates in parts.

use std::mem::{offset_of, size_of};

use diesel::mysql::data_types::MysqlTime;
use diesel::mysql::{Mysql, MysqlType};
use diesel::query_builder::bind_collector::RawBytesBindCollector;

use super::answer::code;

/// Marks a number as unsigned.
const UNSIGNED: u8 = 0x80;

/// The values of a statement.
pub(super) struct Values {
    kinds: Vec<MysqlType>,
    values: Vec<Option<Vec<u8>>>,
}

impl From<RawBytesBindCollector<Mysql>> for Values {
    fn from(collected: RawBytesBindCollector<Mysql>) -> Self {
        Self { kinds: collected.metadata, values: collected.binds }
    }
}

impl Values {
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { kinds: Vec::new(), values: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    fn each(&self) -> impl Iterator<Item = (MysqlType, Option<&[u8]>)> {
        self.kinds.iter().copied().zip(self.values.iter().map(Option::as_deref))
    }

    /// Returns the texts and binary values above a length, with their numbers.
    pub(super) fn longer_than(&self, length: usize) -> impl Iterator<Item = (u16, &[u8])> {
        (0..).zip(self.each()).filter_map(move |(index, (kind, value))| {
            Some((index, value.filter(|value| is_text(kind) && value.len() > length)?))
        })
    }

    /// Writes the body of a command that executes a statement: its number, no cursor, one iteration, which
    /// values are NULL, their types, and those that are not longer than a length.
    pub(super) fn execution(&self, statement: u32, longest: usize, body: &mut Vec<u8>) {
        body.extend_from_slice(&statement.to_le_bytes());
        body.extend_from_slice(&[0, 1, 0, 0, 0]);
        if self.values.is_empty() {
            return;
        }
        let nulls = body.len();
        body.resize(nulls + self.values.len().div_ceil(8), 0);
        for (index, _) in self.values.iter().enumerate().filter(|(_, value)| value.is_none()) {
            body[nulls + index / 8] |= 1 << (index % 8);
        }
        body.push(1);
        for kind in &self.kinds {
            body.extend_from_slice(&wire_type(*kind));
        }
        for (kind, value) in self.each() {
            match value {
                Some(value) if is_text(kind) && value.len() > longest => {}
                Some(value) => write(kind, value, body),
                None => {}
            }
        }
    }
}

/// Returns whether values of a type are sent with their length.
fn is_text(kind: MysqlType) -> bool {
    matches!(wire_type(kind)[0], code::STRING | code::BLOB | code::BIT | code::NEWDECIMAL)
}

fn wire_type(kind: MysqlType) -> [u8; 2] {
    match kind {
        MysqlType::Tiny => [code::TINY, 0],
        MysqlType::UnsignedTiny => [code::TINY, UNSIGNED],
        MysqlType::Short => [code::SHORT, 0],
        MysqlType::UnsignedShort => [code::SHORT, UNSIGNED],
        MysqlType::Long => [code::LONG, 0],
        MysqlType::UnsignedLong => [code::LONG, UNSIGNED],
        MysqlType::LongLong => [code::LONGLONG, 0],
        MysqlType::UnsignedLongLong => [code::LONGLONG, UNSIGNED],
        MysqlType::Float => [code::FLOAT, 0],
        MysqlType::Double => [code::DOUBLE, 0],
        MysqlType::Time => [code::TIME, 0],
        MysqlType::Date => [code::DATE, 0],
        // MariaDB stores NULL if a `TIMESTAMP` is later than the last one that its own columns of that type can have.
        MysqlType::DateTime | MysqlType::Timestamp => [code::DATETIME, 0],
        MysqlType::Numeric => [code::NEWDECIMAL, 0],
        MysqlType::Blob => [code::BLOB, 0],
        MysqlType::Bit => [code::BIT, 0],
        // Texts, sets, enums, and whatever is added to Diesel.
        _ => [code::STRING, 0],
    }
}

fn write(kind: MysqlType, value: &[u8], body: &mut Vec<u8>) {
    match kind {
        MysqlType::Time => write_time(value, body),
        MysqlType::Date | MysqlType::DateTime | MysqlType::Timestamp => write_date(value, body),
        kind if is_text(kind) => {
            write_length(value.len(), body);
            body.extend_from_slice(value);
        }
        kind => {
            // Diesel writes a `bool` as four bytes, though its type has one.
            let width = width(kind);
            let start = body.len();
            body.extend(value.iter().copied().chain([0; 8]).take(width));
            if cfg!(target_endian = "big") {
                body[start..].reverse();
            }
        }
    }
}

/// Returns the number of bytes of a number.
fn width(kind: MysqlType) -> usize {
    match kind {
        MysqlType::Tiny | MysqlType::UnsignedTiny => 1,
        MysqlType::Short | MysqlType::UnsignedShort => 2,
        MysqlType::Long | MysqlType::UnsignedLong | MysqlType::Float => 4,
        _ => 8,
    }
}

/// Writes a length-encoded integer.
fn write_length(length: usize, body: &mut Vec<u8>) {
    let bytes = (length as u64).to_le_bytes();
    match length {
        0..=250 => body.push(bytes[0]),
        251..=0xffff => body.extend_from_slice(&[0xfc, bytes[0], bytes[1]]),
        0x1_0000..=0xff_ffff => body.extend_from_slice(&[0xfd, bytes[0], bytes[1], bytes[2]]),
        _ => {
            body.push(0xfe);
            body.extend_from_slice(&bytes);
        }
    }
}

/// The fields of a `MysqlTime` that Diesel has written as it is in memory. Its own reading refuses negative
/// times.
struct Time<'a>(&'a [u8]);

impl Time<'_> {
    fn int(&self, at: usize) -> u32 {
        self.0.get(at..at + 4).map_or(0, |bytes| u32::from_ne_bytes(bytes.try_into().expect("four bytes")))
    }

    fn microseconds(&self) -> u32 {
        let at = offset_of!(MysqlTime, second_part);
        // C's `long` has four or eight bytes.
        let width = size_of::<std::ffi::c_ulong>();
        if cfg!(target_endian = "big") { self.int(at + width - 4) } else { self.int(at) }
    }

    fn is_negative(&self) -> bool {
        self.0.get(offset_of!(MysqlTime, neg)).is_some_and(|byte| *byte != 0)
    }

    fn hour(&self) -> u32 {
        self.int(offset_of!(MysqlTime, hour))
    }

    fn minute_and_second(&self) -> [u8; 2] {
        [self.int(offset_of!(MysqlTime, minute)), self.int(offset_of!(MysqlTime, second))].map(low)
    }
}

/// The parts of a date are small.
fn low(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn write_date(value: &[u8], body: &mut Vec<u8>) {
    let time = Time(value);
    let year = u16::try_from(time.int(offset_of!(MysqlTime, year))).unwrap_or(u16::MAX).to_le_bytes();
    let [month, day] = [offset_of!(MysqlTime, month), offset_of!(MysqlTime, day)].map(|at| low(time.int(at)));
    let [minute, second] = time.minute_and_second();
    body.extend_from_slice(&[11, year[0], year[1], month, day, low(time.hour()), minute, second]);
    body.extend_from_slice(&time.microseconds().to_le_bytes());
}

fn write_time(value: &[u8], body: &mut Vec<u8>) {
    let time = Time(value);
    let days = time.int(offset_of!(MysqlTime, day)).saturating_add(time.hour() / 24).to_le_bytes();
    let [minute, second] = time.minute_and_second();
    body.extend_from_slice(&[12, u8::from(time.is_negative())]);
    body.extend_from_slice(&days);
    body.extend_from_slice(&[low(time.hour() % 24), minute, second]);
    body.extend_from_slice(&time.microseconds().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use diesel::mysql::data_types::MysqlTimestampType;

    use super::*;

    fn written(kind: MysqlType, value: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        write(kind, value, &mut body);
        body
    }

    fn time(negative: bool) -> Vec<u8> {
        let kind = MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME;
        MysqlTime::new(2026, 11, 26, 49, 8, 7, 654_321, negative, kind, 0).serialize().to_vec()
    }

    #[test]
    fn numbers_and_texts_are_written_for_the_server() {
        assert_eq!(written(MysqlType::Long, &258_i32.to_ne_bytes()), [2, 1, 0, 0]);
        assert_eq!(written(MysqlType::UnsignedTiny, &[7]), [7]);
        assert_eq!(written(MysqlType::Tiny, &1_i32.to_le_bytes()), [1]);
        assert_eq!(written(MysqlType::String, b"abc"), b"\x03abc");
        for (length, head) in [
            (250, &[250][..]),
            (251, &[0xfc, 251, 0]),
            (0xffff, &[0xfc, 0xff, 0xff]),
            (0x1_0000, &[0xfd, 0, 0, 1]),
        ] {
            assert_eq!(written(MysqlType::Blob, &vec![0; length])[..head.len()], *head, "{length}");
        }
    }

    #[test]
    fn dates_and_times_are_written_in_parts() {
        let parts = [&[11, 0xea, 7, 11, 26, 49, 8, 7][..], &654_321_u32.to_le_bytes()].concat();
        assert_eq!(written(MysqlType::Timestamp, &time(false)), parts);
        let parts = [&[12, 1, 28, 0, 0, 0, 1, 8, 7][..], &654_321_u32.to_le_bytes()].concat();
        assert_eq!(written(MysqlType::Time, &time(true)), parts);
    }

    #[test]
    fn an_execution_has_nulls_types_and_short_values() {
        let values = Values {
            kinds: vec![MysqlType::UnsignedShort, MysqlType::String, MysqlType::Blob],
            values: vec![None, Some(b"ab".to_vec()), Some(b"long".to_vec())],
        };
        let mut body = Vec::new();
        values.execution(5, 3, &mut body);
        let head = [5, 0, 0, 0, 0, 1, 0, 0, 0];
        assert_eq!(body, [&head[..], &[1, 1, 2, 0x80, 254, 0, 252, 0], b"\x02ab"].concat());
        assert_eq!(values.longer_than(3).collect::<Vec<_>>(), [(2, &b"long"[..])]);
    }
}
