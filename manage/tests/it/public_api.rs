//! The listing of the public API keeps two promises. `.ci/public-api` compares it with the code.

use std::collections::BTreeSet;

use manage_test_support::case;

const LISTING: &str = include_str!("../../public-api.txt");

/// The crates whose types users' code meets. The framework exports those of them that are not 1.0, and
/// anyhow's `Error` as its own. The parts of axum are what its own methods ask for; chrono's are what Diesel's feature
/// of this name adds to its traits.
const CRATES: &[&str] = &[
    "alloc",
    "anyhow",
    "axum",
    "axum_core",
    "chrono",
    "clap_builder",
    "core",
    "diesel",
    "diesel_async",
    "http",
    "manage",
    "serde_core",
    "std",
    "tower_layer",
    "tower_service",
];

/// The enums that get no variants: Django has five levels, and Diesel's derive writes the other one.
const COMPLETE: &[&str] = &["manage::checks::Level", "manage::database::MultiBackend"];

/// Returns the crates that begin a path in an item.
fn crates(item: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    item.match_indices("::").filter_map(move |(at, _)| {
        let start = item[..at].rfind(|c| !is_name(c)).map_or(0, |before| before + 1);
        let name = &item[start..at];
        // What follows `::` or a `>` is no crate; the name of a type or a parameter begins with a capital.
        let is_first = !item[..start].ends_with("::") && name.starts_with(|c: char| c.is_ascii_lowercase());
        is_first.then_some(name)
    })
}

#[case]
fn other_crates_appear_on_purpose() {
    let primitives = ["bool", "f32", "f64", "i16", "i32", "i64", "str"];
    let found: BTreeSet<&str> =
        LISTING.lines().flat_map(crates).filter(|name| !primitives.contains(name)).collect();
    let expected: BTreeSet<&str> = CRATES.iter().copied().collect();
    assert_eq!(found, expected, "the crates of the public API (left) and those that are meant (right)");
}

#[case]
fn enums_can_grow() {
    let fixed: BTreeSet<&str> = LISTING
        .lines()
        .filter_map(|line| line.strip_prefix("pub enum "))
        .map(|name| name.split(['<', ' ']).next().unwrap_or(name))
        .collect();
    let expected: BTreeSet<&str> = COMPLETE.iter().copied().collect();
    assert_eq!(
        fixed, expected,
        "the enums without #[non_exhaustive] (left) and those that are complete (right)"
    );
    assert!(LISTING.lines().filter(|line| line.starts_with("#[non_exhaustive] pub enum ")).count() > 10);
}

#[case]
fn a_path_begins_with_its_crate() {
    let item =
        "pub fn manage::Call::arg(self, word: impl core::convert::Into<std::ffi::OsString>) -> Self::Item";
    assert_eq!(crates(item).collect::<Vec<_>>(), ["manage", "core", "std"]);
    assert_eq!(crates("impl<T: serde_core::de::Deserialize> X for [u8]").collect::<Vec<_>>(), ["serde_core"]);
}
