//! The types of connections that the settings of a database open.

use std::time::{Duration, Instant};

use super::{ConnectError, Connection, Reason};
use crate::settings::{Backend, DatabaseSettings};

/// A type of connection that the settings of a database open.
///
/// A project names its type once, and all of these return it:
/// [`Context::connect_as`](crate::Context::connect_as), [`Database`](super::Database), [`Pool`](super::Pool),
/// `server::Site`, `testing::Project`.
///
/// | type | opened by | feature |
/// |---|---|---|
/// | [`Connection`] | this crate | any database |
/// | [`PostgresConnection`](super::PostgresConnection), `diesel_async::AsyncPgConnection` | this crate | `postgres` |
/// | `MysqlConnection` (this crate's), `diesel_async::AsyncMysqlConnection` | this crate | `mysql` |
/// | [`SqliteConnection`](super::SqliteConnection), `diesel::SqliteConnection` | this crate | `sqlite` |
/// | [`ByUrl<C>`](super::ByUrl) of any other Diesel connection `C`, such as `diesel::PgConnection` | `C` itself | |
///
/// “This crate” means: with the TLS, the sockets, the time limit and the limits for servers of
/// [`Connection::open`]. Other drivers get the same settings as a URL, and connect in their own way.
/// diesel-async's types are also those of `manage::diesel_async`.
///
/// The asynchronous types log in like the others, through the background thread of this crate; afterwards
/// they belong to the caller's runtime. Their errors are diesel-async's: without the details of a
/// [`ServerError`](super::ServerError). Their `cancel_token` does not reach the server: send
/// `pg_cancel_backend` or `KILL QUERY` from another connection.
///
/// A newtype of a project's own can implement this trait:
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use manage::database::{Connect, ConnectError, PostgresConnection};
/// use manage::settings::{Backend, DatabaseSettings};
///
/// struct Db(PostgresConnection);
///
/// impl Connect for Db {
///     fn backends() -> &'static [Backend] {
///         &[Backend::Postgres]
///     }
///
///     fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
///         PostgresConnection::open(settings).map(Self)
///     }
/// }
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "the settings of a database do not open a `{Self}`",
    label = "not a type of connection that `diesel-manage` opens",
    note = "it opens `manage::database::Connection` for every database; `PostgresConnection`, `MysqlConnection` and `SqliteConnection` of `manage::database`; and diesel-async's `AsyncPgConnection` and `AsyncMysqlConnection`",
    note = "for another Diesel connection, such as `diesel::PgConnection`, use `manage::database::ByUrl<{Self}>`, or implement `manage::database::Connect` for a newtype of your own"
)]
pub trait Connect: Sized {
    /// Returns the kinds of databases that this type connects to. Settings of another kind are an error
    /// before anything is opened.
    fn backends() -> &'static [Backend];

    /// Opens a connection, within the settings' time limit. It blocks, also inside an `async` function.
    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError>;
}

/// A type of connection that a [`Pool`](super::Pool) keeps.
#[diagnostic::on_unimplemented(
    message = "a `manage::database::Pool` does not keep a `{Self}`",
    label = "not a connection for this pool",
    note = "asynchronous connections belong in a pool of diesel-async's, deadpool or bb8: see `manage::database::open_async`",
    note = "implement `manage::database::Poolable` for a type of your own, beside `Connect`"
)]
pub trait Poolable: Connect + Send + 'static {
    /// Tests a used connection by a query, with a time limit. If this fails, the connection is closed.
    ///
    /// # Errors
    ///
    /// After an error, [`Pool::get`](super::Pool::get) tries another connection, except for one with
    /// [`Reason::TimedOut`], which it returns.
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError>;

    /// Returns whether the connection can be used without [`check`](Poolable::check): it is open as far as
    /// this process knows, without a query, and its session has not been changed since it was opened or
    /// checked.
    ///
    /// A pool calls it instead of `check` in the second after a check. The default, `false`, means a check
    /// before each use: right for a driver that does not notice between two queries that the server has
    /// closed the connection.
    fn is_ready(&mut self) -> bool {
        false
    }

    /// Returns whether a connection must not be used again: it has an open transaction, or is closed.
    fn is_broken(&mut self) -> bool;

    /// Sets or removes the time at which statements fail. The server then ends the one that it runs, and the
    /// connection may be broken.
    ///
    /// A pool calls it for a closure of a web server's request, which has a time limit
    /// ([`Pool::run`](super::Pool::run)). It is called for each use, so it must be quick. The default does
    /// nothing: a statement then takes as long as the database allows.
    fn set_deadline(&mut self, _deadline: Option<Instant>) {}
}

/// Opens a connection of a type, unless it is for another kind of database.
pub(crate) fn open<C: Connect>(settings: &DatabaseSettings) -> Result<C, ConnectError> {
    let backends = C::backends();
    if backends.contains(&settings.backend) {
        return C::open(settings);
    }
    let (alias, origin) = (&settings.alias, &settings.origin);
    let kinds = backends.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let kind = without_paths(std::any::type_name::<C>());
    let message = format!("`{alias}` comes from {origin}; {kind} connects to {kinds}");
    let example = backends.first().map_or("", |backend| backend.example());
    let hint = format!(
        "Set it to a URL such as {example}, or open a `manage::database::Connection`, which supports every backend."
    );
    Err(ConnectError::new(settings, Reason::WrongBackend, message).with_hint(hint))
}

/// Returns the name of a type without the modules, which a project may not be able to name.
fn without_paths(name: &str) -> String {
    let parts = name.split_inclusive(['<', '>', ',', ' ', '&', '(', ')']);
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

/// Opens a connection on a thread where it may block: for an `async` function, and for the pools of
/// diesel-async.
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # async fn opens(cx: &manage::Context) -> manage::Result<()> {
/// use diesel_async::AsyncPgConnection;
///
/// let settings = cx.database("default")?.settings().clone();
/// let connection: AsyncPgConnection = manage::database::open_async(settings).await?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "async")]
pub async fn open_async<C>(settings: DatabaseSettings) -> Result<C, ConnectError>
where
    C: Connect + Send + 'static,
{
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let failed = ConnectError::new(&settings, Reason::Other, "no thread can be started to connect");
    let work = move || {
        let _ = sender.send(open(&settings));
    };
    // A thread of its own: the caller's runtime need not be tokio's.
    let started = std::thread::Builder::new().name("manage-connect".to_owned()).spawn(work);
    match started {
        Ok(_) => receiver.await.unwrap_or(Err(failed)),
        Err(_) => Err(failed),
    }
}

impl Connect for Connection {
    fn backends() -> &'static [Backend] {
        &Backend::ALL
    }

    fn open(settings: &DatabaseSettings) -> Result<Self, ConnectError> {
        Self::open(settings)
    }
}

impl Poolable for Connection {
    fn check(&mut self, settings: &DatabaseSettings, limit: Duration) -> Result<(), ConnectError> {
        self.ask_used(settings, limit)
    }

    fn is_ready(&mut self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => connection.is_ready(),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.is_ready(),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.is_ready(),
        }
    }

    fn is_broken(&mut self) -> bool {
        Self::is_broken(self)
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => connection.set_deadline(deadline),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.set_deadline(deadline),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.set_deadline(deadline),
        }
    }
}
