//! The settings of databases, from all sources: tables of `manage.toml`, URLs, variables, and libpq's files.
//!
//! [`sources`] combines them; a [`draft`] holds the settings of one source until libpq's files complete it.

pub(super) mod database_settings;
pub(super) mod draft;
#[cfg(feature = "testing")]
pub(super) mod for_tests;
pub(super) mod libpq;
pub(super) mod misplaced;
pub(super) mod near_misses;
pub(super) mod part;
pub(super) mod parts;
pub(super) mod sources;
pub(super) mod table;
pub(super) mod url;
pub(super) mod variables;
