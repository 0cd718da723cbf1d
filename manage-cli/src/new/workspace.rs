//! A new project inside an existing workspace becomes a member of it, as with `cargo new`.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::error::{Error, Result};
use crate::init::replace;
use crate::output::shown;

/// The change of a workspace that a new project needs.
pub(crate) enum Membership {
    /// The members' patterns include it.
    Included(PathBuf),
    /// The list of members with its name.
    Added { manifest: PathBuf, text: String, member: String },
}

/// Returns what the workspace around a directory needs to know about it; `None` if there is no workspace, or if
/// it excludes the directory. The error is a workspace that cannot have such a member.
pub(crate) fn membership(directory: &Path, name: &str) -> Result<Option<Membership>> {
    let above = directory.ancestors().skip(1).map(|above| above.join("Cargo.toml"));
    for manifest in above.filter(|manifest| manifest.is_file()) {
        let text = fs::read_to_string(&manifest).map_err(|error| Error::io(&manifest, "read", &error))?;
        let Ok(mut document) = text.parse::<DocumentMut>() else {
            return Err(Error::new(format!("{} is not valid TOML.", shown(&manifest))));
        };
        let Some(workspace) = document.get_mut("workspace").and_then(Item::as_table_mut) else { continue };
        let root = manifest.parent().unwrap_or(Path::new(""));
        let path = directory.strip_prefix(root).unwrap_or(directory);
        let path = path.to_str().map(|path| path.replace('\\', "/"));
        let path = path.ok_or_else(|| Error::usage(format!("{} is not UTF-8.", shown(directory))))?;
        let names = |table: &Table, key: &str| -> Vec<String> {
            let list = table.get(key).and_then(Item::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(|text| text.trim_end_matches('/').to_owned()).collect()
        };
        if names(workspace, "exclude").iter().any(|excluded| Path::new(&path).starts_with(excluded)) {
            return Ok(None);
        }
        let members = names(workspace, "members");
        if let Some(same) = members.iter().find(|member| {
            root.join(member).join("Cargo.toml").is_file() && is_named(&root.join(member), name)
        }) {
            return Err(Error::usage(format!("The workspace has a package `{name}` already, in {same}.")));
        }
        if members.iter().any(|pattern| matches(pattern, &path)) {
            return Ok(Some(Membership::Included(manifest)));
        }
        add_member(workspace, &path);
        let text = document.to_string();
        return Ok(Some(Membership::Added { manifest, text, member: path }));
    }
    Ok(None)
}

/// Adds a path to the members.
fn add_member(workspace: &mut Table, path: &str) {
    let list = workspace.entry("members").or_insert(Item::Value(Value::Array(Array::new())));
    if let Some(list) = list.as_array_mut() {
        push(list, path);
    }
}

/// Adds a member to a list. A list with a line for each keeps that layout, and its comments stay in their lines.
fn push(members: &mut Array, member: &str) {
    let layout = members.iter().last().and_then(|last| last.decor().prefix()?.as_str()?.rsplit_once('\n'));
    let Some(indent) = layout.map(|(_, indent)| indent.to_owned()) else {
        members.push(member);
        return;
    };
    // What follows the last member, up to the end of its line: behind the comma, or without one.
    let mut rest = members.trailing().as_str().unwrap_or_default().to_owned();
    if let Some(last) = members.iter_mut().last() {
        let suffix = last.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default();
        rest = format!("{suffix}{rest}");
        last.decor_mut().set_suffix("");
    }
    let (line, end) = rest.rsplit_once('\n').unwrap_or((&rest, ""));
    members.push_formatted(Value::from(member).decorated(format!("{line}\n{indent}"), ""));
    members.set_trailing_comma(true);
    members.set_trailing(format!("\n{end}"));
}

fn is_named(directory: &Path, name: &str) -> bool {
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    let manifest: Option<DocumentMut> = manifest.parse().ok();
    manifest.is_some_and(|manifest| {
        manifest.get("package").and_then(|package| package.get("name")?.as_str()) == Some(name)
    })
}

/// Returns whether a pattern of members includes a path: parts of names may be `*` and `?`.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(pattern, name)| part(pattern.as_bytes(), name.as_bytes()))
}

fn part(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => part(rest, name) || (!name.is_empty() && part(pattern, &name[1..])),
        (Some((b'?', pattern)), Some((_, name))) => part(pattern, name),
        (Some((one, pattern)), Some((other, name))) => one == other && part(pattern, name),
        _ => false,
    }
}

impl Membership {
    /// Changes the workspace, and returns what to say about it.
    pub(crate) fn join(self) -> Result<String> {
        match self {
            Self::Included(manifest) => {
                Ok(format!("It is a member of the workspace of {}.", shown(&manifest)))
            }
            Self::Added { manifest, text, member } => {
                replace(&manifest, &text).map_err(|error| {
                    Error::io(&manifest, "written", &error).hint(format!(
                        "Add \"{member}\" to its workspace.members: the project is complete otherwise."
                    ))
                })?;
                Ok(format!("Added \"{member}\" to the members of the workspace in {}.", shown(&manifest)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_patterns() {
        assert!(matches("crates/*", "crates/shop") && matches("shop", "shop") && matches("s?o*", "shop"));
        assert!(!matches("crates/*", "crates/a/b") && !matches("*", "a/b") && !matches("shop", "shops"));
    }

    #[test]
    fn a_list_keeps_its_layout() {
        for (before, after) in [
            ("[workspace]\n", "[workspace]\nmembers = [\"b\"]\n"),
            ("[workspace]\nmembers = [\"a\"] # ours\n", "[workspace]\nmembers = [\"a\", \"b\"] # ours\n"),
            (
                "[workspace]\nmembers = [\n    # the first\n    \"a\", # x\n]\n",
                "[workspace]\nmembers = [\n    # the first\n    \"a\", # x\n    \"b\",\n]\n",
            ),
            (
                "[workspace]\nmembers = [\n    \"a\"\n]\n",
                "[workspace]\nmembers = [\n    \"a\",\n    \"b\",\n]\n",
            ),
        ] {
            let mut document: DocumentMut = before.parse().expect("TOML");
            add_member(document["workspace"].as_table_mut().expect("a table"), "b");
            assert_eq!(document.to_string(), after);
        }
    }
}
