use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::console::printable;
use crate::migrations::directories;
use crate::prelude::*;
use crate::scaffold::app::{NewApp, start_app};

/// Create an app: a crate of the workspace with commands, migrations and routes
///
/// The program's package depends on the new crate, and `manage::main!` lists it last. Nothing is written if a file
/// that has to be changed is not understood.
#[command(requires_checks = "none")]
pub(crate) fn startapp(
    cx: &mut Context,
    /// The app's name: lower-case letters, digits and underscores
    name: String,
    /// The new crate's directory [default: the name, beside the program's package or inside it if it is the root]
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
) -> Result<()> {
    let cargo = cx.source().environment.text("CARGO").map_or_else(|| OsString::from("cargo"), OsString::from);
    let of_apps = directories(cx.program()).into_iter().map(|app| app.directories);
    let mut backends: Vec<_> = of_apps.flatten().filter_map(|(backend, _)| backend).collect();
    backends.sort_by_key(|backend| backend.name());
    backends.dedup();
    let new = NewApp { name: &name, directory: directory.as_deref(), backends };
    let written = start_app(cx.program(), &cargo, &new)?;
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    let shown = |path: &Path| printable(path.strip_prefix(&here).unwrap_or(path)).into_owned();
    cx.success(format_args!("Created the app '{name}' in {}.", shown(&written.directory)))?;
    for path in &written.changed {
        cx.line(format_args!("Changed {}.", shown(path)))?;
    }
    cx.line(format_args!("Try it: cargo run --bin {} hello_{name}", cx.program().name()))
}
