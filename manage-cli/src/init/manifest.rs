//! The package's `Cargo.toml`: a dependency, a program, and the default of `cargo run`.

use std::path::Path;

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::diesel::obstacle;
use super::package::{Adopted, Obstacle};
use super::{by_hand, read};
use crate::backend::Backend;
use crate::dependency::{DIESEL, PACKAGE, Source, shortest};
use crate::error::{Error, Result};
use crate::output::shown;

/// What is said of the program's documentation, in the file.
const DOC: &str = "# The framework's library has this name too; in the docs the two would collide.\n";

const DEV_DEPENDENCIES: &str = "dev-dependencies";

/// The keys of a dependency that two dependencies on one package share.
const SOURCE: [&str; 9] =
    ["version", "registry", "path", "git", "branch", "tag", "rev", "workspace", "default-features"];

/// Returns the text before and after.
/// Diesel is added for a package that has none and whose databases were `chosen`.
pub(crate) fn edit(
    adopted: &Adopted,
    (backends, chosen): (&[Backend], bool),
    source: &Source,
) -> Result<(String, String)> {
    let path = &adopted.package.manifest_path;
    let before =
        read(path)?.ok_or_else(|| Error::new(format!("{} does not exist any more.", shown(path))))?;
    let mut document: DocumentMut =
        before.parse().map_err(|error| Error::new(format!("{} is not understood: {error}.", shown(path))))?;
    let root = read(&adopted.workspace_root.join("Cargo.toml"))?.unwrap_or_default();
    let root: DocumentMut = root.parse().unwrap_or_default();
    let is_inherited = of_workspace(&root, PACKAGE).is_some();
    let is_new = adopted.package.dependency(PACKAGE).is_none();
    if is_new && chosen && adopted.package.dependency("diesel").is_none() {
        let dependency = diesel(&root)?.decorated(" ", "");
        add_dependency(&mut document, path, "dependencies", ("diesel", dependency))?;
    }
    if is_new {
        let dependency = match is_inherited {
            true => Value::InlineTable(inherited()).decorated(" ", ""),
            false => shortest(source.dependency(backends, false)?),
        };
        add_dependency(&mut document, path, "dependencies", (PACKAGE, dependency))?;
    }
    if !adopted.package.has_dev_dependency(PACKAGE) {
        let testing = match (is_new, is_inherited) {
            (true, true) => Some(with_testing(inherited())),
            (true, false) => Some(source.testing(backends, false)?),
            (false, _) => {
                document.get("dependencies").and_then(|table| table.get(PACKAGE)).and_then(testing_like)
            }
        };
        if let Some(testing) = testing {
            let dependency = Value::InlineTable(testing).decorated(" ", "");
            add_dependency(&mut document, path, DEV_DEPENDENCIES, (PACKAGE, dependency))?;
        }
    }
    add_program(&mut document, adopted)?;
    if let ([other], None) = (adopted.other_programs().as_slice(), &adopted.package.default_run)
        && let Some(package) = document.get_mut("package").and_then(Item::as_table_like_mut)
    {
        package.insert("default-run", value(*other));
    }
    Ok((before, document.to_string()))
}

/// Adds a dependency to one of the tables.
fn add_dependency(
    document: &mut DocumentMut,
    path: &Path,
    table: &str,
    (name, dependency): (&str, Value),
) -> Result<()> {
    let normal = document.get("dependencies").and_then(Item::as_table).and_then(last_position);
    let dependencies = document.entry(table).or_insert_with(|| {
        let mut new = Table::new();
        // Behind the normal dependencies. The sort is stable.
        if let (DEV_DEPENDENCIES, Some(position)) = (table, normal) {
            new.set_position(Some(position));
        }
        Item::Table(new)
    });
    let Some(dependencies) = dependencies.as_table_like_mut() else {
        let why = format!("its {table} are not a table");
        return Err(by_hand(path, &why, &[format!("[{table}]"), format!("{name} ={dependency}")]));
    };
    insert(dependencies, name, Item::Value(dependency));
    Ok(())
}

/// Returns where a table ends, and those in it.
fn last_position(table: &Table) -> Option<isize> {
    let inner = table.iter().filter_map(|(_, item)| item.as_table()?.position());
    inner.chain(table.position()).max()
}

/// Returns a dependency that the workspace describes.
fn inherited() -> InlineTable {
    InlineTable::from_iter([("workspace", true)])
}

fn with_testing(mut dependency: InlineTable) -> InlineTable {
    dependency.insert("features", Value::from_iter(["testing"]));
    dependency.fmt();
    dependency
}

/// Returns a dependency of the tests from where the package's own is from. Cargo allows one source of a package.
/// `None` if its own has the feature.
fn testing_like(own: &Item) -> Option<InlineTable> {
    if let Some(version) = own.as_str() {
        return Some(with_testing(InlineTable::from_iter([("version", version)])));
    }
    let own = own.as_table_like()?;
    let features = own.get("features").and_then(Item::as_array);
    if features.is_some_and(|features| features.iter().any(|feature| feature.as_str() == Some("testing"))) {
        return None;
    }
    let of_source = SOURCE.into_iter().filter_map(|key| Some((key, own.get(key)?.as_value()?.clone())));
    Some(with_testing(InlineTable::from_iter(of_source)))
}

/// Returns the dependency that a workspace's manifest has for its members.
fn of_workspace<'a>(root: &'a DocumentMut, name: &str) -> Option<&'a Item> {
    root.get("workspace")?.get("dependencies")?.get(name)
}

/// Returns the dependency on Diesel: that of the workspace, or else the one of new projects.
fn diesel(root: &DocumentMut) -> Result<Value> {
    let Some(of_workspace) = of_workspace(root, "diesel") else {
        return Ok(DIESEL.parse().unwrap_or_else(|_| DIESEL.into()));
    };
    let version = of_workspace.as_str().or_else(|| of_workspace.get("version")?.as_str());
    match version.and_then(obstacle) {
        None => Ok(Value::InlineTable(inherited())),
        Some(Obstacle { message, hint }) => {
            Err(Error::new(format!("{message} Nothing was changed.")).hint(hint))
        }
    }
}

/// Inserts a key. If the keys are in alphabetical order, they still are.
fn insert(table: &mut dyn TableLike, key: &str, item: Item) {
    let is_sorted = table.iter().map(|(key, _)| key.to_owned()).is_sorted();
    table.insert(key, item);
    if is_sorted {
        table.sort_values();
    }
}

/// Adds the program, without documentation of its own.
fn add_program(document: &mut DocumentMut, adopted: &Adopted) -> Result<()> {
    let path = &adopted.package.manifest_path;
    let programs = document.entry("bin").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(programs) = programs.as_array_of_tables_mut() else {
        let lines = ["[[bin]]", "name = \"manage\"", "doc = false"].map(str::to_owned);
        return Err(by_hand(path, "its programs are not an array of tables", &lines));
    };
    let is_ours = |program: &Table| program.get("name").and_then(Item::as_str) == Some("manage");
    if programs.iter().any(is_ours) {
        return Ok(());
    }
    let mut program = Table::new();
    program.insert("name", value("manage"));
    program.insert("doc", value(false));
    if let Some(mut key) = program.key_mut("doc") {
        key.leaf_decor_mut().set_prefix(DOC);
    }
    program.decor_mut().set_prefix("\n");
    programs.push(program);
    Ok(())
}
