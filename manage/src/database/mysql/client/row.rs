//! The rows of a prepared statement, as Diesel reads them.

use std::ops::Range;
use std::rc::Rc;

use diesel::mysql::data_types::{MysqlTime, MysqlTimestampType};
use diesel::mysql::{Mysql, MysqlValue};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};

use super::super::guard::length_encoded;
use super::answer::{Columns, code};
use super::error::{MALFORMED, Result};

/// The values of a row.
#[derive(Debug, Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    /// Where each value is, or `None` for NULL.
    places: Vec<Option<Range<usize>>>,
}

impl Values {
    /// Reads a row: a byte, a bit for each NULL, and the other values. The buffers are used again.
    pub(super) fn read(&mut self, packet: &[u8], columns: &Columns) -> Result<()> {
        self.bytes.clear();
        self.bytes.extend_from_slice(packet);
        self.places.clear();
        let count = columns.columns.len();
        // The first two bits are not used.
        let nulls = packet.get(1..1 + (count + 2).div_ceil(8)).ok_or(MALFORMED)?;
        let mut at = 1 + nulls.len();
        for (index, column) in columns.columns.iter().enumerate() {
            let bit = index + 2;
            let is_null = nulls[bit / 8] & 1 << (bit % 8) != 0;
            let place = if is_null { None } else { self.place(packet, &mut at, column.code)? };
            self.places.push(place);
        }
        Ok(())
    }

    /// Returns the number of the first column with a value that Diesel has no type for, from 1.
    pub(super) fn unknown_column(&self, columns: &Columns) -> Option<usize> {
        if columns.are_known {
            return None;
        }
        let mut values = columns.columns.iter().zip(&self.places);
        Some(1 + values.position(|(column, place)| column.kind.is_none() && place.is_some())?)
    }

    /// Finds a value, and moves behind it.
    fn place(&mut self, packet: &[u8], at: &mut usize, code: u8) -> Result<Option<Range<usize>>> {
        let width = match code {
            code::NULL => return Ok(None),
            code::TINY => 1,
            code::SHORT | code::YEAR => 2,
            code::LONG | code::INT24 | code::FLOAT => 4,
            code::LONGLONG | code::DOUBLE => 8,
            _ => {
                let rest = packet.get(*at..).ok_or(MALFORMED)?;
                let (length, head) = length_encoded(rest).ok_or(MALFORMED)?;
                let length = usize::try_from(length).map_err(|_| MALFORMED)?;
                *at += head;
                let place = take(packet, at, length)?;
                return Ok(Some(match code {
                    code::DATE | code::DATETIME | code::TIMESTAMP => self.add(date(&packet[place])?),
                    code::TIME => self.add(time(&packet[place])?),
                    _ => place,
                }));
            }
        };
        let place = take(packet, at, width)?;
        if cfg!(target_endian = "big") {
            self.bytes[place.clone()].reverse();
        }
        Ok(Some(place))
    }

    /// Adds a date or a time in the form that Diesel reads.
    fn add(&mut self, time: MysqlTime) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&time.serialize());
        start..self.bytes.len()
    }
}

fn take(packet: &[u8], at: &mut usize, length: usize) -> Result<Range<usize>> {
    let end = at.checked_add(length).filter(|end| *end <= packet.len()).ok_or(MALFORMED)?;
    let place = *at..end;
    *at = end;
    Ok(place)
}

fn int(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Reads a date of 0, 4, 7 or 11 bytes.
fn date(bytes: &[u8]) -> Result<MysqlTime> {
    if ![0, 4, 7, 11].contains(&bytes.len()) {
        return Err(MALFORMED);
    }
    let part = |range: Range<usize>| bytes.get(range).map_or(0, int);
    Ok(MysqlTime::new(
        part(0..2),
        part(2..3),
        part(3..4),
        part(4..5),
        part(5..6),
        part(6..7),
        part(7..11).into(),
        false,
        MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME,
        0,
    ))
}

/// Reads a time of 0, 8 or 12 bytes. Its days are hours for Diesel, as for libmysqlclient.
fn time(bytes: &[u8]) -> Result<MysqlTime> {
    if ![0, 8, 12].contains(&bytes.len()) {
        return Err(MALFORMED);
    }
    let part = |range: Range<usize>| bytes.get(range).map_or(0, int);
    Ok(MysqlTime::new(
        0,
        0,
        0,
        part(1..5).saturating_mul(24).saturating_add(part(5..6)),
        part(6..7),
        part(7..8),
        part(8..12).into(),
        part(0..1) != 0,
        MysqlTimestampType::MYSQL_TIMESTAMP_TIME,
        0,
    ))
}

/// A row of a result.
#[derive(Debug)]
pub struct MysqlRow {
    values: Rc<Values>,
    columns: Rc<Columns>,
}

impl MysqlRow {
    pub(super) fn new(values: Rc<Values>, columns: Rc<Columns>) -> Self {
        Self { values, columns }
    }
}

impl RowSealed for MysqlRow {}

impl RowIndex<usize> for MysqlRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.columns.columns.len()).then_some(index)
    }
}

impl RowIndex<&str> for MysqlRow {
    fn idx(&self, name: &str) -> Option<usize> {
        self.columns.position(name)
    }
}

impl<'a> Row<'a, Mysql> for MysqlRow {
    type Field<'f>
        = MysqlField<'f>
    where
        'a: 'f,
        Self: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.columns.columns.len()
    }

    fn get<'f, I>(&'f self, index: I) -> Option<Self::Field<'f>>
    where
        'a: 'f,
        Self: RowIndex<I>,
    {
        Some(MysqlField { row: self, index: self.idx(index)? })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

/// A value of a row.
#[derive(Debug)]
pub struct MysqlField<'a> {
    row: &'a MysqlRow,
    index: usize,
}

impl Field<'_, Mysql> for MysqlField<'_> {
    fn field_name(&self) -> Option<&str> {
        self.row.columns.name(self.index)
    }

    fn value(&self) -> Option<MysqlValue<'_>> {
        let place = self.row.values.places.get(self.index)?.clone()?;
        let kind = self.row.columns.columns.get(self.index)?.kind?;
        Some(MysqlValue::new(self.row.values.bytes.get(place)?, kind))
    }

    fn is_null(&self) -> bool {
        !matches!(self.row.values.places.get(self.index), Some(Some(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_have_parts_or_nothing() {
        let moment = date(&[0xea, 7, 11, 26, 9, 8, 7, 1, 0, 0, 0]).expect("a date");
        assert_eq!((moment.year, moment.month, moment.day), (2026, 11, 26));
        assert_eq!((moment.hour, moment.minute, moment.second, moment.second_part), (9, 8, 7, 1));
        assert_eq!(date(&[]).expect("the zero date").year, 0);
        let long = time(&[1, 2, 0, 0, 0, 1, 8, 7]).expect("a time");
        assert_eq!((long.hour, long.minute, long.second, long.neg), (49, 8, 7, true));
        assert!(date(&[1]).is_err() && time(&[0; 9]).is_err());
    }
}
