//! A handle to one database of the settings, which opens connections to it.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Connect, ConnectError, Connection, Pool, Poolable, connect};
use crate::settings::DatabaseSettings;

/// One database of the settings. [`Context::database`](crate::Context::database) and `Site::database` return
/// it for an alias. It dereferences to its settings.
///
/// ```no_run
/// # use manage::prelude::*;
/// # fn copies(cx: &Context) -> Result<()> {
/// let archive = cx.database("archive")?;
/// cx.line(format_args!("Copying into {}", archive.name))?;
/// let mut connection = archive.connect()?;
/// # let _ = &mut connection;
/// # Ok(())
/// # }
/// ```
///
/// Code without a command or a server creates one from settings:
///
/// ```no_run
/// use manage::database::Database;
/// use manage::settings::{DatabaseSettings, Origin};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = DatabaseSettings::from_url("default", "postgres://app@localhost/app", Origin::Code)?;
/// let mut connection = Database::from(&settings).connect()?;
/// # let _ = &mut connection;
/// # Ok(())
/// # }
/// ```
///
/// `E` is the error of a failed connection: in a command a [`CommandError`](crate::CommandError), with its
/// hint and its exit code.
pub struct Database<'a, E = ConnectError> {
    settings: Cow<'a, DatabaseSettings>,
    pools: Option<Arc<Pools>>,
    error: PhantomData<fn() -> E>,
}

impl<'a, E: From<ConnectError>> Database<'a, E> {
    pub(crate) fn new(settings: &'a DatabaseSettings, pools: Arc<Pools>) -> Self {
        Self { settings: Cow::Borrowed(settings), pools: Some(pools), error: PhantomData }
    }

    /// Returns its settings.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// Opens a new connection.
    ///
    /// It blocks, also inside an `async` function; [`open_async`](super::open_async) does not.
    pub fn connect(&self) -> Result<Connection, E> {
        self.connect_as()
    }

    /// Opens a new connection of a type: [`Connect`] lists the types. Fails if the settings name another kind
    /// of database.
    pub fn connect_as<C: Connect>(&self) -> Result<C, E> {
        Ok(connect::open(&self.settings)?)
    }

    /// Returns the pool of connections to it. A command or a server has one for each database: every call
    /// returns another handle to the same pool. It opens connections on demand.
    pub fn pool(&self) -> Pool {
        self.pool_as()
    }

    /// Returns the pool of its connections of a type. Each type has its own pool.
    pub fn pool_as<C: Poolable>(&self) -> Pool<C> {
        match &self.pools {
            Some(pools) => pools.get(&self.settings),
            None => new_pool(&self.settings),
        }
    }
}

impl<'a> From<&'a DatabaseSettings> for Database<'a> {
    fn from(settings: &'a DatabaseSettings) -> Self {
        Self { settings: Cow::Borrowed(settings), pools: None, error: PhantomData }
    }
}

impl From<DatabaseSettings> for Database<'static> {
    fn from(settings: DatabaseSettings) -> Self {
        Self { settings: Cow::Owned(settings), pools: None, error: PhantomData }
    }
}

impl<E> Deref for Database<'_, E> {
    type Target = DatabaseSettings;

    fn deref(&self) -> &DatabaseSettings {
        &self.settings
    }
}

impl<E> fmt::Display for Database<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl<E> fmt::Debug for Database<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.settings).finish()
    }
}

/// The pools of a command or a server: one for each database and type of connection, created on demand.
#[derive(Default)]
pub(crate) struct Pools(Mutex<HashMap<(String, TypeId), Box<dyn Any + Send>>>);

impl Pools {
    fn get<C: Poolable>(&self, settings: &DatabaseSettings) -> Pool<C> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (settings.alias.clone(), TypeId::of::<C>());
        let pool = pools.entry(key).or_insert_with(|| Box::new(new_pool::<C>(settings)));
        pool.downcast_ref::<Pool<C>>().expect("the key names the type").clone()
    }
}

fn new_pool<C: Poolable>(settings: &DatabaseSettings) -> Pool<C> {
    Pool::builder(settings.clone()).build_as()
}
