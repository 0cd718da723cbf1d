//! The package's `Cargo.toml`: a dependency, a program, and the default of `cargo run`.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::package::Adopted;
use super::{by_hand, read};
use crate::backend::Backend;
use crate::dependency::{PACKAGE, Source, shortest};
use crate::error::{Error, Result};
use crate::output::shown;

/// What is said of the program's documentation, in the file.
const DOC: &str = "# The framework's library has this name too; in the docs the two would collide.\n";

/// Returns the text before and after.
pub(crate) fn edit(adopted: &Adopted, backends: &[Backend], source: &Source) -> Result<(String, String)> {
    let path = &adopted.package.manifest_path;
    let before =
        read(path)?.ok_or_else(|| Error::new(format!("{} does not exist any more.", shown(path))))?;
    let mut document: DocumentMut =
        before.parse().map_err(|error| Error::new(format!("{} is not understood: {error}.", shown(path))))?;
    if adopted.package.dependency(PACKAGE).is_none() {
        let inherited = is_inherited(adopted)?;
        let dependency = match inherited {
            true => Value::InlineTable(InlineTable::from_iter([("workspace", true)])).decorated(" ", ""),
            false => shortest(source.dependency(backends, false)?),
        };
        let dependencies = document.entry("dependencies").or_insert(Item::Table(Table::new()));
        let Some(dependencies) = dependencies.as_table_like_mut() else {
            return Err(by_hand(
                path,
                "its dependencies are not a table",
                &["[dependencies]".to_owned(), format!("{PACKAGE} ={dependency}")],
            ));
        };
        insert(dependencies, PACKAGE, Item::Value(dependency));
    }
    add_program(&mut document, adopted)?;
    if let ([other], None) = (adopted.other_programs().as_slice(), &adopted.package.default_run)
        && let Some(package) = document.get_mut("package").and_then(Item::as_table_like_mut)
    {
        package.insert("default-run", value(*other));
    }
    Ok((before, document.to_string()))
}

/// Returns whether the workspace has the dependency for its members.
fn is_inherited(adopted: &Adopted) -> Result<bool> {
    let root = read(&adopted.workspace_root.join("Cargo.toml"))?.unwrap_or_default();
    let root: DocumentMut = root.parse().unwrap_or_default();
    let dependencies = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    Ok(dependencies.is_some_and(|dependencies| dependencies.get(PACKAGE).is_some()))
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
