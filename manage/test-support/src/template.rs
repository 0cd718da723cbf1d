//! A fresh data directory is made once by each test process; the servers get copies of it.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use crate::account::Account;
use crate::find::Unavailable;
use crate::watch::Watch;

/// The name of the data directory, in the template's directory and in a server's.
pub(crate) const DATA: &str = "data";

/// A directory with a data directory in it, or why there is none.
pub(crate) struct Template(Mutex<Option<Result<Watch, Unavailable>>>);

impl Template {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Creates a directory with a copy of the template's data directory, which `make` makes at the first
    /// call.
    pub(crate) fn copy(
        &self,
        account: Account,
        make: impl FnOnce(&Watch) -> Result<(), Unavailable>,
    ) -> Result<Watch, Unavailable> {
        let mut template = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let made = template.get_or_insert_with(|| {
            let watch = Watch::with_folder(account).map_err(Unavailable::broken)?;
            make(&watch)?;
            Ok(watch)
        });
        let from = made.as_ref().map_err(Clone::clone)?.folder().join(DATA);
        let copy = Watch::with_folder(account).map_err(Unavailable::broken)?;
        let to = copy.folder().join(DATA);
        // A program, because its files then belong to the account that runs it.
        run(&copy, account, Path::new("/bin/cp"), [Path::new("-R"), &from, &to])?;
        Ok(copy)
    }

    /// Removes the template.
    pub(crate) fn discard(&self) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    }
}

/// Runs a program to its end, in the watched directory.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(
    watch: &Watch,
    account: Account,
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<(), Unavailable> {
    let path = watch.folder().join("setup.log");
    let log = OpenOptions::new().create(true).append(true).open(&path).map_err(Unavailable::broken)?;
    let mut child = watch.spawn(account, program, arguments, log).map_err(Unavailable::broken)?;
    let status = child.wait().map_err(Unavailable::broken)?;
    watch.doom(&[]);
    if status.success() {
        return Ok(());
    }
    let output = std::fs::read_to_string(&path).unwrap_or_default();
    Err(Unavailable::Broken { why: format!("{} ended with {status}:\n{output}", program.display()) })
}
