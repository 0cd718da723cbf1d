//! SQLite files that do not survive the program or its container.

#[cfg(not(target_os = "linux"))]
use std::path::Path;

use crate::console::printable;
use crate::settings::{Backend, DatabaseSettings, Part};

use super::super::Message;
use super::super::catalog::{SQLITE_IN_A_LAYER, SQLITE_IN_MEMORY};
use super::super::databases::sqlite_file;
#[cfg(target_os = "linux")]
use super::layer::holds as is_in_a_layer;

pub(super) fn check(database: &DatabaseSettings) -> Option<Message> {
    let object = format!("database {}", database.alias);
    if database.backend != Backend::Sqlite || !database.backend.is_compiled_in() {
        return None;
    }
    let Some(path) = sqlite_file(database) else {
        let text = format!(
            "The database is in memory ({}): its data is lost when the program ends.",
            database.origin_of(Part::Name)
        );
        let message = SQLITE_IN_MEMORY.message(text).about(object);
        return Some(message.hint("Set DATABASE_URL to a file on a volume, or to a server."));
    };
    let path = std::path::absolute(path).ok()?;
    is_in_a_layer(&path).then(|| {
        SQLITE_IN_A_LAYER
            .message(format!(
                "{} is in a container's own layer: it is deleted when the container is replaced.",
                printable(&path)
            ))
            .about(object)
            .hint("Put it on a volume.")
    })
}

#[cfg(not(target_os = "linux"))]
fn is_in_a_layer(_: &Path) -> bool {
    false
}
