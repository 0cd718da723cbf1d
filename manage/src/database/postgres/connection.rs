//! PostgreSQL: a session as an ordinary Diesel connection.

use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{AnsiTransactionManager, DynInstrumentation};
use diesel::pg::PgMetadataCache;
use diesel_async::AsyncPgConnection;

use super::by_background::BackgroundDriven;
use super::by_caller::CallerDriven;
use super::driving::SessionDriver as _;
use super::limits::OWN;
use super::open::{RawConnection, excess_error, logged_in};
use super::protocol::Protocol;
use super::statements::Statements;
use super::wire::Wire;
use crate::database::delegate::ErrorDetails as _;
use crate::database::instrument::{instrumented, reported};
use crate::database::network::caller;
use crate::database::{ConnectError, Reason, ServerError, deadline};
use crate::profile::setting_up;
use crate::settings::DatabaseSettings;

/// A connection to a PostgreSQL server, in pure Rust.
///
/// It keeps up to 256 prepared statements on the server: those that Diesel considers safe to cache, and those
/// whose text is executed again, such as inserts and updates. Texts longer than 16 KiB and statements with
/// more than 100 parameters are not kept. Each statement takes one round trip; the first kept one inside a
/// transaction takes two, the first of which detects a pooler. If a pooler moves the connection between server
/// sessions, nothing fails for it. If statements are deallocated, nothing fails for it that would not fail with
/// libpq.
///
/// Dropping it sends the terminate message, and does not wait for the server.
#[expect(missing_debug_implementations, reason = "Diesel's parts of it have none")]
pub struct PostgresConnection {
    // In boxes, because a `Connection` would be as large for every backend.
    pub(super) protocol: Box<Protocol>,
    pub(super) statements: Box<Statements>,
    pub(super) wire: Wire,
    pub(super) transactions: AnsiTransactionManager,
    pub(super) instrumentation: DynInstrumentation,
    /// Whether an instrumentation is set.
    pub(super) is_observed: bool,
    pub(super) types: PgMetadataCache,
    /// `None` until it is known.
    pub(super) may_change_server_session: Option<bool>,
    /// Whether a statement that reaches the deadline is canceled.
    pub(super) cancels: bool,
}

impl PostgresConnection {
    /// Connects, within the settings' time limit.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        instrumented(settings, || logged_in(settings, async |raw| Self::set_up(settings, raw).await))
    }

    /// Turns a logged-in session into a Diesel connection, with the time zone and the encoding that Diesel's
    /// types rely on.
    async fn set_up(
        settings: &DatabaseSettings,
        mut raw: RawConnection<CallerDriven>,
    ) -> Result<Self, ConnectError> {
        let wire = raw.wire.clone();
        if !wire.is_set_up() {
            raw.session.closes_cleanly(false);
            wire.limit(Some(OWN));
            let set_up = raw.client.batch_execute("SET TIME ZONE 'UTC'; SET CLIENT_ENCODING TO 'UTF8'");
            let set_up = raw.session.drive(set_up).await;
            set_up.map_err(|error| client_error(settings, &wire, &error))?;
        }
        wire.limit(None);
        let protocol = raw.take_over();
        let protocol = protocol
            .ok_or_else(|| ConnectError::new(settings, Reason::Closed, "the connection was closed"))?;
        Ok(Self {
            protocol: Box::new(protocol),
            statements: Box::new(Statements::new()),
            wire,
            transactions: AnsiTransactionManager::default(),
            instrumentation: DynInstrumentation::none(),
            is_observed: false,
            types: PgMetadataCache::new(),
            may_change_server_session: None,
            cancels: false,
        })
    }

    /// Calls a function that runs this crate's own statements, with a time limit for all of them. `None` if
    /// the server did not answer in time, which ends the connection.
    pub(crate) fn within<T>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> Option<QueryResult<T>> {
        self.wire.limit(Some(OWN));
        let own = Instant::now().checked_add(limit);
        let before = std::mem::replace(&mut self.protocol.deadline, own);
        let answer = work(self);
        self.protocol.deadline = before;
        self.wire.limit(None);
        (!self.protocol.was_unanswered).then_some(answer)
    }

    /// Limits the size of the answers to the queries that follow, because this crate's own queries return few
    /// rows. `false` removes the limit.
    pub(crate) fn expect_few_rows(&self, few: bool) {
        self.wire.limit(few.then_some(OWN));
    }
}

/// Opens a diesel-async connection.
pub(super) fn open_driver(settings: &DatabaseSettings) -> Result<AsyncPgConnection, ConnectError> {
    let open = async |raw: RawConnection<BackgroundDriven>| {
        let RawConnection { client, mut session, wire, .. } = raw;
        session.closes_cleanly(false);
        wire.limit(Some(OWN));
        // This also sets the time zone and the encoding.
        let driver = AsyncPgConnection::try_from(client).await;
        let driver = driver.map_err(|error| setup_error(settings, &wire, error))?;
        wire.limit(None);
        session.detach();
        Ok(driver)
    };
    reported(settings, || logged_in(settings, open))
}

impl RawConnection<CallerDriven> {
    /// Sets the session up as [`PostgresConnection::open`] does, within a time limit, and closes it.
    pub(super) fn try_set_up(self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        let set_up = PostgresConnection::set_up(settings, self);
        match setting_up(|| caller::run_until(deadline(limit), set_up)) {
            Some(connection) => connection.map(drop),
            None => Err(ConnectError::unanswered(settings)),
        }
    }
}

/// Returns the error for a logged-in session that cannot be set up.
fn client_error(settings: &DatabaseSettings, wire: &Wire, error: &tokio_postgres::Error) -> ConnectError {
    if let Some(excess) = wire.excess() {
        return excess_error(settings, excess);
    }
    match error.as_db_error() {
        Some(answer) => {
            let code = answer.code().code();
            ConnectError::new(settings, Reason::of_sqlstate(code), answer.message()).with_code(Some(code))
        }
        None => ConnectError::new(settings, Reason::Closed, error.to_string()),
    }
}

/// Returns the error for a session that cannot be turned into a diesel-async connection.
fn setup_error(settings: &DatabaseSettings, wire: &Wire, error: diesel::ConnectionError) -> ConnectError {
    let diesel::ConnectionError::CouldntSetupConfiguration(error) = error else {
        return ConnectError::new(settings, Reason::Closed, error.to_string());
    };
    if let Some(excess) = wire.excess() {
        return excess_error(settings, excess);
    }
    let error = wire.explain(error);
    match ServerError::of(&error) {
        Some(answer) => ConnectError::of_answer(settings, &answer),
        None => ConnectError::new(settings, Reason::Closed, error.to_string()),
    }
}
