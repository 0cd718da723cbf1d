//! The rows of any backend.

use std::ops::Range;

use diesel::QueryResult;
use diesel::connection::LoadConnection;
use diesel::row::{Field as DieselField, PartialRow, Row as DieselRow, RowIndex, RowSealed};

use super::multi::{MultiBackend, RawValue};
#[cfg(feature = "mysql")]
use crate::database::MysqlConnection;
#[cfg(feature = "postgres")]
use crate::database::PostgresConnection;
#[cfg(feature = "sqlite")]
use crate::database::SqliteConnection;

type RowOf<'conn, 'query, C> = <C as LoadConnection>::Row<'conn, 'query>;
type FieldOf<'a, C> = <RowOf<'a, 'a, C> as DieselRow<'a, <C as diesel::Connection>::Backend>>::Field<'a>;

/// Declares an enum with a variant for each backend.
macro_rules! one_of {
    ($(#[$attribute:meta])* $name:ident<$($lifetime:lifetime),+>, $inner:ident) => {
        $(#[$attribute])*
        #[expect(missing_debug_implementations, reason = "the drivers' types have none")]
        pub enum $name<$($lifetime),+> {
            #[cfg(feature = "sqlite")]
            Sqlite($inner<$($lifetime,)+ SqliteConnection>),
            #[cfg(feature = "postgres")]
            Postgres($inner<$($lifetime,)+ PostgresConnection>),
            #[cfg(feature = "mysql")]
            Mysql($inner<$($lifetime,)+ MysqlConnection>),
        }
    };
}

type CursorOf<'conn, 'query, C> = <C as LoadConnection>::Cursor<'conn, 'query>;

one_of!(
    /// The rows of a query.
    Cursor<'conn, 'query>, CursorOf
);
one_of!(
    /// A row of a query.
    Row<'conn, 'query>, RowOf
);
one_of!(
    /// A value in a row.
    Field<'a>, FieldOf
);

/// Evaluates an expression for the content of whichever variant it is.
macro_rules! each {
    ($value:expr, $type:ident::$inner:ident => $result:expr) => {
        match $value {
            #[cfg(feature = "sqlite")]
            $type::Sqlite($inner) => $result,
            #[cfg(feature = "postgres")]
            $type::Postgres($inner) => $result,
            #[cfg(feature = "mysql")]
            $type::Mysql($inner) => $result,
        }
    };
}

/// Evaluates an expression for the content of whichever variant it is, into the same variant of another enum.
///
/// Only SQLite's is evaluated in place. If all of them were, the compiler would take their results apart and put
/// them together again, word by word, and the processor waits for each word that it reads in another size than
/// it was written. No round trip hides that on SQLite: loading rows took 1.4 times as long. A call costs the
/// others one or two nanoseconds.
macro_rules! map_each {
    ($value:expr, $type:ident::$inner:ident => $result:expr => $into:ident, otherwise $servers:expr) => {
        match $value {
            #[cfg(feature = "sqlite")]
            $type::Sqlite($inner) => $result.map($into::Sqlite),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => $servers,
        }
    };
}

/// Does what [`map_each`] does, for servers.
#[cfg(any(feature = "postgres", feature = "mysql"))]
macro_rules! map_servers {
    ($value:expr, $type:ident::$inner:ident => $result:expr => $into:ident) => {
        match $value {
            #[cfg(feature = "sqlite")]
            $type::Sqlite(_) => return None,
            #[cfg(feature = "postgres")]
            $type::Postgres($inner) => $result.map($into::Postgres),
            #[cfg(feature = "mysql")]
            $type::Mysql($inner) => $result.map($into::Mysql),
        }
    };
}

impl<'conn, 'query> Iterator for Cursor<'conn, 'query> {
    type Item = QueryResult<Row<'conn, 'query>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some(map_each!(self, Self::rows => rows.next()? => Row, otherwise self.next_of_server()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        each!(self, Self::rows => rows.size_hint())
    }
}

impl RowSealed for Row<'_, '_> {}

impl RowIndex<usize> for Row<'_, '_> {
    #[inline]
    fn idx(&self, index: usize) -> Option<usize> {
        each!(self, Self::row => row.idx(index))
    }
}

impl<'name> RowIndex<&'name str> for Row<'_, '_> {
    #[inline]
    fn idx(&self, name: &'name str) -> Option<usize> {
        each!(self, Self::row => row.idx(name))
    }
}

impl<'conn> DieselRow<'conn, MultiBackend> for Row<'conn, '_> {
    type Field<'a>
        = Field<'a>
    where
        'conn: 'a,
        Self: 'a;
    type InnerPartialRow = Self;

    #[inline]
    fn field_count(&self) -> usize {
        each!(self, Self::row => row.field_count())
    }

    #[inline]
    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'conn: 'b,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        map_each!(self, Self::row => row.get(index) => Field, otherwise self.field_of_server(index))
    }

    #[inline]
    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

impl DieselField<'_, MultiBackend> for Field<'_> {
    #[inline]
    fn field_name(&self) -> Option<&str> {
        each!(self, Self::field => field.field_name())
    }

    #[inline]
    fn value(&self) -> Option<RawValue<'_>> {
        map_each!(self, Self::field => field.value() => RawValue, otherwise self.value_of_server())
    }

    #[inline]
    fn is_null(&self) -> bool {
        each!(self, Self::field => field.is_null())
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<'conn, 'query> Cursor<'conn, 'query> {
    #[inline(never)]
    fn next_of_server(&mut self) -> Option<QueryResult<Row<'conn, 'query>>> {
        Some(map_servers!(self, Self::rows => rows.next()? => Row))
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Row<'_, '_> {
    #[inline(never)]
    fn field_of_server(&self, index: usize) -> Option<Field<'_>> {
        map_servers!(self, Self::row => row.get(index) => Field)
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Field<'_> {
    #[inline(never)]
    fn value_of_server(&self) -> Option<RawValue<'_>> {
        map_servers!(self, Self::field => field.value() => RawValue)
    }
}
