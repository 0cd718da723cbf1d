//! The secrets of apps that are set by variables.

use super::names::{Names, PREFIX, SEPARATOR};
use crate::settings::secret_files::names_secret;
use crate::settings::variables::Variables;
use crate::settings::{Origin, Secret};

/// Returns for each secret the app's label, the key as the variable spells it, the text, and its location.
pub(in crate::settings) fn secrets(variables: &Variables<'_>) -> Vec<(String, String, Secret, Origin)> {
    let names = Names::below(PREFIX, variables);
    let mut found = Vec::new();
    for rest in names.after(PREFIX) {
        let rest = rest.strip_suffix("_FILE").unwrap_or(rest);
        let Some((label, keys)) = rest.split_once(SEPARATOR) else { continue };
        let key = keys.rsplit(SEPARATOR).next().unwrap_or(keys);
        if !names_secret(key) {
            continue;
        }
        // An unreadable value is reported when the app reads it.
        if let Ok(Some(value)) = variables.get(&format!("{PREFIX}{rest}")) {
            found.push((label.to_lowercase(), key.to_lowercase(), value.text, value.origin));
        }
    }
    found
}
