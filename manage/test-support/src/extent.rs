//! How much one run tests.

/// The environment variable that makes a run test everything: `MANAGE_TEST_ALL=1`. CI sets it.
pub const ALL: &str = "MANAGE_TEST_ALL";

/// Returns whether everything is to be tested, however long it takes.
pub fn tests_all() -> bool {
    std::env::var_os(ALL).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Returns how many random cases a test tries: a fifth of them, unless everything is to be tested.
pub fn random_cases(all: u32) -> u32 {
    if tests_all() { all } else { all.div_ceil(5) }
}
