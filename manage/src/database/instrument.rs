//! Diesel's events of a connection that is not opened by Diesel's own `establish`.

use std::cell::Cell;

#[cfg(feature = "network")]
use diesel::connection::{Connection, InstrumentationEvent, get_default_instrumentation};

#[cfg(feature = "network")]
use super::ConnectError;
#[cfg(feature = "network")]
use crate::settings::DatabaseSettings;

thread_local! {
    static CONNECTING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is setting a new connection up: what it sends meanwhile is no statement of the program's.
pub(crate) fn is_connecting() -> bool {
    CONNECTING.get()
}

/// Does something to a new connection that is no work of the program's.
pub(crate) fn setting_up<T>(work: impl FnOnce() -> T) -> T {
    CONNECTING.set(true);
    let done = work();
    CONNECTING.set(false);
    done
}

/// Opens a connection, and tells the default instrumentation before and after it, if there is one. The URL that it is told has
/// no password.
#[cfg(feature = "network")]
pub(super) fn instrumented<C: Connection>(
    settings: &DatabaseSettings,
    open: impl FnOnce() -> Result<C, ConnectError>,
) -> Result<C, ConnectError> {
    let Some(mut instrumentation) = get_default_instrumentation() else { return open() };
    let url = DatabaseSettings { password: None, ..settings.clone() }.url();
    instrumentation.on_connection_event(InstrumentationEvent::start_establish_connection(url.expose()));
    let opened = setting_up(open);
    let error = opened.as_ref().err().map(|error| diesel::ConnectionError::BadConnection(error.to_string()));
    instrumentation
        .on_connection_event(InstrumentationEvent::finish_establish_connection(url.expose(), error.as_ref()));
    let mut connection = opened?;
    // The one that has seen it open sees what follows.
    connection.set_instrumentation(instrumentation);
    Ok(connection)
}
