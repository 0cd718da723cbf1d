//! Every message of the built-in checks: its id, level and tag. `docs/guide/checks.md` lists them with their
//! meaning.

use super::{Level, Message};

/// A message of a built-in check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id, which can be silenced.
    pub id: &'static str,
    /// The severity.
    pub level: Level,
    /// The tag of its check.
    pub tag: &'static str,
    /// Whether it is reported only with `--deploy`.
    pub deploy: bool,
}

impl Entry {
    pub(super) fn message(self, text: impl Into<String>) -> Message {
        Message::new(self.level, self.id, text)
    }

    const fn new(level: Level, id: &'static str, tag: &'static str) -> Self {
        Self { id, level, tag, deploy: false }
    }

    const fn deploy(level: Level, id: &'static str, tag: &'static str) -> Self {
        Self { id, level, tag, deploy: true }
    }
}

/// The tags of the built-in checks.
pub mod tags {
    /// Whether the settings are valid and supported by this program.
    pub const SETTINGS: &str = "settings";
    /// Whether each command and app can be reached, and the definitions of commands.
    pub const COMMANDS: &str = "commands";
    /// The program's migrations, whether or not they are applied.
    pub const MIGRATIONS: &str = "migrations";
    /// Checks that need a connection: they run with `--database`.
    pub const DATABASE: &str = "database";
    /// Security problems.
    pub const SECURITY: &str = "security";
    /// Problems of a deployment.
    pub const DEPLOYMENT: &str = "deployment";
    /// The tag of messages about a check itself; no check has it.
    pub const CHECKS: &str = "checks";
}

macro_rules! entries {
    ($($name:ident = $make:ident($level:ident, $id:literal, $tag:ident);)+) => {
        $(pub(super) const $name: Entry = Entry::$make(Level::$level, $id, tags::$tag);)+

        /// All of them.
        pub const CATALOG: &[Entry] = &[$($name),+];
    };
}

entries! {
    NOT_DEVELOPMENT_NOR_PRODUCTION = new(Warning, "manage.W008", SETTINGS);
    SETTINGS_UNREADABLE = new(Error, "manage.E001", SETTINGS);
    BACKEND_NOT_COMPILED_IN = new(Error, "manage.E002", SETTINGS);
    BROKEN_STATEMENT = new(Warning, "manage.W013", SETTINGS);
    NEARLY_A_SETTING = new(Warning, "manage.W011", SETTINGS);
    FILE_NOT_USED = new(Warning, "manage.W012", SETTINGS);
    SQLITE_UNDER_ROOT = new(Warning, "manage.W014", SETTINGS);
    UNKNOWN_APP_SETTINGS = new(Warning, "manage.W002", SETTINGS);
    SAME_NAME = new(Error, "manage.E003", COMMANDS);
    FIXED_REPLACED = new(Error, "manage.E007", COMMANDS);
    UNKNOWN_REQUIRED_TAG = new(Error, "manage.E008", COMMANDS);
    ARGUMENTS_REFUSED = new(Error, "manage.E010", COMMANDS);
    DEFAULT_UNFIT = new(Warning, "manage.W009", COMMANDS);
    OPTION_HIDDEN = new(Warning, "manage.W015", COMMANDS);
    UNNOTICED_COMMANDS = new(Warning, "manage.W010", COMMANDS);
    UNLISTED_APP = new(Warning, "manage.W001", COMMANDS);
    ALIAS_CLASH = new(Warning, "manage.W004", COMMANDS);
    LISTED_TWICE = new(Warning, "manage.W005", COMMANDS);
    EMPTY_APP = new(Warning, "manage.W006", COMMANDS);
    BUILT_IN_REPLACED = new(Info, "manage.I001", COMMANDS);
    APP_HIDDEN = new(Info, "manage.I002", COMMANDS);
    MIGRATIONS_UNUSABLE = new(Error, "manage.E011", MIGRATIONS);
    NO_CONNECTION = new(Error, "manage.E005", DATABASE);
    MIGRATIONS_UNREADABLE = new(Error, "manage.E006", DATABASE);
    UNAPPLIED_MIGRATIONS = new(Warning, "manage.W003", DATABASE);
    EDITED_MIGRATIONS = new(Error, "manage.E012", DATABASE);
    PARTLY_REPLACED_MIGRATIONS = new(Error, "manage.E013", DATABASE);
    OUT_OF_ORDER_MIGRATIONS = new(Warning, "manage.W016", DATABASE);
    GONE_MIGRATIONS = new(Warning, "manage.W017", DATABASE);
    UNFINISHED_MIGRATIONS = new(Warning, "manage.W018", DATABASE);
    AHEAD_OF_THE_PROGRAM = new(Info, "manage.I003", DATABASE);
    CHECK_PANICKED = new(Error, "manage.E009", CHECKS);
    ID_WITHOUT_FORM = new(Warning, "manage.W007", CHECKS);
    DEBUG_BUILD = deploy(Warning, "deployment.W001", DEPLOYMENT);
    DEVELOPMENT = deploy(Warning, "deployment.W002", DEPLOYMENT);
    SQLITE_IN_MEMORY = deploy(Warning, "deployment.W003", DEPLOYMENT);
    SQLITE_IN_A_LAYER = deploy(Warning, "deployment.W004", DEPLOYMENT);
    NO_DATABASE = deploy(Warning, "deployment.W005", DEPLOYMENT);
    UNSAFE_MIGRATION = deploy(Warning, "deployment.W006", DEPLOYMENT);
    UNREAD_MIGRATION = deploy(Info, "deployment.I001", DEPLOYMENT);
    WEAK_PASSWORD = deploy(Warning, "security.W001", SECURITY);
    NO_PASSWORD = deploy(Warning, "security.W002", SECURITY);
    WEAK_SECRET = deploy(Warning, "security.W003", SECURITY);
    READABLE_SECRET = deploy(Warning, "security.W004", SECURITY);
    TRACKED_SECRET = deploy(Warning, "security.W005", SECURITY);
    NO_TLS = deploy(Warning, "security.W006", SECURITY);
    ANY_HOST = deploy(Warning, "security.W007", SECURITY);
    NOT_VERIFIED = deploy(Info, "security.I001", SECURITY);
    LISTENS_TO_ALL = deploy(Info, "security.I002", SECURITY);
}
