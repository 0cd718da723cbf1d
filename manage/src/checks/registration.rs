//! What a check is, and what `#[manage::check]` leaves behind.

use crate::Context;
use crate::command::{BUILT_IN, Location};

use super::Message;
use super::catalog::tags;

/// A check's function.
#[derive(Clone, Copy)]
pub enum Check {
    /// It looks at the project, and opens no database.
    Project(fn(&Context) -> Vec<Message>),
    /// It looks into the database of an alias, for each that `--database` names.
    Database(fn(&Context, &str) -> Vec<Message>),
}

/// What `#[manage::check]` leaves behind.
pub struct CheckRegistration {
    pub(super) check: Check,
    pub(super) name: &'static str,
    tags: &'static [&'static str],
    pub(super) deploy: bool,
    pub(super) location: Location,
}

impl CheckRegistration {
    #[doc(hidden)]
    pub const fn new(
        check: Check,
        name: &'static str,
        tags: &'static [&'static str],
        deploy: bool,
        (module_path, file, line): (&'static str, &'static str, u32),
    ) -> Self {
        Self { check, name, tags, deploy, location: Location::new(module_path, file, line) }
    }

    /// The app's label.
    pub(crate) fn app(&self) -> &'static str {
        self.location.app()
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.app() == BUILT_IN
    }

    /// Its tags. A check of a database has the tag `database` also where it does not say so.
    pub(super) fn tags(&self) -> impl Iterator<Item = &'static str> + '_ {
        let implied = matches!(self.check, Check::Database(_)) && !self.tags.contains(&tags::DATABASE);
        self.tags.iter().copied().chain(implied.then_some(tags::DATABASE))
    }

    pub(super) fn has_one_of<T: AsRef<str>>(&self, tags: &[T]) -> bool {
        self.tags().any(|own| tags.iter().any(|tag| tag.as_ref() == own))
    }
}

inventory::collect!(CheckRegistration);

/// The checks that there are: the built-in ones and those of the program's apps, by their places.
pub(super) fn registered(cx: &Context) -> impl Iterator<Item = &'static CheckRegistration> {
    let apps = cx.program().registry().apps();
    let mut checks: Vec<&CheckRegistration> = inventory::iter::<CheckRegistration>
        .into_iter()
        .filter(|check| check.is_built_in() || apps.contains(&check.app()))
        .collect();
    checks.sort_by_key(|check| (!check.is_built_in(), check.location.file, check.location.line));
    checks.into_iter()
}

/// Whether an app has checks.
pub(super) fn has_checks(app: &str) -> bool {
    inventory::iter::<CheckRegistration>.into_iter().any(|check| check.app() == app)
}
