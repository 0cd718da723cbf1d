//! Test functions that register themselves, by the attribute [`case`](macro@crate::case).

use std::borrow::Cow;

use crate::need::Need;
use crate::shared::{Backend, TestDatabase};
use crate::suite::Suite;

/// A test function with `#[case]`.
pub struct Case {
    name: CaseName,
    line: u32,
    add: fn(&mut Suite, &CaseName),
}

inventory::collect!(Case);

impl Case {
    /// Creates a case, in the code that the attribute writes.
    #[doc(hidden)]
    pub const fn new(
        module: &'static str,
        function: &'static str,
        line: u32,
        add: fn(&mut Suite, &CaseName),
    ) -> Self {
        Self { name: CaseName { module, function: Cow::Borrowed(function) }, line, add }
    }
}

/// Adds all cases of this program: by module, and as they follow each other there.
pub(crate) fn add_all(suite: &mut Suite) {
    let mut cases: Vec<&Case> = inventory::iter::<Case>().collect();
    cases.sort_by_key(|case| (case.name.module, case.line));
    for case in cases {
        (case.add)(suite, &case.name);
    }
}

/// The name of a test function, and the module that it is in.
#[derive(Clone)]
pub struct CaseName {
    /// With the name of the crate.
    module: &'static str,
    function: Cow<'static, str>,
}

impl CaseName {
    /// Returns the name of one of several tests of this function: `module::variant::function`, and for a
    /// module inside a module `module::variant::inner::function`.
    pub fn on(&self, variant: &str) -> String {
        let (outer, inner) = self.modules();
        [outer, variant, inner, &self.function]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("::")
    }

    /// Returns the name of a test for one row of a table: `module::row`.
    pub fn row(&self, row: impl Into<Cow<'static, str>>) -> Self {
        Self { module: self.module, function: row.into() }
    }

    /// Returns the outermost module and those inside it.
    fn modules(&self) -> (&'static str, &'static str) {
        let modules = self.module.split_once("::").map_or("", |(_, modules)| modules);
        modules.split_once("::").unwrap_or((modules, ""))
    }
}

impl From<&CaseName> for String {
    fn from(name: &CaseName) -> Self {
        name.on("")
    }
}

/// `#[case(needs(Need::Redis))]`: a test that needs something.
pub fn needs(suite: &mut Suite, name: &CaseName, need: Need, test: fn()) {
    suite.needs(need, name, test);
}

/// `#[case(builds)]`: a test that builds a project; see [`Suite::in_turn`].
pub fn builds(suite: &mut Suite, name: &CaseName, test: fn()) {
    suite.in_turn(Need::Program("cargo"), name, test);
}

/// `#[case(builds_with(Need::Chromium))]`: the same, and it needs something else.
pub fn builds_with(suite: &mut Suite, name: &CaseName, need: Need, test: fn()) {
    suite.in_turn(need, name, test);
}

/// `#[case(only_if(cfg!(feature = "sqlite")))]`: a test that does not exist everywhere.
pub fn only_if(suite: &mut Suite, name: &CaseName, condition: bool, test: fn()) {
    if condition {
        suite.test(name, test);
    }
}

/// `#[case(inside)]`: a test inside namespaces; see [`Suite::inside`].
pub fn inside(suite: &mut Suite, name: &CaseName, test: fn()) {
    suite.inside(&[], name, test);
}

/// `#[case(on_each_backend)]`: a test for each kind of database, `module::sqlite::function` and so on.
pub fn on_each_backend(suite: &mut Suite, name: &CaseName, test: fn(TestDatabase)) {
    let run = move |backend| move || test(TestDatabase::new(backend));
    suite.test(name.on("sqlite"), run(Backend::Sqlite));
    suite.needs(Need::Postgres, name.on("postgres"), run(Backend::Postgres));
    suite.needs(Need::MariaDb, name.on("mariadb"), run(Backend::MariaDb));
}
