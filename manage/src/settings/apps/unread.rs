//! Variables that resemble settings of an app, but that no app reads.

use strsim::damerau_levenshtein;

use super::names::{PREFIX, SEPARATOR, segment};
use crate::console::echo;
use crate::settings::database::near_misses::NearMiss;
use crate::settings::variables::Variables;
use crate::suggest::closest;

/// The prefix of such a name; one with a typo also counts.
const LIKE: &str = "MANAGE_APPS";

/// Returns all of them, given the labels of the program's apps.
pub(crate) fn unread(variables: &Variables<'_>, labels: &[&str]) -> Vec<NearMiss> {
    let names = variables.names("").into_iter().filter(|name| is_plain(name));
    let set = names.filter_map(|name| Some((variables.plain(&name).ok()??, name)));
    set.filter_map(|(value, name)| {
        let (text, hint) = problem(&name, labels)?;
        Some(NearMiss { text: format!("{} is not read{text}.", value.origin), hint })
    })
    .collect()
}

/// Returns whether a name may be shown.
fn is_plain(name: &str) -> bool {
    name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Returns why a variable is not read, and what to write instead.
fn problem(name: &str, labels: &[&str]) -> Option<(String, String)> {
    let upper = name.to_uppercase();
    let (rest, is_exact) = rest(&upper)?;
    let labels: Vec<(String, &str)> = labels.iter().map(|label| (segment(label), *label)).collect();
    let is_label = |written: &str| labels.iter().any(|(label, _)| label == written);
    let (label, keys) = rest.split_once(SEPARATOR).unwrap_or((rest, ""));
    if is_label(label) && !keys.is_empty() {
        // Nothing follows the last separator.
        let meant = format!("{PREFIX}{label}__{}", keys.strip_suffix(SEPARATOR).unwrap_or(keys));
        return (name != meant).then(|| (String::new(), format!("Did you mean {meant}?")));
    }
    // One underscore instead of two: use the longest label that fits.
    let shorter = labels
        .iter()
        .filter_map(|(label, _)| Some((label, rest.strip_prefix(label.as_str())?.strip_prefix('_')?)));
    if let Some((label, keys)) = shorter.max_by_key(|(label, _)| label.len())
        && keys.bytes().any(|byte| byte != b'_')
    {
        return Some((String::new(), format!("Did you mean {PREFIX}{label}__{keys}?")));
    }
    // A name with a different prefix may be a variable of the project's own.
    if !is_exact {
        return None;
    }
    let known = labels.iter().map(|(_, label)| *label).collect::<Vec<_>>().join(", ");
    let form = format!("A setting of an app is {PREFIX}<LABEL>__<KEY>. The apps are: {known}.");
    if label.is_empty() || keys.is_empty() || is_label(label) {
        return Some((String::new(), form));
    }
    let text = format!(": no app has the label '{}'", echo(&label.to_lowercase()));
    let meant = closest(label, labels.iter().map(|(label, _)| label.as_str()));
    let hint = match meant {
        Some(meant) => format!("Did you mean {PREFIX}{meant}__{keys}? The apps are: {known}."),
        None => form,
    };
    Some((text, hint))
}

/// Returns the part after the prefix, and whether the prefix is spelt correctly; `None` for any other name.
fn rest(upper: &str) -> Option<(&str, bool)> {
    if let Some(rest) = upper.strip_prefix(PREFIX) {
        return Some((rest.trim_start_matches('_'), true));
    }
    // `MANAGE_APPS_`, `MANAGE_APP__`, `MANAGE__APPS__`, `MANGE_APPS__`.
    let after = |end: usize| Some((upper.get(..end)?, upper.get(end..)?.strip_prefix('_')?));
    let lengths = [LIKE.len(), LIKE.len() - 1, LIKE.len() + 1];
    lengths.into_iter().filter_map(after).find_map(|(start, rest)| {
        let is_like = start.contains("APP") && !start.ends_with('_') && damerau_levenshtein(start, LIKE) <= 1;
        is_like.then(|| (rest.trim_start_matches('_'), false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;

    fn found(name: &str) -> Option<String> {
        let environment = Environment::new([(name, "hunter2")], "/");
        let misses = unread(&Variables::new(&environment, None), &["shop", "shop_admin", "billing"]);
        assert!(misses.len() <= 1);
        misses.into_iter().next().map(|miss| format!("{} {}", miss.text, miss.hint))
    }

    #[test]
    fn settings_of_apps_are_no_mistakes() {
        for name in [
            "MANAGE_APPS__SHOP__CURRENCY",
            "MANAGE_APPS__SHOP__CURRENCY_FILE",
            "MANAGE_APPS__SHOP_ADMIN__MAIL__PORT",
            "MANAGE_APP_NAME",
            "MANAGE_APPS_DIR",
            "MANAGE_ENV",
            "APPS__SHOP__CURRENCY",
            "MANAGE_APPLICATION_SHOP_X",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn a_slip_is_found() {
        let shop = "Did you mean MANAGE_APPS__SHOP__CURRENCY?";
        for (name, meant) in [
            ("MANAGE_APPS_SHOP_CURRENCY", shop),
            ("MANAGE_APPS_SHOP__CURRENCY", shop),
            ("MANAGE_APPS__SHOP_CURRENCY", shop),
            ("MANAGE_APP__SHOP__CURRENCY", shop),
            ("MANAGE_APP_SHOP_CURRENCY", shop),
            ("MANGE_APPS__SHOP__CURRENCY", shop),
            ("MANAGE__APPS__SHOP__CURRENCY", shop),
            ("manage_apps__shop__currency", shop),
            ("MANAGE_APPS__SHOP__CURRENCY__", shop),
            ("MANAGE_APPS_SHOP_ADMIN_EMAIL", "Did you mean MANAGE_APPS__SHOP_ADMIN__EMAIL?"),
        ] {
            let said = found(name).unwrap_or_default();
            assert_eq!(said, format!("{name} (environment) is not read. {meant}"));
        }
        assert_eq!(
            found("MANAGE_APPS__SHPO__CURRENCY").as_deref(),
            Some(
                "MANAGE_APPS__SHPO__CURRENCY (environment) is not read: no app has the label 'shpo'. Did you mean \
                 MANAGE_APPS__SHOP__CURRENCY? The apps are: shop, shop_admin, billing."
            )
        );
        for name in ["MANAGE_APPS__SHOP", "MANAGE_APPS__SHOP__", "MANAGE_APPS__OTHER__X"] {
            let said = found(name).unwrap_or_default();
            assert!(said.ends_with("A setting of an app is MANAGE_APPS__<LABEL>__<KEY>. The apps are: shop, shop_admin, billing."), "{said}");
        }
    }
}
