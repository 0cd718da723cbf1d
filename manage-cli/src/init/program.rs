//! The program `manage`.

use std::path::PathBuf;

use super::package::Adopted;
use super::{by_hand, read};
use crate::error::{Error, Result};
use crate::output::shown;

/// The macros that run commands.
const CALLS: [&str; 2] = ["manage::main!", "manage::program!"];

/// Returns the path and the text of the new file; `None` if there is one that runs this crate's commands.
pub(crate) fn text(adopted: &Adopted, crate_name: &str) -> Result<Option<(PathBuf, String)>> {
    let line = format!("manage::main!({crate_name});");
    let target = adopted.package.programs().find(|target| target.name == "manage");
    // A `[[bin]]` may name another file.
    let path = match target {
        Some(target) => target.src_path.clone(),
        None => adopted.directory.join("src/bin/manage.rs"),
    };
    match read(&path)? {
        None => Ok(Some((path, format!("//! The project's `manage` program.\n\n{line}\n")))),
        Some(text) if runs(&text, crate_name) => Ok(None),
        Some(text) if CALLS.iter().any(|call| code(&text).contains(call)) => {
            let why = "it does not run this package's commands";
            Err(by_hand(&path, why, &[format!("{line}    (beside its other apps)")]))
        }
        Some(_) => Err(Error::new(format!(
            "The program `manage` in {} has another purpose than to run this package's commands. Nothing was changed.",
            shown(&path)
        ))
        .hint(
            "Rename it, by its file's name or the name of its [[bin]] in Cargo.toml, and run `cargo manage init` again.",
        )),
    }
}

/// Returns whether a program's list of apps has the crate.
fn runs(text: &str, crate_name: &str) -> bool {
    let code = code(text);
    CALLS.into_iter().any(|call| {
        let Some((_, list)) = code.split_once(call) else { return false };
        let list = list.trim_start().trim_start_matches(['(', '[', '{']);
        let list = list.split([')', ']', '}']).next().unwrap_or_default();
        list.split(',').any(|app| app.trim() == crate_name)
    })
}

/// Returns a text without the lines that are comments.
fn code(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn the_list_of_apps_has_the_crate() {
        for text in [
            "manage::main!(shop);",
            "manage::main! {\n    billing,\n    shop,\n}\n",
            "fn main() { manage::program!(shop).main() }",
        ] {
            assert!(runs(text, "shop"), "{text}");
        }
        for text in
            ["fn main() {}", "manage::main!(billing);", "// manage::main!(shop);", "manage::main!(shopping);"]
        {
            assert!(!runs(text, "shop"), "{text}");
        }
    }
}
