//! What the pages know about the project.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use maud::Markup;

use super::guard::Token;
use super::layout;
use crate::command::{App, Program};
use crate::server::AllowedHosts;
use crate::server::routes::{AppRoutes, ListedRoute, claims, has_own_fallback, table};
use crate::settings::{DatabaseSettings, Settings};

/// Applies all migrations; returns the output, or the error's text.
pub(crate) type Migrate = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// What a page shows of a system check.
pub(crate) struct CheckLine {
    pub(crate) level: String,
    pub(crate) text: String,
}

/// The parts that `runserver` knows.
pub(crate) struct Facts {
    pub(crate) program: Program,
    pub(crate) settings: Settings,
    pub(crate) hosts: AllowedHosts,
    /// The messages of the system checks; `None` if they were skipped.
    pub(crate) checks: Option<Vec<CheckLine>>,
    pub(crate) migrate: Migrate,
}

/// The project, as the pages show it.
pub(super) struct Project {
    pub(super) facts: Facts,
    pub(super) routes: Vec<ListedRoute>,
    pub(super) token: Token,
    apps: Vec<AppRoutes>,
}

impl Project {
    pub(super) fn new(apps: Vec<AppRoutes>, facts: Facts) -> Self {
        let facts = Facts { hosts: facts.hosts.without_wildcard(), ..facts };
        Self {
            facts,
            routes: table(&apps).into_iter().map(|(_, route)| route).collect(),
            token: Token::random(),
            apps,
        }
    }

    /// Returns whether a response to this path was made by axum: no app has a route or a fallback for it.
    pub(super) fn is_unclaimed(&self, path: &str) -> bool {
        !has_own_fallback(&self.apps) && !claims(&self.apps, path)
    }

    pub(super) fn default_database(&self) -> Option<&DatabaseSettings> {
        self.facts.settings.database(DatabaseSettings::DEFAULT_ALIAS).ok()
    }

    /// Finds a source file by the path that the compiler recorded, which may be relative to the workspace.
    pub(super) fn source_file(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        if path.is_absolute() {
            return path.is_file().then(|| path.to_owned());
        }
        let apps = self.facts.program.registry().apps();
        let folders = apps.iter().filter_map(|app| App::folder(app)).map(Path::new);
        let folders = folders.chain([Path::new(env!("CARGO_MANIFEST_DIR"))]);
        folders.flat_map(Path::ancestors).map(|folder| folder.join(path)).find(|path| path.is_file())
    }

    /// Returns the settings in force that contain no secret, by an allow-list.
    pub(super) fn shown_settings(&self) -> Markup {
        let Facts { program, settings, .. } = &self.facts;
        let apps = match program.registry().apps() {
            [] => "none".to_owned(),
            apps => apps.join(", "),
        };
        let mut shown = vec![
            (
                "Program".to_owned(),
                format!("{} {}", program.name(), program.project_version()).trim_end().to_owned(),
            ),
            ("Apps".to_owned(), apps),
            ("MANAGE_ENV".to_owned(), settings.environment().to_owned()),
            ("Settings".to_owned(), settings.name().to_owned()),
        ];
        for database in settings.databases() {
            shown.push((format!("Database {}", database.alias), database.to_string()));
        }
        if let Some((hosts, _)) = &settings.server.allowed_hosts {
            shown.push(("Allowed hosts".to_owned(), hosts.join(", ")));
        }
        layout::pairs("Settings in force", shown.iter().map(|(name, value)| (&**name, Some(&**value))))
    }

    pub(super) fn has_routes(&self) -> bool {
        self.apps.iter().any(AppRoutes::has_routes)
    }
}
