//! A site with asynchronous connections.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use manage::Result;
use manage::axum::extract::{FromRef, FromRequestParts};
use manage::axum::http::header::CONTENT_TYPE;
use manage::axum::http::request::Parts;
use manage::axum::response::IntoResponse;
use manage::axum::routing::get;
use manage::server::{HandlerError, Routes, Site};
use manage::settings::DatabaseSettings;
use serde_json::json;

manage::migrations!("migrations");

diesel::table! {
    articles (id) {
        id -> Integer,
        title -> Text,
    }
}

type AsyncPool = Pool<AsyncPgConnection>;

#[manage::router]
fn urls(site: &Site) -> Result<Routes> {
    let pool = pool(site.database("default")?.settings().clone())?;
    Ok(Routes::new().route("/articles", get(list)).with_state(pool))
}

async fn list(AsyncDb(mut connection): AsyncDb) -> Result<impl IntoResponse, HandlerError> {
    let titles: Vec<String> =
        articles::table.select(articles::title).order(articles::id).load(&mut connection).await?;
    Ok(([(CONTENT_TYPE, "application/json")], json!(titles).to_string()))
}

/// A pool whose connections are opened with the settings of the project.
fn pool(settings: DatabaseSettings) -> Result<AsyncPool> {
    let max_size = settings.pool.max_size;
    let mut config = ManagerConfig::default();
    // The connection itself notices when the server closes it: no query before each use.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_url| {
        let opening = manage::database::open_async(settings.clone());
        Box::pin(async { opening.await.map_err(|error| ConnectionError::BadConnection(error.to_string())) })
    });
    let manager = AsyncDieselConnectionManager::new_with_config("", config);
    Ok(Pool::builder(manager).max_size(max_size).build()?)
}

/// A connection of the pool, as an argument of a handler.
struct AsyncDb(Object<AsyncPgConnection>);

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
