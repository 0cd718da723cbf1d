//! The dependencies between migrations, and the order that follows from them.
//!
//! A migration depends on the migrations that its `metadata.toml` names, and on the one before it in its app.

use std::collections::{BTreeMap, BTreeSet};

use super::error::SourceError;
use super::migrations::Entry;
use super::registration::version_of;
use crate::console::printable;

/// Finds the dependencies of entries, which are in order of version, and puts each after those that it depends
/// on.
pub(super) fn order(mut entries: Vec<Entry>) -> Result<Vec<Entry>, SourceError> {
    if entries.iter().all(|entry| entry.migration.dependencies.is_empty()) {
        return Ok(entries);
    }
    let found: Vec<Vec<String>> =
        entries.iter().map(|entry| resolve(entry, &entries)).collect::<Result<_, _>>()?;
    for (entry, dependencies) in entries.iter_mut().zip(found) {
        entry.dependencies = dependencies;
    }
    let requires = edges(&entries);
    let mut required_by = vec![Vec::new(); entries.len()];
    for (index, required) in requires.iter().enumerate() {
        required.iter().for_each(|other| required_by[*other].push(index));
    }
    let mut missing: Vec<usize> = requires.iter().map(BTreeSet::len).collect();
    // The oldest of those whose dependencies are done comes next.
    let mut ready: BTreeSet<usize> = (0..entries.len()).filter(|index| missing[*index] == 0).collect();
    let mut places = vec![None; entries.len()];
    let mut placed = 0;
    while let Some(index) = ready.pop_first() {
        places[index] = Some(placed);
        placed += 1;
        for dependent in &required_by[index] {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    if placed < entries.len() {
        return Err(cycle(&entries, &requires, &places));
    }
    let mut placed: Vec<(Option<usize>, Entry)> = places.into_iter().zip(entries).collect();
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, entry)| entry).collect())
}

/// Returns the indexes that each entry depends on.
fn edges(entries: &[Entry]) -> Vec<BTreeSet<usize>> {
    let by_version: BTreeMap<&str, usize> =
        entries.iter().enumerate().map(|(index, entry)| (entry.version.as_str(), index)).collect();
    let mut last_of_app = BTreeMap::new();
    let edges = entries.iter().enumerate().map(|(index, entry)| {
        let named = entry.dependencies.iter().filter_map(|version| by_version.get(version.as_str()).copied());
        named.chain(last_of_app.insert(entry.app, index)).collect()
    });
    edges.collect()
}

/// Returns the versions of an entry's dependencies.
fn resolve(entry: &Entry, entries: &[Entry]) -> Result<Vec<String>, SourceError> {
    let mut versions = Vec::new();
    for (text, line) in entry.migration.dependencies {
        let error = |problem| SourceError::Dependency { file: entry.metadata(), line: *line, problem };
        let shown = printable(text);
        let (app, name) = match text.split_once('.') {
            Some((app, name)) => (Some(app), name),
            None => (None, *text),
        };
        let in_app = |other: &&Entry| app.is_none_or(|app| app == other.app);
        if !entries.iter().any(|other| in_app(&other)) {
            let apps: BTreeSet<&str> = entries.iter().map(|other| other.app).collect();
            let apps = apps.into_iter().collect::<Vec<_>>().join(", ");
            return Err(error(format!(
                "the dependency \"{shown}\" is of an app that has no migrations here. The apps with migrations are: {apps}."
            )));
        }
        let is_named = |other: &str| {
            let title = other.split_once('_').map(|(_, title)| title);
            other == name || version_of(other) == name.replace('-', "") || title == Some(name)
        };
        // What a migration replaces is named as before.
        let is_meant =
            |other: &&Entry| is_named(other.name()) || other.replaces().iter().any(|name| is_named(name));
        let meant: Vec<&Entry> = entries.iter().filter(in_app).filter(is_meant).collect();
        match meant.as_slice() {
            [] => {
                return Err(error(format!(
                    "there is no migration \"{shown}\" to depend on. Write \"app.name\", or its version."
                )));
            }
            [one] if one.version == entry.version && !entry.replaces().is_empty() => {}
            [one] if one.version == entry.version => {
                return Err(error(format!(
                    "the migration depends on itself (\"{shown}\"). Remove this dependency."
                )));
            }
            [one] => versions.push(one.version.clone()),
            many => {
                let names: Vec<&str> = many.iter().map(|other| other.name()).collect();
                let names = names.join(", ");
                return Err(error(format!(
                    "the dependency \"{shown}\" matches several migrations: {}. Write its version.",
                    printable(&names)
                )));
            }
        }
    }
    versions.sort();
    versions.dedup();
    Ok(versions)
}

/// Describes a cycle among the entries that have no place.
fn cycle(entries: &[Entry], requires: &[BTreeSet<usize>], places: &[Option<usize>]) -> SourceError {
    let next = |index: usize| requires[index].iter().copied().find(|other| places[*other].is_none());
    let mut path = Vec::new();
    let mut at = places.iter().position(Option::is_none);
    while let Some(index) = at.filter(|index| !path.contains(index)) {
        path.push(index);
        at = next(index);
    }
    let start = at.and_then(|again| path.iter().position(|index| *index == again)).unwrap_or_default();
    let mut circle = path.split_off(start);
    // Within an app the order is that of the versions, so some other dependency closes the cycle.
    let named = |index: &usize| !entries[*index].dependencies.is_empty();
    let first = circle.iter().position(named).unwrap_or_default();
    circle.rotate_left(first);
    let closes = &entries[circle[0]];
    let names = circle.iter().chain(circle.first()).map(|index| {
        let entry = &entries[*index];
        format!("{}.{}", entry.app, entry.name())
    });
    let names = names.collect::<Vec<_>>().join(" \u{2192} ");
    SourceError::Dependency {
        file: closes.metadata(),
        line: closes.migration.dependencies.first().map_or(1, |(_, line)| *line),
        problem: format!(
            "the dependencies form a cycle: {}. Each depends on the next, and a migration also on the one before it in its app.",
            printable(&names)
        ),
    }
}
