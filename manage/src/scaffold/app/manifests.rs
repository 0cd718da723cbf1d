//! The manifests: the new crate's own, and those that name it. What else they contain is kept as it is.

use std::path::{Component, Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::project::AppProject;
use super::write::{Edit, read};
use crate::console::printable;
use crate::error::CommandError;

/// The framework's package.
const FRAMEWORK: &str = "diesel-manage";

/// The backends that this program was built with, as features of the framework.
const BACKENDS: [(&str, bool); 3] = [
    ("sqlite", cfg!(feature = "sqlite")),
    ("postgres", cfg!(feature = "postgres")),
    ("mysql", cfg!(feature = "mysql")),
];

/// The texts of the manifests.
pub(super) struct Manifests {
    /// The new crate's.
    pub(super) app: String,
    pub(super) edits: Vec<Edit>,
}

/// Returns the manifests of a project with an app in a directory.
pub(super) fn edit(project: &AppProject, app: &str, directory: &Path) -> Result<Manifests, CommandError> {
    let package_directory = parent(&project.manifest);
    let before = read(&project.manifest)?;
    let mut package = parse(&project.manifest, &before)?;
    let text = manifest(project, &package, app, directory)?;
    let path = relative(package_directory, directory)?;
    let dependencies = package.entry("dependencies").or_insert(Item::Table(Table::new()));
    let Some(dependencies) = dependencies.as_table_like_mut() else {
        return Err(refused(&project.manifest, "its dependencies are not a table"));
    };
    let dependency = Value::InlineTable(InlineTable::from_iter([("path", path)]));
    insert(dependencies, app, Item::Value(dependency.decorated(" ", "")));
    let member = relative(parent(&project.root), directory)?;
    if project.root == project.manifest {
        add_member(&project.root, &mut package, &member)?;
        let after = package.to_string();
        let edit = Edit { path: project.manifest.clone(), before, after };
        return Ok(Manifests { app: text, edits: vec![edit] });
    }
    let root_before = read(&project.root)?;
    let mut root = parse(&project.root, &root_before)?;
    add_member(&project.root, &mut root, &member)?;
    let edits = [
        Edit { path: project.manifest.clone(), before, after: package.to_string() },
        Edit { path: project.root.clone(), before: root_before, after: root.to_string() },
    ];
    let edits = edits.into_iter().filter(|edit| edit.before != edit.after).collect();
    Ok(Manifests { app: text, edits })
}

/// Returns the new crate's manifest: the same Rust, Diesel and framework as the program's package has.
fn manifest(
    project: &AppProject,
    package: &DocumentMut,
    app: &str,
    directory: &Path,
) -> Result<String, CommandError> {
    let mut lines =
        vec!["[package]".to_owned(), format!("name = \"{app}\""), "version = \"0.1.0\"".to_owned()];
    for key in ["edition", "rust-version"] {
        let item = package.get("package").and_then(|package| package.get(key));
        match item {
            Some(item) if item.as_table_like().is_some() => lines.push(format!("{key}.workspace = true")),
            Some(Item::Value(value)) => lines.push(format!("{key} = {}", value.clone().decorated("", ""))),
            _ => {}
        }
    }
    lines.extend(["publish = false", "", "[dependencies]"].map(str::to_owned));
    let dependencies = package.get("dependencies").and_then(Item::as_table_like);
    let find = |name: &str| dependencies.and_then(|table| dependency(table, name));
    let moved = |table: InlineTable| moved(table, parent(&project.manifest), directory);
    if let Some((key, diesel)) = find("diesel") {
        lines.push(format!("{key} = {}", shortest(moved(diesel)?)));
    }
    let Some((key, framework)) = find(FRAMEWORK) else {
        return Err(refused(&project.manifest, "its [dependencies] do not name diesel-manage"));
    };
    let framework = moved(framework)?;
    let mut testing = framework.clone();
    lines.push(format!("{key} = {}", shortest(with_backend(framework))));
    testing.insert("features", Value::Array(Array::from_iter(["testing"])));
    testing.fmt();
    lines.extend([String::new(), "[dev-dependencies]".to_owned(), format!("{key} = {testing}")]);
    if package.get("lints").is_some_and(|lints| lints.get("workspace").is_some()) {
        lines.extend(["", "[lints]", "workspace = true"].map(str::to_owned));
    }
    Ok(lines.join("\n") + "\n")
}

/// Returns the key and the value of a dependency on a package, as one inline table.
fn dependency(table: &dyn TableLike, package: &str) -> Option<(String, InlineTable)> {
    let is_it = |key: &str, item: &Item| match item.get("package").and_then(Item::as_str) {
        Some(name) => name == package,
        None => key == package,
    };
    let (key, item) = table.iter().find(|(key, item)| is_it(key, item))?;
    let value = match item {
        Item::Value(Value::InlineTable(table)) => table.clone(),
        Item::Value(version) => InlineTable::from_iter([("version", version.as_str()?)]),
        Item::Table(table) => table.clone().into_inline_table(),
        _ => return None,
    };
    Some((key.to_owned(), value))
}

/// Returns a dependency with its path as another directory writes it.
fn moved(mut table: InlineTable, from: &Path, to: &Path) -> Result<InlineTable, CommandError> {
    table.remove("optional");
    // A comment beside it is about the other package.
    table.decor_mut().clear();
    if let Some(path) = table.get("path").and_then(Value::as_str).map(Path::new)
        && path.is_relative()
    {
        let path = from.join(path);
        let path = relative(to, &path.canonicalize().unwrap_or(path))?;
        table.insert("path", path.into());
    }
    table.fmt();
    Ok(table)
}

/// Adds the backends of this program, if the dependency may have none: the crate is also built alone.
fn with_backend(mut table: InlineTable) -> InlineTable {
    let names = table.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_named = |name: &str| names.iter().any(|feature| feature.as_str() == Some(name));
    let has_defaults = table.get("default-features").and_then(Value::as_bool) != Some(false)
        && table.get("workspace").is_none();
    if has_defaults || BACKENDS.iter().any(|(name, _)| is_named(name)) {
        return table;
    }
    let named = names.iter().filter_map(Value::as_str);
    let mut features: Vec<&str> =
        named.chain(BACKENDS.iter().filter(|(_, is_built)| *is_built).map(|(name, _)| *name)).collect();
    features.sort_unstable();
    let features = Array::from_iter(features);
    table.insert("features", Value::Array(features));
    table.fmt();
    table
}

/// Returns a dependency as short as it can be written: a version alone is a string.
fn shortest(table: InlineTable) -> String {
    match table.get("version").filter(|_| table.len() == 1) {
        Some(version) => version.to_string().trim().to_owned(),
        None => table.to_string().trim().to_owned(),
    }
}

/// Names a member in the manifest of a workspace, which may be one of a package alone.
fn add_member(path: &Path, root: &mut DocumentMut, member: &str) -> Result<(), CommandError> {
    let workspace = root.entry("workspace").or_insert(Item::Table(Table::new()));
    let Some(workspace) = workspace.as_table_mut() else {
        return Err(refused(path, "its workspace is not a table"));
    };
    let list = |key: &str| workspace.get(key).and_then(Item::as_array).into_iter().flatten();
    let is_below = |above: &Value| above.as_str().is_some_and(|above| Path::new(member).starts_with(above));
    if list("exclude").any(is_below) {
        return Err(refused(path, "its workspace excludes the app's directory"));
    }
    let parent = Path::new(member).parent().unwrap_or(Path::new(""));
    let covers = |pattern: &Value| {
        pattern.as_str().is_some_and(|pattern| pattern == member || Path::new(pattern) == parent.join("*"))
    };
    if list("members").any(covers) {
        return Ok(());
    }
    let members = workspace.entry("members").or_insert(Item::Value(Value::Array(Array::new())));
    let Some(members) = members.as_array_mut() else {
        return Err(refused(path, "its members are not a list"));
    };
    push(members, member);
    Ok(())
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

/// Inserts a key. If the keys are in alphabetical order, they still are.
fn insert(table: &mut dyn TableLike, key: &str, item: Item) {
    let is_sorted = table.iter().map(|(key, _)| key.to_owned()).is_sorted();
    table.insert(key, item);
    if is_sorted {
        table.sort_values();
    }
}

/// Returns a path from one directory to another, as a manifest writes it. Both are absolute.
fn relative(from: &Path, to: &Path) -> Result<String, CommandError> {
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(shared)).collect();
    let path = path.to_str().map(|path| path.replace('\\', "/"));
    path.ok_or_else(|| CommandError::new(format!("{} is not UTF-8, as a manifest is.", printable(to))))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn parse(path: &Path, text: &str) -> Result<DocumentMut, CommandError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        CommandError::new(format!("{} is not understood: {}.", printable(path), error.message()))
    })
}

fn refused(path: &Path, why: &str) -> CommandError {
    CommandError::new(format!("{} is not changed, since {why}. Nothing was written.", printable(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative() {
        let path = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).expect("UTF-8");
        assert_eq!(path("/a", "/a/blog"), "blog");
        assert_eq!(path("/a/app", "/a/blog"), "../blog");
        assert_eq!(path("/a/crates/app", "/b"), "../../../b");
    }

    #[test]
    fn a_list_of_members_keeps_its_layout() {
        for (before, after) in [
            ("[package]\n", "[package]\n\n[workspace]\nmembers = [\"blog\"]\n"),
            ("[workspace]\nmembers = [\"a\"] # ours\n", "[workspace]\nmembers = [\"a\", \"blog\"] # ours\n"),
            (
                "[workspace]\nmembers = [\n    # the first\n    \"a\", # x\n]\n",
                "[workspace]\nmembers = [\n    # the first\n    \"a\", # x\n    \"blog\",\n]\n",
            ),
            ("[workspace]\nmembers = [\"*\"]\n", "[workspace]\nmembers = [\"*\"]\n"),
        ] {
            let mut document: DocumentMut = before.parse().expect("TOML");
            add_member(Path::new("Cargo.toml"), &mut document, "blog").expect("a member");
            assert_eq!(document.to_string(), after);
        }
        let mut document: DocumentMut = "[workspace]\nexclude = [\"blog\"]\n".parse().expect("TOML");
        let error = add_member(Path::new("Cargo.toml"), &mut document, "blog").expect_err("excluded");
        assert!(error.to_string().contains("excludes"), "{error}");
    }

    #[test]
    fn a_dependency_is_moved() {
        let document: DocumentMut =
            "[d]\nx = { package = \"diesel-manage\", path = \"../f\", optional = true }\ndiesel = \"~2.3\"\n"
                .parse()
                .expect("TOML");
        let table = document["d"].as_table_like().expect("a table");
        let (key, found) = dependency(table, FRAMEWORK).expect("a dependency");
        let found = moved(found, Path::new("/no/app"), Path::new("/no/apps/blog")).expect("UTF-8");
        assert_eq!(
            (key.as_str(), found.to_string().trim()),
            ("x", "{ package = \"diesel-manage\", path = \"../../app/../f\" }")
        );
        let (_, diesel) = dependency(table, "diesel").expect("a dependency");
        assert_eq!(shortest(diesel), "\"~2.3\"");
    }
}
