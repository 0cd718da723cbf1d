//! Checks and their registration by `#[manage::check]`.

use crate::command::Context;
use crate::command::{BUILT_IN, Location};

use super::Message;
use super::catalog::tags;

/// A check's function.
#[derive(Clone, Copy)]
pub enum Check {
    /// It inspects the project and opens no database.
    Project(fn(&Context) -> Vec<Message>),
    /// It inspects a database, and runs for each alias that `--database` names.
    Database(fn(&Context, &str) -> Vec<Message>),
}

/// The registration of `#[manage::check]`.
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

    /// Returns the app's label.
    pub(crate) fn app(&self) -> &'static str {
        self.location.app()
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.app() == BUILT_IN
    }

    /// Returns its tags. A database check always has the tag `database`.
    pub(super) fn tags(&self) -> impl Iterator<Item = &'static str> + '_ {
        let implied = matches!(self.check, Check::Database(_)) && !self.tags.contains(&tags::DATABASE);
        self.tags.iter().copied().chain(implied.then_some(tags::DATABASE))
    }

    pub(super) fn has_one_of<T: AsRef<str>>(&self, tags: &[T]) -> bool {
        self.tags().any(|own| tags.iter().any(|tag| tag.as_ref() == own))
    }
}

inventory::collect!(CheckRegistration);

/// Returns all checks: the built-in ones and those of the program's apps, by source location.
pub(super) fn registered(cx: &Context) -> impl Iterator<Item = &'static CheckRegistration> {
    let apps = cx.program().registry().apps();
    let mut checks: Vec<&CheckRegistration> = inventory::iter::<CheckRegistration>
        .into_iter()
        .filter(|check| check.is_built_in() || apps.contains(&check.app()))
        .collect();
    checks.sort_by_key(|check| (!check.is_built_in(), check.location.file, check.location.line));
    checks.into_iter()
}

/// Returns whether an app has checks.
pub(super) fn has_checks(app: &str) -> bool {
    inventory::iter::<CheckRegistration>.into_iter().any(|check| check.app() == app)
}
