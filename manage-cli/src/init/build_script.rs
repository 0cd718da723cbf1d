//! The package's build script, which makes cargo notice new files.

use std::path::PathBuf;

use toml_edit::{DocumentMut, Item};

use super::migrations::MigrationsIn;
use super::package::Adopted;
use super::{by_hand, read};
use crate::error::Result;

const COMMANDS: &str = "src/management/commands";

/// Returns the script's path, and its text before and after.
pub(crate) fn edit(
    adopted: &Adopted,
    migrations: &MigrationsIn,
) -> Result<(PathBuf, Option<String>, String)> {
    let directories: Vec<&str> = [COMMANDS].into_iter().chain(migrations.directory()).collect();
    let lines = |missing: &[&str]| -> Vec<String> {
        missing.iter().map(|name| format!("println!(\"cargo::rerun-if-changed={name}\");")).collect()
    };
    let manifest: DocumentMut =
        read(&adopted.package.manifest_path)?.unwrap_or_default().parse().unwrap_or_default();
    let key = manifest.get("package").and_then(|package| package.get("build"));
    let path = match key {
        Some(key) if key.as_bool() == Some(false) => {
            let path = &adopted.package.manifest_path;
            let why = "it has `build = false`, and without a build script cargo notices no new command";
            return Err(by_hand(path, why, &["build = true".to_owned()]));
        }
        Some(Item::Value(name)) if name.is_str() => adopted.directory.join(name.as_str().unwrap_or_default()),
        _ => adopted.directory.join("build.rs"),
    };
    let Some(text) = read(&path)? else {
        let lines: String = lines(&directories).iter().map(|line| format!("    {line}\n")).collect();
        let head = "//! Cargo notices a new file only in a directory that a build script names.";
        return Ok((path, None, format!("{head}\n\nfn main() {{\n{lines}}}\n")));
    };
    let missing: Vec<&str> = directories.into_iter().filter(|name| !is_named(&text, name)).collect();
    if missing.is_empty() {
        return Ok((path, Some(text.clone()), text));
    }
    let lines = lines(&missing);
    match insert(&text, &lines) {
        Ok(after) => Ok((path, Some(text), after)),
        Err(why) => Err(by_hand(&path, why, &lines)),
    }
}

/// Returns whether a script names a directory, or one above it.
fn is_named(text: &str, directory: &str) -> bool {
    let parts: Vec<&str> = directory.split('/').collect();
    (1..=parts.len()).any(|count| {
        let above = parts[..count].join("/");
        ["\"", "/\""].iter().any(|end| text.contains(&format!("rerun-if-changed={above}{end}")))
    })
}

/// Inserts lines at the beginning of a script's `main`; the error is why that is not certain to be right.
fn insert(text: &str, new: &[String]) -> Result<String, &'static str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_main = |line: &&str| line.trim_start().starts_with("fn main()");
    let mut mains = lines.iter().enumerate().filter(|(_, line)| is_main(line));
    let (Some((at, main)), None) = (mains.next(), mains.next()) else {
        return Err("it does not have one line that begins with `fn main()`");
    };
    let new: Vec<String> = new.iter().map(|line| format!("    {line}")).collect();
    let (before, after) = (lines[..at].join("\n"), lines[at + 1..].join("\n"));
    let join = |parts: &[String]| {
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        format!("{}\n", parts.join("\n"))
    };
    if matches!(main.trim(), "fn main() {}" | "fn main() { }") {
        let main = ["fn main() {".to_owned(), new.join("\n"), "}".to_owned()];
        return Ok(join(&[vec![before], main.to_vec(), vec![after]].concat()));
    }
    if !main.ends_with('{') {
        return Err("its line with `fn main()` does not end with `{`");
    }
    // Without such a line cargo runs the script after every change; with one, only after the named changes.
    let body = lines[at + 1..].iter().take_while(|line| **line != "}");
    let is_empty = body.into_iter().all(|line| line.trim().is_empty() || line.trim().starts_with("//"));
    if !text.contains("rerun-if-") && !is_empty {
        return Err(
            "it prints no rerun-if-changed, so cargo runs it after every change of the package. With these lines cargo \
             would run it only after changes of what they name: name what it reads as well",
        );
    }
    Ok(join(&[before, (*main).to_owned(), new.join("\n"), after]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_to_a_simple_script() {
        let new = ["A".to_owned(), "B".to_owned()];
        for (before, after) in [
            ("fn main() {}\n", "fn main() {\n    A\n    B\n}\n"),
            ("use a;\n\nfn main() {\n}\n", "use a;\n\nfn main() {\n    A\n    B\n}\n"),
            (
                "fn main() -> Result<(), E> {\n    println!(\"cargo:rerun-if-changed=x\");\n    run()\n}\n",
                "fn main() -> Result<(), E> {\n    A\n    B\n    println!(\"cargo:rerun-if-changed=x\");\n    run()\n}\n",
            ),
        ] {
            assert_eq!(insert(before, &new).as_deref(), Ok(after));
        }
        for (refused, why) in [
            ("fn main() {\n    compile();\n}\n", "prints no rerun-if-changed"),
            ("fn main()\n{\n}\n", "does not end with"),
            ("mod x;\n", "does not have one line"),
            ("fn main() { run(); }\n", "does not end with"),
        ] {
            assert!(insert(refused, &new).expect_err(refused).contains(why), "{refused}");
        }
    }

    #[test]
    fn a_directory_above_counts() {
        assert!(is_named("println!(\"cargo::rerun-if-changed=src\");", COMMANDS));
        assert!(is_named("println!(\"cargo:rerun-if-changed=src/management/commands/\");", COMMANDS));
        assert!(!is_named("println!(\"cargo:rerun-if-changed=src/schema.rs\");", COMMANDS));
    }
}
