//! Which checks to run, and whether there are such.

use std::collections::BTreeSet;
use std::fmt;

use crate::Context;
use crate::command::closest;
use crate::settings::DatabaseSettings;

use super::registration::registered;

/// Which checks to run. The default is all that open no database and are not for deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only what concerns these apps; none stands for all.
    pub apps: Vec<String>,
    /// Only the checks that have one of these tags; none stands for all.
    pub tags: Vec<String>,
    /// Also those for a deployment.
    pub deploy: bool,
    /// Also those of these databases, by alias.
    pub databases: Vec<String>,
}

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    message: String,
    hint: String,
}

impl UnknownName {
    /// What may have been meant, and which names there are.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    fn new<'a>(message: String, name: &str, kind: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let meant = closest(name, known.iter().copied()).map(|meant| format!("Did you mean \"{meant}\"? "));
        Self { message, hint: format!("{}The {kind} are: {}.", meant.unwrap_or_default(), known.join(", ")) }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UnknownName {}

/// The tags that there are, in their order; those that only checks for a deployment have with `deploy`.
pub fn tags(cx: &Context, deploy: bool) -> BTreeSet<&'static str> {
    registered(cx).filter(|check| deploy || !check.deploy).flat_map(|check| check.tags()).collect()
}

impl Selection {
    /// An error for the first name in it that nothing has. The databases are those of the settings; where these cannot be
    /// read, that is what the checks will tell.
    pub fn validate(&self, cx: &Context) -> Result<(), UnknownName> {
        let apps = cx.program().registry().apps();
        if let Some(label) = self.apps.iter().find(|label| !apps.contains(&label.as_str())) {
            // A URL here is a mistake, and may hold a password.
            let shown = if label.contains("://") { "(a URL)" } else { label };
            let message = format!("No installed app with label '{shown}'.");
            return Err(UnknownName::new(message, label, "apps", apps.iter().copied()));
        }
        let tags_there = tags(cx, self.deploy);
        if let Some(tag) = self.tags.iter().find(|tag| !tags_there.contains(tag.as_str())) {
            let shown = if tag.contains("://") { "(a URL)" } else { tag };
            let message = format!("There is no system check with the \"{shown}\" tag.");
            // A slip in a tag of deployments' is still best mended by its name.
            let everywhere = tags(cx, true);
            if let Some(meant) = closest(tag, everywhere).filter(|meant| !tags_there.contains(meant)) {
                let only = format!("Only checks for deployments have the tag \"{meant}\": add --deploy.");
                return Err(UnknownName { message, hint: only });
            }
            return Err(UnknownName::new(message, tag, "tags", tags_there));
        }
        let Ok(settings) = cx.try_settings() else { return Ok(()) };
        let unknown = |alias: &&String| settings.database(alias).is_err();
        match self.databases.iter().find(unknown) {
            // In production it is not set.
            Some(alias) if alias == DatabaseSettings::DEFAULT_ALIAS => {
                let error = settings.database(alias).expect_err("just looked up");
                let hint = error.hint_text().unwrap_or_default().to_owned();
                Err(UnknownName { message: error.to_string(), hint })
            }
            Some(alias) => Err(UnknownName::new(
                format!("There is no database '{alias}' in the settings."),
                alias,
                "databases",
                settings.databases().map(|database| database.alias.as_str()),
            )),
            None => Ok(()),
        }
    }
}
