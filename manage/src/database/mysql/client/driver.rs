//! A session as a Diesel connection.

use std::any::TypeId;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::statement_cache::QueryFragmentForCachedStatement;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, DynInstrumentation, Instrumentation,
    InstrumentationEvent, LoadConnection, SimpleConnection, StrQueryHelper, TransactionManager as _,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::mysql::Mysql;
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error as QueryError, UnexpectedEndOfRow};
use diesel::{ConnectionResult, QueryResult, RunQueryDsl as _};

use super::super::session::{RESTORE, changes_session};
use super::answer::Columns;
use super::error::{Error, Result};
use super::kill;
use super::row::{self, MysqlRow};
use super::session::{Answer, Session, Statement};
use super::statements::Statements;
use super::values::Values;
use crate::settings::DatabaseSettings;

/// The server knows no statement of this number: its session was reset behind our back.
const UNKNOWN_STATEMENT: u16 = 1243;

/// The server could not prepare the statement again after a change of a table. It has not run.
const NEEDS_PREPARATION: u16 = 1615;

/// All connections together have as many statements as the server allows.
const TOO_MANY_STATEMENTS: u16 = 1461;

/// A session with what Diesel expects of a connection.
pub struct Driver {
    session: Session,
    settings: Arc<DatabaseSettings>,
    statements: Statements,
    transactions: AnsiTransactionManager,
    instrumentation: DynInstrumentation,
    /// Whether a statement has run that may have changed the session's variables.
    is_changed: bool,
    /// The time at which statements fail.
    deadline: Option<Instant>,
}

impl Driver {
    pub(in crate::database::mysql) fn new(settings: Arc<DatabaseSettings>, session: Session) -> Self {
        Self {
            session,
            settings,
            statements: Statements::default(),
            transactions: AnsiTransactionManager::default(),
            instrumentation: DynInstrumentation::default_instrumentation(),
            is_changed: false,
            deadline: None,
        }
    }

    pub(in crate::database::mysql) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Sets or removes the time at which statements fail. The server then ends the one that it runs,
    /// and the session has ended.
    pub(in crate::database::mysql) fn set_deadline(&mut self, deadline: Option<Instant>) {
        if self.deadline.is_some() || deadline.is_some() {
            self.deadline = deadline;
            self.session.set_deadline(deadline);
        }
    }

    pub(in crate::database::mysql) fn statement_canceller(&self) -> Option<Box<dyn Fn() + Send>> {
        let (connection, target) = self.session.place()?.clone();
        let settings = self.settings.clone();
        Some(Box::new(move || {
            kill::kill(&settings, connection, Duration::ZERO, &target, &format!("KILL QUERY {connection}"));
        }))
    }

    /// Calls a function with a time limit of its own.
    pub(in crate::database::mysql) fn within<T>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.session.set_time_limit(Some(limit));
        let result = work(self);
        self.session.set_deadline(self.deadline);
        result
    }

    /// Returns whether the session's variables are as this crate has set them, and no transaction is open.
    pub(in crate::database::mysql) fn is_unchanged(&self) -> bool {
        !self.is_changed && self.session.is_at_rest()
    }

    fn failure(&self, error: Error) -> QueryError {
        error.into_diesel(&self.settings)
    }

    /// Runs the statements of a text.
    fn run(&mut self, sql: &str) -> QueryResult<()> {
        let restores = sql == RESTORE;
        if !restores {
            self.prepare_for_change(sql);
        } else if self.is_changed {
            self.close_all();
        }
        let result = self.session.run(sql);
        self.is_changed &= !(restores && result.is_ok());
        result.map_err(|error| self.failure(error))
    }

    /// Closes the statements that were prepared for another database or other variables, if a text may change
    /// these: a prepared statement does not follow `USE`.
    fn prepare_for_change(&mut self, sql: &str) -> bool {
        let may_change = changes_session(sql);
        if may_change {
            self.is_changed = true;
            self.close_all();
        }
        may_change
    }

    fn close_all(&mut self) {
        for statement in self.statements.clear() {
            self.session.close(statement);
        }
    }

    /// Executes a query, as a statement that is kept if possible.
    fn execute<T>(&mut self, source: &T) -> QueryResult<Answer>
    where
        T: QueryFragment<Mysql> + QueryId,
    {
        self.instrumentation
            .on_connection_event(InstrumentationEvent::start_query(&diesel::debug_query(source)));
        let result = collect(source).and_then(|(id, values)| self.execute_kept(id, source, &values));
        if let Err(QueryError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) = result {
            AnsiTransactionManager::transaction_manager_status_mut(self)
                .set_requires_rollback_maybe_up_to_top_level(true);
        }
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(
            &diesel::debug_query(source),
            result.as_ref().err(),
        ));
        result
    }

    fn execute_kept(
        &mut self,
        id: Option<TypeId>,
        source: &dyn QueryFragmentForCachedStatement<Mysql>,
        values: &Values,
    ) -> QueryResult<Answer> {
        if let Some(statement) = id.and_then(|id| self.statements.of_type(id))
            && let Some(answer) = self.execute_again(statement, values)
        {
            return answer;
        }
        let text = source.construct_sql(&Mysql)?;
        if id.is_none()
            && let Some(statement) = self.statements.of_text(&text)
            && let Some(answer) = self.execute_again(statement, values)
        {
            return answer;
        }
        // A statement that changes the session must be noticed each time.
        let is_kept = !self.prepare_for_change(&text) && self.statements.accepts(&text, values.len());
        let statement = self.prepare(&text).map_err(|error| self.failure(error))?;
        if is_kept {
            self.instrumentation.on_connection_event(InstrumentationEvent::cache_query(&text));
            if let Some(replaced) = self.statements.keep(id, &text, statement) {
                self.session.close(replaced);
            }
        }
        let answer = self.session.execute(statement, values);
        if !is_kept {
            self.session.close(statement);
        }
        answer.map_err(|error| self.failure(error))
    }

    /// Executes a statement that was kept, unless the server does not know it any more.
    fn execute_again(&mut self, statement: Statement, values: &Values) -> Option<QueryResult<Answer>> {
        let answer = self.session.execute(statement, values);
        match answer.as_ref().err().and_then(Error::number) {
            Some(UNKNOWN_STATEMENT) => self.statements.forget(statement),
            Some(NEEDS_PREPARATION) => {
                self.statements.forget(statement);
                self.session.close(statement);
            }
            _ => return Some(answer.map_err(|error| self.failure(error))),
        }
        None
    }

    fn prepare(&mut self, text: &str) -> Result<Statement> {
        let prepared = self.session.prepare(text);
        match &prepared {
            Err(error) if error.number() == Some(TOO_MANY_STATEMENTS) => {
                self.close_all();
                self.session.prepare(text)
            }
            _ => prepared,
        }
    }

    /// Reads the next row into the buffers of the previous one, unless somebody still has it.
    fn next_row(
        &mut self,
        values: &mut Rc<row::Values>,
        columns: &Rc<Columns>,
    ) -> QueryResult<Option<MysqlRow>> {
        if Rc::get_mut(values).is_none() {
            *values = Rc::default();
        }
        let buffers = Rc::get_mut(values).expect("nobody else has it");
        let found = self.session.next_row(|packet| buffers.read(packet, columns));
        if found.map_err(|error| error.into_diesel(&self.settings))?.is_none() {
            // The results that may follow belong to the same statement, and so do their errors.
            self.session.finish_results().map_err(|error| error.into_diesel(&self.settings))?;
            return Ok(None);
        }
        if let Some(number) = buffers.unknown_column(columns) {
            let message = format!("column {number} of the result has a type that Diesel cannot read here");
            return Err(QueryError::DeserializationError(message.into()));
        }
        Ok(Some(MysqlRow::new(Rc::clone(values), Rc::clone(columns))))
    }
}

/// Returns the values of a query, and its type if the text depends on that alone.
fn collect<T>(source: &T) -> QueryResult<(Option<TypeId>, Values)>
where
    T: QueryFragment<Mysql> + QueryId,
{
    let mut values = RawBytesBindCollector::<Mysql>::new();
    source.collect_binds(&mut values, &mut (), &Mysql)?;
    let is_safe = QueryFragment::is_safe_to_cache_prepared(source, &Mysql)?;
    Ok((T::query_id().filter(|_| is_safe), values.into()))
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now())
            && self.session.has_timed_out()
            && let Some(time) = self.session.runs_for()
            && let Some((connection, target)) = self.session.place()
        {
            kill::kill_statement(&self.settings, *connection, time, target);
        }
    }
}

impl SimpleConnection for Driver {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let text = StrQueryHelper::new(query);
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&text));
        let result = self.run(query);
        self.instrumentation
            .on_connection_event(InstrumentationEvent::finish_query(&text, result.as_ref().err()));
        result
    }
}

impl ConnectionSealed for Driver {}

impl Connection for Driver {
    type Backend = Mysql;
    type TransactionManager = AnsiTransactionManager;

    /// Settings open it, not a URL.
    fn establish(_: &str) -> ConnectionResult<Self> {
        let message = "a session is opened by the settings of a database";
        Err(diesel::ConnectionError::InvalidConnectionUrl(message.to_owned()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Mysql> + QueryId,
    {
        let affected = match self.execute(source)? {
            Answer::Done { affected } => affected,
            Answer::Rows(_) => 0,
        };
        let last = self.session.finish_results().map_err(|error| self.failure(error))?;
        usize::try_from(last.unwrap_or(affected))
            .map_err(|error| QueryError::DeserializationError(Box::new(error)))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = instrumentation.into();
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        for statement in self.statements.enable(size != CacheSize::Disabled) {
            self.session.close(statement);
        }
    }
}

impl LoadConnection for Driver {
    type Cursor<'conn, 'query> = MysqlCursor<'conn>;
    type Row<'conn, 'query> = MysqlRow;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<MysqlCursor<'conn>>
    where
        T: Query + QueryFragment<Mysql> + QueryId + 'query,
        Mysql: QueryMetadata<T::SqlType>,
    {
        match self.execute(&source)? {
            Answer::Rows(columns) => Ok(MysqlCursor {
                driver: self,
                columns: Rc::new(columns),
                values: Rc::default(),
                is_done: false,
            }),
            Answer::Done { .. } => Err(QueryError::DeserializationError(Box::new(UnexpectedEndOfRow))),
        }
    }
}

impl MigrationConnection for Driver {
    fn setup(&mut self) -> QueryResult<usize> {
        diesel::sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}

/// The rows of a result, which are read from the server one by one.
pub struct MysqlCursor<'conn> {
    driver: &'conn mut Driver,
    columns: Rc<Columns>,
    values: Rc<row::Values>,
    is_done: bool,
}

impl Iterator for MysqlCursor<'_> {
    type Item = QueryResult<MysqlRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let row = self.driver.next_row(&mut self.values, &self.columns).transpose();
        self.is_done = !matches!(row, Some(Ok(_)));
        row
    }
}

impl Drop for MysqlCursor<'_> {
    /// Reads the rows that nobody wanted. Otherwise the server could not go on.
    fn drop(&mut self) {
        // The next statement reports a lost connection.
        let _ = self.driver.session.finish_results();
    }
}
