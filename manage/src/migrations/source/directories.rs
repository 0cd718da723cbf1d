//! Where the migrations of apps are on the machine that built the program.

use std::path::PathBuf;

use super::registration::{MigrationsRegistration, Part, registrations};
use crate::command::Program;
use crate::settings::Backend;

/// The directories of an app.
#[cfg_attr(
    not(feature = "schema"),
    allow(dead_code, reason = "only new migrations need the app and its package")
)]
pub(crate) struct MigrationDirectories {
    pub(crate) app: &'static str,
    /// The directory of the app's package.
    pub(crate) package: PathBuf,
    /// By backend; `None` is for all.
    pub(crate) directories: Vec<(Option<Backend>, PathBuf)>,
}

impl From<&MigrationsRegistration> for MigrationDirectories {
    fn from(registration: &MigrationsRegistration) -> Self {
        let package = PathBuf::from(registration.package);
        let directory = |part: &Part| match part {
            Part::Folder(backend, path, _) => Some((*backend, package.join(path))),
            Part::Before(_) => None,
        };
        let directories = registration.parts.iter().filter_map(directory).collect();
        Self { app: registration.location.app(), directories, package }
    }
}

/// Returns the directories of a program's apps, in the order of the apps.
pub(crate) fn directories(program: &Program) -> Vec<MigrationDirectories> {
    let registrations = registrations(program);
    let of_app = |app: &&str| registrations.iter().find(|registration| registration.location.app() == *app);
    program.registry().apps().iter().filter_map(of_app).map(|registration| (*registration).into()).collect()
}
