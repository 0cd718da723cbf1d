//! Notifies Diesel's instrumentation about connections that are not opened by Diesel's own `establish`.

use diesel::connection::{Connection, Instrumentation, InstrumentationEvent, get_default_instrumentation};

use super::ConnectError;
use crate::profile::setting_up;
use crate::settings::DatabaseSettings;

/// Opens a connection, and notifies the default instrumentation, if any, before and after that. The URL that
/// it receives has no password.
pub(super) fn instrumented<C: Connection>(
    settings: &DatabaseSettings,
    open: impl FnOnce() -> Result<C, ConnectError>,
) -> Result<C, ConnectError> {
    let (opened, instrumentation) = observed(settings, open);
    let mut connection = opened?;
    // The instrumentation that was notified of the start also receives what follows.
    if let Some(instrumentation) = instrumentation {
        connection.set_instrumentation(instrumentation);
    }
    Ok(connection)
}

/// Like [`instrumented`], for a connection that has its own instrumentation.
pub(super) fn reported<C>(
    settings: &DatabaseSettings,
    open: impl FnOnce() -> Result<C, ConnectError>,
) -> Result<C, ConnectError> {
    observed(settings, open).0
}

fn observed<C>(
    settings: &DatabaseSettings,
    open: impl FnOnce() -> Result<C, ConnectError>,
) -> (Result<C, ConnectError>, Option<Box<dyn Instrumentation>>) {
    let Some(mut instrumentation) = get_default_instrumentation() else { return (open(), None) };
    let url = DatabaseSettings { password: None, ..settings.clone() }.url();
    instrumentation.on_connection_event(InstrumentationEvent::start_establish_connection(url.expose()));
    let opened = setting_up(open);
    let error = opened.as_ref().err().map(|error| diesel::ConnectionError::BadConnection(error.to_string()));
    instrumentation
        .on_connection_event(InstrumentationEvent::finish_establish_connection(url.expose(), error.as_ref()));
    (opened, Some(instrumentation))
}
