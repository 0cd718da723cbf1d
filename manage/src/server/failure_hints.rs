//! Causes of a request's failure that its error does not mention.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::command::Program;
use crate::migrations::{may_lack_migrations, unapplied_hint};
use crate::settings::{DatabaseSettings, Settings};

/// How often the database is asked at most, however many requests fail.
const PAUSE: Duration = Duration::from_secs(1);

/// Finds hints for failed requests. By default there are none.
#[derive(Clone, Default)]
pub(crate) struct FailureHints(Option<Arc<Shared>>);

struct Shared {
    program: Program,
    /// The database of the program's migrations.
    database: DatabaseSettings,
    last: Mutex<Option<Instant>>,
}

impl FailureHints {
    /// Creates the hints for a program's requests.
    pub(super) fn new(program: &Program, settings: &Settings) -> Self {
        let database = settings.database(DatabaseSettings::DEFAULT_ALIAS).ok().cloned();
        Self(
            database.map(|database| {
                Arc::new(Shared { program: program.clone(), database, last: Mutex::default() })
            }),
        )
    }

    /// Reports a hint about an error, later and on another thread: asking the database may take a while.
    /// Must be called within a tokio runtime.
    pub(super) fn find(&self, error: &anyhow::Error, report: impl FnOnce(String) + Send + 'static) {
        let Some(shared) = &self.0 else { return };
        if !may_lack_migrations(error) || !shared.is_due() {
            return;
        }
        let shared = Arc::clone(shared);
        tokio::task::spawn_blocking(move || {
            if let Some(hint) = unapplied_hint(&shared.program, &shared.database) {
                report(hint);
            }
        });
    }
}

impl Shared {
    /// Returns whether the database may be asked again, and remembers that it is.
    fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < PAUSE) {
            return false;
        }
        *last = Some(Instant::now());
        true
    }
}

impl fmt::Debug for FailureHints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.0.as_ref().map(|shared| &shared.database);
        f.debug_tuple("FailureHints").field(&database).finish()
    }
}
