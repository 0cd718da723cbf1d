//! The example of docs/guide/diesel-async.md.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use manage::axum::extract::{FromRef, FromRequestParts};
use manage::axum::http::request::Parts;
use manage::prelude::*;
use manage::server::HandlerError;
use manage::settings::DatabaseSettings;

pub(super) type AsyncPool = Pool<AsyncPgConnection>;

pub(super) fn pool(settings: DatabaseSettings) -> Result<AsyncPool> {
    let max_size = settings.pool.max_size;
    let mut config = ManagerConfig::default();
    // Without this, each use begins with a query. The connection itself notices when the server closes it.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_url| {
        let opening = manage::database::open_async(settings.clone());
        Box::pin(async {
            opening.await.map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
        })
    });
    let manager = AsyncDieselConnectionManager::new_with_config("", config);
    Ok(Pool::builder(manager).max_size(max_size).build()?)
}

/// A connection of the pool in the state, as an argument of a handler.
pub(super) struct AsyncDb(pub(super) Object<AsyncPgConnection>);

impl<S: Send + Sync> FromRequestParts<S> for AsyncDb
where
    AsyncPool: FromRef<S>,
{
    type Rejection = HandlerError;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, HandlerError> {
        // Without a limit it waits as long as others use all connections.
        match tokio::time::timeout(Duration::from_secs(2), AsyncPool::from_ref(state).get()).await {
            Ok(Ok(connection)) => Ok(Self(connection)),
            Ok(Err(error)) => Err(HandlerError::unavailable(error)),
            Err(elapsed) => Err(HandlerError::unavailable(elapsed)),
        }
    }
}
