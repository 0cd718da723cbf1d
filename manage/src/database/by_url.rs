//! Connections that Diesel itself opens, from a URL.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use diesel::ConnectionError;
use diesel::connection::TransactionManager as _;

use super::delegate::{ErrorDetails as _, NoDetails};
use super::{Connect, ConnectError, MYSQL_SESSION, MYSQL_USED_SESSION, Poolable, Reason};
use crate::profile::setting_up;
use crate::settings::{Backend, DatabaseSettings, Secret};

/// A connection of any type that Diesel opens by URL: `diesel::PgConnection` and `diesel::MysqlConnection`,
/// which use the C libraries, or one of another library. It is a Diesel connection itself.
///
/// ```no_run
/// # #[cfg(feature = "sqlite")] {
/// # use diesel::prelude::*;
/// # use manage::prelude::*;
/// use manage::database::ByUrl;
///
/// # type PgConnection = diesel::SqliteConnection;
/// type Db = ByUrl<PgConnection>;
///
/// # fn opens(cx: &Context) -> Result<()> {
/// let mut connection = cx.connect_as::<Db>()?;
/// diesel::select(1.into_sql::<diesel::sql_types::Integer>()).execute(&mut connection)?;
/// let connection: PgConnection = connection.into_inner();
/// # drop(connection);
/// # Ok(())
/// # }
/// # }
/// ```
///
/// The type receives the settings as a URL, and its driver interprets them: this crate's TLS, time limit and
/// limits for servers do not apply. On MySQL the session is set up like that of a
/// [`Connection`](super::Connection). In a [`Pool`](super::Pool) it is tested without a time limit.
///
/// If the driver cannot connect, the reason is always [`Reason::Other`], which is not transient: its error
/// has no code that says more.
#[derive(Clone, Copy, Debug)]
pub struct ByUrl<C>(C);

impl<C> ByUrl<C> {
    /// Returns the inner connection.
    pub fn into_inner(self) -> C {
        self.0
    }
}

impl<C> Deref for ByUrl<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C> DerefMut for ByUrl<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.0
    }
}

impl<C: diesel::Connection> Connect for ByUrl<C> {
    fn backends() -> &'static [Backend] {
        // Diesel's own backends; a type of another library may have one for several.
        match std::any::type_name::<C::Backend>().strip_prefix("diesel::") {
            Some(name) if name.starts_with("sqlite::") => &[Backend::Sqlite],
            Some(name) if name.starts_with("pg::") => &[Backend::Postgres],
            Some(name) if name.starts_with("mysql::") => &[Backend::Mysql],
            _ => &Backend::ALL,
        }
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        establish(settings).map(Self)
    }
}

impl<C: diesel::Connection + 'static> Poolable for ByUrl<C> {
    fn check(&mut self, settings: &DatabaseSettings, _limit: Duration) -> Result<(), ConnectError> {
        check(&mut self.0, settings)
    }

    fn is_broken(&mut self) -> bool {
        is_broken(&mut self.0)
    }
}

/// Opens a connection with Diesel's own `establish`.
pub(super) fn establish<C: diesel::Connection>(settings: &DatabaseSettings) -> Result<C, ConnectError> {
    let failed = |error: &dyn std::fmt::Display| {
        // A driver's message may repeat the URL.
        ConnectError::new(settings, Reason::Other, settings.without_secrets(&error.to_string()))
    };
    // A driver may panic if a server sends something unexpected.
    let establish = |url: Secret| {
        crate::panics::call(|| C::establish(url.expose())).unwrap_or_else(|_| {
            let message = "the server sent invalid data";
            Err(ConnectionError::BadConnection(message.to_owned()))
        })
    };
    let mut connection = establish(settings.url());
    if let (Backend::Mysql, Err(ConnectionError::InvalidConnectionUrl(_))) = (settings.backend, &connection) {
        connection = establish(settings.url_without_timeout());
    }
    let mut connection = connection.map_err(|error| failed(&error))?;
    if settings.backend == Backend::Mysql {
        setting_up(|| connection.batch_execute(MYSQL_SESSION)).map_err(|error| failed(&error))?;
    }
    Ok(connection)
}

/// Tests a connection that was used before. On MySQL its session is restored.
pub(super) fn check<C: diesel::Connection>(
    connection: &mut C,
    settings: &DatabaseSettings,
) -> Result<(), ConnectError> {
    let sql = if settings.backend == Backend::Mysql { MYSQL_USED_SESSION } else { "SELECT 1" };
    setting_up(|| connection.batch_execute(sql)).map_err(|error| {
        ConnectError::new(settings, Reason::Closed, settings.without_secrets(&error.to_string()))
    })
}

/// Returns whether the connection has an open transaction, or one that could not be ended.
pub(super) fn is_broken<C: diesel::Connection>(connection: &mut C) -> bool {
    C::TransactionManager::is_broken_transaction_manager(connection)
}

impl<C> ByUrl<C> {
    fn driver(&mut self) -> &mut C {
        &mut self.0
    }

    fn details(&self) -> NoDetails {
        NoDetails
    }
}

delegate_connection!([C: Any] ByUrl<C> => C, NoDetails, ByUrlTransactions, |url| {
    C::establish(url).map(Self)
});
