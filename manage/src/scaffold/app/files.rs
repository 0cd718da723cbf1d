//! The files of a new app.

use super::NewApp;

/// A file's path in the crate, and its text.
pub(super) type NewFile = (String, String);

/// A file that makes git keep an empty directory.
const KEEP: &str = ".keep";

/// Returns the files of an app with this manifest.
pub(super) fn files(new: &NewApp<'_>, manifest: &str) -> Vec<NewFile> {
    let has_routes = cfg!(feature = "runserver");
    let directories: Vec<String> = match new.backends.as_slice() {
        [] => vec!["migrations".to_owned()],
        several => several.iter().map(|backend| format!("migrations/{}", backend.name())).collect(),
    };
    let migrations = match new.backends.as_slice() {
        [] => "manage::migrations!(\"migrations\");".to_owned(),
        several => {
            let lines = several.iter().zip(&directories);
            let lines: String =
                lines.map(|(backend, path)| format!("    {}: \"{path}\",\n", backend.name())).collect();
            format!("manage::migrations! {{\n{lines}}}")
        }
    };
    let modules = if has_routes { "mod urls;\n\n" } else { "" };
    let fill = |template: &str| {
        template
            .replace("{{ name }}", new.name)
            .replace("{{ path }}", &new.name.replace('_', "-"))
            .replace("{{ modules }}", modules)
            .replace("{{ migrations }}", &migrations)
    };
    let command = format!("src/management/commands/hello_{}.rs", new.name);
    let mut files = vec![
        ("Cargo.toml".to_owned(), manifest.to_owned()),
        ("build.rs".to_owned(), fill(include_str!("../../../templates/app/build.rs.tmpl"))),
        ("src/lib.rs".to_owned(), fill(include_str!("../../../templates/app/lib.rs.tmpl"))),
        ("src/management/mod.rs".to_owned(), fill(include_str!("../../../templates/app/management.rs.tmpl"))),
        (command, fill(include_str!("../../../templates/app/command.rs.tmpl"))),
        ("tests/commands.rs".to_owned(), fill(include_str!("../../../templates/app/commands.rs.tmpl"))),
    ];
    if has_routes {
        files.push(("src/urls.rs".to_owned(), fill(include_str!("../../../templates/app/urls.rs.tmpl"))));
    }
    files.extend(directories.into_iter().map(|directory| (format!("{directory}/{KEEP}"), String::new())));
    files
}
