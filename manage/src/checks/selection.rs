//! Which checks to run, and whether they exist.

use std::collections::BTreeSet;
use std::fmt;

use crate::command::Context;
use crate::console::echo;
use crate::error::CommandError;
use crate::settings::DatabaseSettings;
use crate::suggest::closest;

use super::registration::registered;

/// Which checks to run. By default these are all checks that open no database and are not deployment checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// Only the checks of these apps; empty means all.
    pub apps: Vec<String>,
    /// Only the checks that have one of these tags; empty means all.
    pub tags: Vec<String>,
    /// Also the deployment checks.
    pub deploy: bool,
    /// Also the database checks of these aliases.
    pub databases: Vec<String>,
    /// The schemas whose migrations are checked, in each of these databases, which are PostgreSQL's. Empty means
    /// those to which the search path leads.
    pub schemas: Vec<String>,
}

/// An unknown name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    message: String,
    hint: String,
}

impl UnknownName {
    /// Returns suggestions for the name, and the known names.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    fn new<'a>(message: String, name: &str, kind: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let meant = closest(name, known.iter().copied()).map(|meant| format!("Did you mean \"{meant}\"? "));
        Self { message, hint: format!("{}The {kind} are: {}.", meant.unwrap_or_default(), known.join(", ")) }
    }
}

impl From<UnknownName> for CommandError {
    fn from(unknown: UnknownName) -> Self {
        Self::new(unknown.to_string()).hint(unknown.hint)
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UnknownName {}

impl Selection {
    /// Returns the tags that checks have, in alphabetical order. Tags that only deployment checks have are
    /// included if the selection has `deploy`.
    pub fn available_tags(&self, cx: &Context) -> BTreeSet<&'static str> {
        registered(cx).filter(|check| self.deploy || !check.deploy).flat_map(|check| check.tags()).collect()
    }

    /// Fails for the first unknown name. If the settings cannot be read, database aliases are not validated:
    /// the checks will report that.
    pub fn validate(&self, cx: &Context) -> Result<(), UnknownName> {
        let apps = cx.program().registry().apps();
        if let Some(label) = self.apps.iter().find(|label| !apps.contains(&label.as_str())) {
            let message = format!("No installed app with label '{}'.", echo(label));
            return Err(UnknownName::new(message, label, "apps", apps.iter().copied()));
        }
        let tags_there = self.available_tags(cx);
        if let Some(tag) = self.tags.iter().find(|tag| !tags_there.contains(tag.as_str())) {
            let message = format!("There is no system check with the \"{}\" tag.", echo(tag));
            // For a misspelt tag of deployment checks, the correct name is still the best hint.
            let everywhere = Self { deploy: true, ..Self::default() }.available_tags(cx);
            if let Some(meant) = closest(tag, everywhere).filter(|meant| !tags_there.contains(meant)) {
                let only = format!("Only deployment checks have the tag \"{meant}\": add --deploy.");
                return Err(UnknownName { message, hint: only });
            }
            return Err(UnknownName::new(message, tag, "tags", tags_there));
        }
        let Ok(settings) = cx.try_settings() else { return Ok(()) };
        let unknown = |alias: &&String| settings.database(alias).is_err();
        match self.databases.iter().find(unknown) {
            // `default` may be unset, and is then not assumed.
            Some(alias) if alias == DatabaseSettings::DEFAULT_ALIAS => {
                let error = settings.database(alias).expect_err("just looked up");
                let hint = error.hint_text().unwrap_or_default().to_owned();
                Err(UnknownName { message: error.to_string(), hint })
            }
            Some(alias) => Err(UnknownName::new(
                format!("There is no database '{}' in the settings.", echo(alias)),
                alias,
                "databases",
                settings.databases().map(|database| database.alias.as_str()),
            )),
            None => Ok(()),
        }
    }
}
