//! "Did you mean …?"

/// The candidate that is most like `word`, when one is like it at all: for "Did you mean …?".
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = normal(word);
    candidates
        .into_iter()
        .map(|candidate| (likeness(&word, &normal(candidate)), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// From 0 to 1. A beginning counts for much; so does what is most of a name, `server` of `runserver`.
fn likeness(word: &str, candidate: &str) -> f64 {
    let is_most = word.len() >= 5 && word.len() * 2 >= candidate.len();
    let part = match is_most && candidate.contains(word) {
        true => 0.8 + 0.1 * word.len() as f64 / candidate.len() as f64,
        false => 0.0,
    };
    strsim::jaro_winkler(word, candidate).max(part)
}

/// People mix up `-` and `_`, and capitals.
fn normal(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::closest;

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
    fn another_word_is_not() {
        assert_eq!(closest("rate", NAMES), None);
        assert_eq!(closest("for", NAMES), None);
        assert_eq!(closest("frobnicate", NAMES), None);
        assert_eq!(closest("", NAMES), None);
    }
}
