//! "Did you mean …?"

/// Returns the candidate most similar to `word`, if any is similar enough for "Did you mean …?".
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = normal(word);
    candidates
        .into_iter()
        .map(|candidate| (likeness(&word, &normal(candidate)), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Returns the candidate that differs from `word` by one or two typos, if any. It is stricter than
/// [`closest`]: for options, where a loosely similar one does not help.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = normal(word);
    candidates
        .into_iter()
        .filter_map(|candidate| Some((slips(&word, &normal(candidate))?, candidate)))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Returns the number of typos between two words; `None` if there are too many for their length.
fn slips(word: &str, candidate: &str) -> Option<usize> {
    let slips = strsim::damerau_levenshtein(word, candidate);
    let allowed = match word.chars().count().max(candidate.chars().count()) {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    let same_start = word.chars().next() == candidate.chars().next();
    (slips <= allowed && (slips <= 1 || same_start)).then_some(slips)
}

/// Returns a similarity from 0 to 1. A common prefix has a high weight, and so has the main part of a name,
/// such as `server` in `runserver`.
fn likeness(word: &str, candidate: &str) -> f64 {
    let is_most = word.len() >= 5 && word.len() * 2 >= candidate.len();
    let part = match is_most && candidate.contains(word) {
        true => 0.8 + 0.1 * word.len() as f64 / candidate.len() as f64,
        false => 0.0,
    };
    strsim::jaro_winkler(word, candidate).max(part)
}

/// Normalizes `-`, `_` and case, which users confuse.
fn normal(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::{closest, nearest};

    const NAMES: [&str; 4] = ["migrate", "runserver", "showmigrations", "wait_for_db"];

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(closest("migrat", NAMES), Some("migrate"));
        assert_eq!(closest("runsever", NAMES), Some("runserver"));
        assert_eq!(closest("wait-for-db", NAMES), Some("wait_for_db"));
        assert_eq!(closest("WAIT_FOR_DB", NAMES), Some("wait_for_db"));
        assert_eq!(closest("server", NAMES), Some("runserver"));
        assert_eq!(closest("serve", NAMES), Some("runserver"));
    }

    #[test]
    fn a_near_option_is_one_with_a_slip() {
        let options =
            ["verbosity", "isolated", "no-color", "force-color", "for", "database", "tag", "lock-timeout"];
        for (word, meant) in [
            ("verbose", "verbosity"),
            ("verbosty", "verbosity"),
            ("databse", "database"),
            ("databases", "database"),
            ("tags", "tag"),
            ("no_color", "no-color"),
            ("no-colour", "no-color"),
        ] {
            assert_eq!(nearest(word, options), Some(meant), "{word}");
        }
        for word in ["list", "fake", "force", "noreload", "timeout", "plan", "log-level", "f", ""] {
            assert_eq!(nearest(word, options), None, "{word}");
        }
    }

    #[test]
    fn another_word_is_not() {
        assert_eq!(closest("rate", NAMES), None);
        assert_eq!(closest("for", NAMES), None);
        assert_eq!(closest("frobnicate", NAMES), None);
        assert_eq!(closest("", NAMES), None);
    }
}
