//! The blog's own settings.

use serde::Deserialize;

/// `[apps.app]` of `manage.toml`. A variable overrides a key: `MANAGE_APPS__APP__FRONT_PAGE_ARTICLES`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BlogSettings {
    /// How many articles the front page shows. The default is all.
    pub(crate) front_page_articles: Option<u32>,
}
