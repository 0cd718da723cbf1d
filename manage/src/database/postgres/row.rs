//! The rows of a result, in the binary format of the protocol.

use std::cell::Cell;
use std::io;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use diesel::pg::{Pg, PgValue};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};

/// The columns of a result.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// All names, one after the other.
    names: String,
    /// Where each name ends, and the type of its values.
    columns: Vec<(usize, NonZeroU32)>,
}

impl Columns {
    /// Parses a RowDescription.
    pub(super) fn parse(body: &[u8]) -> io::Result<Self> {
        /// What follows a name: table, column, type, size, modifier, format.
        const REST: usize = 18;
        let (count, mut rest) = body.split_first_chunk::<2>().ok_or_else(malformed)?;
        let mut columns = Self::default();
        for _ in 0..u16::from_be_bytes(*count) {
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
            let (name, fields) = (&rest[..end], &rest[end + 1..]);
            let fields = fields.get(..REST).ok_or_else(malformed)?;
            let oid = <[u8; 4]>::try_from(&fields[6..10]).map_err(|_| malformed())?;
            let oid = NonZeroU32::new(u32::from_be_bytes(oid)).ok_or_else(malformed)?;
            columns.names.push_str(&String::from_utf8_lossy(name));
            columns.columns.push((columns.names.len(), oid));
            rest = &rest[end + 1 + REST..];
        }
        Ok(columns)
    }

    fn name(&self, index: usize) -> Option<&str> {
        let start = match index.checked_sub(1) {
            Some(before) => self.columns.get(before)?.0,
            None => 0,
        };
        self.names.get(start..self.columns.get(index)?.0)
    }

    fn len(&self) -> usize {
        self.columns.len()
    }
}

/// One row of a result.
#[derive(Debug)]
pub struct PostgresRow {
    columns: Arc<Columns>,
    /// The values: each has a length, which is -1 for NULL.
    values: Bytes,
    /// A column and the place of its value. Columns are mostly read in order.
    last: Cell<(usize, usize)>,
}

impl PostgresRow {
    /// Parses a DataRow. Afterwards each value is known to be complete.
    pub(super) fn parse(columns: &Arc<Columns>, mut body: Bytes) -> io::Result<Self> {
        let count = body.first_chunk::<2>().ok_or_else(malformed)?;
        if usize::from(u16::from_be_bytes(*count)) != columns.len() {
            return Err(malformed());
        }
        body.advance(2);
        let row = Self { columns: Arc::clone(columns), values: body, last: Cell::new((0, 0)) };
        let mut place = 0;
        for _ in 0..columns.len() {
            place = row.value_at(place).ok_or_else(malformed)?.end;
        }
        if place == row.values.len() { Ok(row) } else { Err(malformed()) }
    }

    /// Returns where the value at this place is, which is empty for NULL.
    fn value_at(&self, place: usize) -> Option<Value> {
        let length = self.values.get(place..)?.first_chunk::<4>()?;
        let start = place + 4;
        match i32::from_be_bytes(*length) {
            -1 => Some(Value { range: None, end: start }),
            length => {
                let end = start.checked_add(usize::try_from(length).ok()?)?;
                (end <= self.values.len()).then_some(Value { range: Some(start..end), end })
            }
        }
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        let (mut column, mut place) = self.last.get();
        if column > index {
            (column, place) = (0, 0);
        }
        while column < index {
            place = self.value_at(place)?.end;
            column += 1;
        }
        self.last.set((column, place));
        self.values.get(self.value_at(place)?.range?)
    }
}

struct Value {
    range: Option<Range<usize>>,
    end: usize,
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a row does not have the described columns")
}

impl RowSealed for PostgresRow {}

impl<'a> Row<'a, Pg> for PostgresRow {
    type Field<'f>
        = PostgresField<'f>
    where
        'a: 'f,
        Self: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.columns.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        let (_, oid) = *self.columns.columns.get(index)?;
        Some(PostgresField { row: self, index, oid })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self::InnerPartialRow> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PostgresRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.columns.len()).then_some(index)
    }
}

impl<'a> RowIndex<&'a str> for PostgresRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        (0..self.columns.len()).find(|index| self.columns.name(*index) == Some(name))
    }
}

/// One value of a row.
#[derive(Debug)]
pub struct PostgresField<'a> {
    row: &'a PostgresRow,
    index: usize,
    oid: NonZeroU32,
}

impl<'a> Field<'a, Pg> for PostgresField<'a> {
    fn field_name(&self) -> Option<&str> {
        self.row.columns.name(self.index)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        self.row.value(self.index).map(|bytes| PgValue::new(bytes, &self.oid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Arc<Columns> {
        let mut body = u16::try_from(names.len()).expect("few").to_be_bytes().to_vec();
        for name in names {
            body.extend(name.as_bytes());
            body.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0, 4, 0, 0, 0, 0, 0, 1]);
        }
        Arc::new(Columns::parse(&body).expect("columns"))
    }

    fn body(values: &[Option<&[u8]>]) -> Bytes {
        let mut body = u16::try_from(values.len()).expect("few").to_be_bytes().to_vec();
        for value in values {
            let length = value.map_or(-1, |value| i32::try_from(value.len()).expect("short"));
            body.extend(length.to_be_bytes());
            body.extend(value.unwrap_or_default());
        }
        body.into()
    }

    #[test]
    fn values_are_read_in_any_order() {
        let values: [Option<&[u8]>; 3] = [Some(b"one"), None, Some(b"")];
        let row = PostgresRow::parse(&columns(&["a", "bc", "d"]), body(&values)).expect("a row");
        for index in [0, 1, 2, 2, 0, 2, 1, 0] {
            assert_eq!(row.value(index), values[index]);
        }
        assert_eq!((row.idx("bc"), row.idx("b"), row.idx(3)), (Some(1), None, None));
        let field = row.get("d").expect("a field");
        assert_eq!((field.field_name(), field.oid.get()), (Some("d"), 25));
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let (columns, whole) = (columns(&["a", "b"]), body(&[Some(b"one"), Some(b"two")]));
        assert!(PostgresRow::parse(&columns, whole.clone()).is_ok());
        for length in 0..whole.len() {
            assert!(PostgresRow::parse(&columns, whole.slice(..length)).is_err(), "{length} bytes");
        }
        assert!(PostgresRow::parse(&columns, body(&[None])).is_err());
        assert!(Columns::parse(&[0, 1, b'a', 0, 0]).is_err());
    }
}
