//! Inserting many rows by one statement: `insert_into(table).values(&rows)`.
//!
//! Diesel runs it for any backend whose own statement takes all rows. On SQLite that depends on the rows, and
//! on every backend on their number, so what follows divides them.

use diesel::connection::LoadConnection as _;
use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::insertable::InsertValues;
use diesel::query_builder::{
    AstPass, BatchInsert, InsertStatement, Query, QueryBuilder as _, QueryFragment, QueryId, ReturningClause,
    ValuesClause,
};
use diesel::query_dsl::CompatibleType;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::query_source::QuerySource;
use diesel::result::Error;
use diesel::sql_types::Untyped;
use diesel::{Connection as _, QueryResult, Table};

use super::Connection;
use super::multi::{Binds, Builder, MultiBackend};
use super::query::sql;
use crate::settings::Backend;

/// The most parameters of a statement: in PostgreSQL's and MySQL's protocols a count of 16 bits, in SQLite a
/// limit of the library.
fn most_parameters(backend: Backend) -> usize {
    match backend {
        Backend::Sqlite => 32_766,
        _ => 65_535,
    }
}

/// `INSERT` of some rows, whose columns are the same.
struct Statement<'a, From, V, Tab, Op, Ret> {
    operator: &'a Op,
    table: &'a From,
    rows: &'a [ValuesClause<V, Tab>],
    returning: &'a Ret,
}

impl<From, V, Tab, Op, Ret> Clone for Statement<'_, From, V, Tab, Op, Ret> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<From, V, Tab, Op, Ret> Copy for Statement<'_, From, V, Tab, Op, Ret> {}

impl<From, V, Tab, Op, Ret> QueryFragment<MultiBackend> for Statement<'_, From, V, Tab, Op, Ret>
where
    From: QueryFragment<MultiBackend>,
    V: QueryFragment<MultiBackend>,
    ValuesClause<V, Tab>: QueryFragment<MultiBackend>,
    Op: QueryFragment<MultiBackend>,
    Ret: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // The number of rows makes it one of many texts.
        out.unsafe_to_cache_prepared();
        self.operator.walk_ast(out.reborrow())?;
        out.push_sql(" INTO ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" ");
        if let Some((first, others)) = self.rows.split_first() {
            first.walk_ast(out.reborrow())?;
            for row in others {
                out.push_sql(", (");
                row.values.walk_ast(out.reborrow())?;
                out.push_sql(")");
            }
        }
        self.returning.walk_ast(out)
    }
}

/// A statement with its SQL text, which is built only once.
struct Written<S> {
    statement: S,
    sql: String,
}

/// The next statement of several, if there is one.
type Next<'a, From, V, Tab, Op, Ret> = Option<Written<Statement<'a, From, V, Tab, Op, Ret>>>;

impl<S: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Written<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.statement.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut Builder, _: &MultiBackend) -> QueryResult<()> {
        out.push_sql(&self.sql);
        Ok(())
    }

    fn collect_binds<'b>(
        &'b self,
        out: &mut Binds<'b>,
        lookup: &mut (dyn std::any::Any + 'static),
        backend: &'b MultiBackend,
    ) -> QueryResult<()> {
        self.statement.collect_binds(out, lookup, backend)
    }

    fn is_safe_to_cache_prepared(&self, _: &MultiBackend) -> QueryResult<bool> {
        Ok(false)
    }

    fn is_noop(&self, _: &MultiBackend) -> QueryResult<bool> {
        Ok(false)
    }
}

impl<S> QueryId for Written<S> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S> Query for Written<S> {
    type SqlType = Untyped;
}

/// The names of the columns for which a row has values.
struct Columns<'a, V, Tab>(&'a ValuesClause<V, Tab>);

impl<V: InsertValues<MultiBackend, Tab>, Tab: Table> QueryFragment<MultiBackend> for Columns<'_, V, Tab> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.values.column_names(out)
    }
}

/// Divides rows into as few statements as possible.
struct Division<'a, From, V, Tab, Op, Ret> {
    /// A statement of all rows that are left.
    rest: Statement<'a, From, V, Tab, Op, Ret>,
    backend: Backend,
    dialect: MultiBackend,
}

impl<'a, From, V, Tab, Op, Ret> Division<'a, From, V, Tab, Op, Ret>
where
    From: QueryFragment<MultiBackend>,
    V: InsertValues<MultiBackend, Tab> + QueryId,
    Tab: Table,
    ValuesClause<V, Tab>: QueryFragment<MultiBackend>,
    Op: QueryFragment<MultiBackend>,
    Ret: QueryFragment<MultiBackend>,
{
    fn new(rest: Statement<'a, From, V, Tab, Op, Ret>, connection: &Connection) -> Self {
        Self { rest, backend: connection.backend(), dialect: connection.multi_backend() }
    }

    /// Returns the next statement, or `None` after the last.
    fn next(&mut self) -> QueryResult<Next<'a, From, V, Tab, Op, Ret>> {
        let rows = self.rest.rows;
        let Some(first) = rows.first() else { return Ok(None) };
        let multi = &self.dialect;
        let columns = sql(&Columns(first), multi)?;
        let first_alone = sql(&Statement { rows: &rows[..1], ..self.rest }, multi)?;
        // A default value has no parameter here, but may have one in other rows.
        let at_most = parameters(&first_alone).max(columns.matches(',').count() + 1);
        let mut count = if columns.is_empty() {
            // `DEFAULT VALUES` is one row.
            1
        } else {
            rows.len().min((most_parameters(self.backend) / at_most).max(1))
        };
        // SQLite has no keyword for a default value: the row leaves out the column. Values with a static query
        // ID always have the same SQL.
        if self.backend == Backend::Sqlite && !V::HAS_STATIC_QUERY_ID {
            let mut same = 1;
            while same < count && sql(&Columns(&rows[same]), multi)? == columns {
                same += 1;
            }
            count = same;
        }
        loop {
            let (these, others) = rows.split_at(count);
            let statement = Statement { rows: these, ..self.rest };
            let sql = if count == 1 { first_alone.clone() } else { sql(&statement, multi)? };
            // Expressions may have more parameters than those of the first row.
            if count > 1 && parameters(&sql) > most_parameters(self.backend) {
                count /= 2;
                continue;
            }
            self.rest.rows = others;
            return Ok(Some(Written { statement, sql }));
        }
    }

    /// Runs a function with each statement; with several of them in a transaction.
    fn run(
        mut self,
        connection: &mut Connection,
        mut run: impl FnMut(&mut Connection, Written<Statement<'a, From, V, Tab, Op, Ret>>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        let Some(first) = self.next()? else { return Ok(()) };
        if self.rest.rows.is_empty() {
            return run(connection, first);
        }
        connection.transaction(|connection| {
            run(connection, first)?;
            while let Some(statement) = self.next()? {
                run(connection, statement)?;
            }
            Ok(())
        })
    }
}

/// Returns an upper limit of the parameters in an SQL text: a text or a name may contain their characters.
fn parameters(sql: &str) -> usize {
    sql.bytes().filter(|byte| matches!(byte, b'?' | b'$')).count()
}

impl<T, V, QId, Op, const STATIC: bool> ExecuteDsl<Connection, MultiBackend>
    for InsertStatement<T, BatchInsert<Vec<ValuesClause<V, T>>, T, QId, STATIC>, Op>
where
    T: Table,
    <T as QuerySource>::FromClause: QueryFragment<MultiBackend>,
    V: InsertValues<MultiBackend, T> + QueryId,
    ValuesClause<V, T>: QueryFragment<MultiBackend>,
    Op: QueryFragment<MultiBackend>,
{
    fn execute(query: Self, connection: &mut Connection) -> QueryResult<usize> {
        let table = query.target.from_clause();
        let rows = &query.records.values[..];
        let statement = Statement { operator: &query.operator, table: &table, rows, returning: &() };
        let mut inserted = 0;
        Division::new(statement, connection).run(connection, |connection, statement| {
            inserted += connection.execute_returning_count(&statement)?;
            Ok(())
        })?;
        Ok(inserted)
    }
}

/// An insert of many rows that returns something of each: the argument of
/// [`Connection::insert_returning`](super::Connection::insert_returning).
#[diagnostic::on_unimplemented(
    message = "`insert_returning` cannot run this statement and load `{U}` from it",
    label = "not an insert of many rows with a `RETURNING` clause that results in `{U}`",
    note = "it runs `insert_into(table).values(&rows).returning(columns)`; the columns must match `{U}`",
    note = "Diesel has no `RETURNING` for MySQL, so a program with this crate's feature `mysql` cannot use it"
)]
pub trait InsertReturning<U> {
    /// Runs the statement.
    #[doc(hidden)]
    fn load_all(self, connection: &mut Connection) -> QueryResult<Vec<U>>;
}

impl<T, V, QId, Op, Ret, U, const STATIC: bool> InsertReturning<U>
    for InsertStatement<T, BatchInsert<Vec<ValuesClause<V, T>>, T, QId, STATIC>, Op, ReturningClause<Ret>>
where
    T: Table,
    <T as QuerySource>::FromClause: QueryFragment<MultiBackend>,
    V: InsertValues<MultiBackend, T> + QueryId,
    ValuesClause<V, T>: QueryFragment<MultiBackend>,
    Op: QueryFragment<MultiBackend>,
    Ret: Expression,
    ReturningClause<Ret>: QueryFragment<MultiBackend>,
    Ret::SqlType: CompatibleType<U, MultiBackend>,
    U: FromSqlRow<<Ret::SqlType as CompatibleType<U, MultiBackend>>::SqlType, MultiBackend>,
{
    fn load_all(self, connection: &mut Connection) -> QueryResult<Vec<U>> {
        let table = self.target.from_clause();
        let rows = &self.records.values[..];
        let statement =
            Statement { operator: &self.operator, table: &table, rows, returning: &self.returning };
        let mut loaded = Vec::with_capacity(rows.len());
        Division::new(statement, connection).run(connection, |connection, statement| {
            for row in connection.load(statement)? {
                loaded.push(U::build_from_row(&row?).map_err(Error::DeserializationError)?);
            }
            Ok(())
        })?;
        Ok(loaded)
    }
}
