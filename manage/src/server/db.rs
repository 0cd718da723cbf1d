//! A database connection as an argument of a handler.

use std::convert::Infallible;
use std::panic::Location;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::{HandlerError, Site};
use crate::database::{ConnectError, Connection, Pool, Poolable};

/// The database `default`, as an argument of a handler whose state is or contains a [`Site`].
///
/// ```
/// use diesel::prelude::*;
/// use manage::server::{Db, HandlerError};
///
/// # diesel::table! { soups (id) { id -> Integer, } }
/// async fn count(db: Db) -> Result<String, HandlerError> {
///     let count: i64 = db.run(|connection| soups::table.count().get_result(connection)).await?;
///     Ok(format!("{count} soups"))
/// }
/// ```
///
/// Taking it opens no connection. [`Db::run`] takes one from the pool for the time of the closure, so a handler
/// that waits for something else does not occupy one. For another connection type, such as
/// [`PostgresConnection`](crate::database::PostgresConnection), write `Db<PostgresConnection>`.
pub struct Db<C = Connection>(Pool<C>);

impl<S, C> FromRequestParts<S> for Db<C>
where
    S: Send + Sync,
    Site: FromRef<S>,
    C: Poolable,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(Site::from_ref(state).pool_as()))
    }
}

impl<C: Poolable> Db<C> {
    /// Runs a closure with a connection on a thread where it may block.
    ///
    /// If no connection is available in time, because the database is down or all connections are in use, or
    /// if the request's time ends while a statement runs, the error is a response with the status 503. An
    /// error of the closure is one with 500, unless it contains a [`ConnectError`]. The error has the place
    /// of this call.
    #[track_caller]
    pub fn run<T, E, F>(&self, work: F) -> impl Future<Output = Result<T, HandlerError>> + Send
    where
        F: FnOnce(&mut C) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<anyhow::Error> + 'static,
    {
        let (pool, place) = (self.0.clone(), Location::caller());
        async move {
            let work = |connection: &mut C| work(connection).map_err(Failed::work);
            pool.run(work).await.map_err(|Failed(error)| HandlerError::at(error, place))
        }
    }

    /// Returns the pool.
    pub fn pool(&self) -> &Pool<C> {
        &self.0
    }
}

impl<C> std::fmt::Debug for Db<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Db").field(&self.0).finish()
    }
}

/// An error of the pool or of the closure.
struct Failed(anyhow::Error);

impl Failed {
    fn work(error: impl Into<anyhow::Error>) -> Self {
        Self(error.into())
    }
}

impl From<ConnectError> for Failed {
    fn from(error: ConnectError) -> Self {
        Self(error.into())
    }
}
