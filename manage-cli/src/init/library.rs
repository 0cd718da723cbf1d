//! The package's library, which declares the commands and the migrations.

use std::path::PathBuf;

use super::migrations::MigrationsIn;
use super::package::Adopted;
use super::{by_hand, read};
use crate::error::{Error, Result};
use crate::name::crate_name;
use crate::output::shown;

const COMMANDS: &str = "manage::commands!();";

/// What lets `cargo fmt` find the commands.
const FORMATTED: [&str; 3] = [
    "// Lets `cargo fmt` find the commands. The build keeps this module's file up to date: commit it.",
    "#[cfg(rustfmt)]",
    "mod management;",
];

/// A library that exists, or is created.
pub(crate) struct Library {
    pub(crate) path: PathBuf,
    pub(crate) crate_name: String,
    /// `None` if it is created.
    text: Option<String>,
}

impl Library {
    pub(crate) fn of(adopted: &Adopted) -> Result<Self> {
        let standard = adopted.directory.join("src/lib.rs");
        let is_library = |kind: &String| matches!(kind.as_str(), "lib" | "rlib" | "dylib");
        let is_any = |kind: &String| {
            matches!(kind.as_str(), "lib" | "rlib" | "dylib" | "cdylib" | "staticlib" | "proc-macro")
        };
        let targets = &adopted.package.targets;
        let Some(target) = targets.iter().find(|target| target.kind.iter().any(is_any)) else {
            let crate_name = crate_name(&adopted.package.name);
            return Ok(Self { text: read(&standard)?, path: standard, crate_name });
        };
        let path = target.src_path.clone();
        if !target.kind.iter().any(is_library) {
            let why = format!("a program cannot use a library of the kind {}", target.kind.join(", "));
            let lines = ["[lib]", "crate-type = [\"lib\"]    (in Cargo.toml, with the other kinds)"];
            return Err(by_hand(&path, &why, &lines.map(str::to_owned)));
        }
        // The commands are in `src/management/commands`, and modules are found beside the library's file.
        let is_standard = path == standard || path.canonicalize().ok() == standard.canonicalize().ok();
        let is_beside = path.parent() == standard.parent();
        let has_commands = || Ok(read(&path)?.is_some_and(|text| declares(&text, "commands")));
        let is_found = is_standard || (is_beside && has_commands()?);
        if !is_found {
            return Err(Error::new(format!(
                "The package's library is {}, and manage needs it to be src/lib.rs. Nothing was changed.",
                shown(&path)
            ))
            .hint(
                "Move it there, with its modules, drop `path` of [lib] in Cargo.toml, and run `cargo manage init` again.",
            ));
        }
        // In the metadata it is the name of the crate or, with an older cargo, of the package.
        Ok(Self { text: read(&path)?, path, crate_name: crate_name(&target.name) })
    }

    /// Returns whether `init` creates it.
    pub(crate) fn is_new(&self) -> bool {
        self.text.is_none()
    }

    /// Returns the text before and after.
    pub(crate) fn edit(&self, migrations: &MigrationsIn) -> Result<(Option<String>, String)> {
        let text = self.text.clone().unwrap_or_default();
        let mut lines: Vec<String> = Vec::new();
        if !declares(&text, "commands") {
            lines.push(COMMANDS.to_owned());
        }
        if !declares(&text, "migrations") {
            lines.extend(migrations.declaration());
        }
        let own = own_module(&text);
        if !declares(&text, "commands") {
            if own == Some(false) {
                let why = "it has a module `management`, and `manage::commands!()` declares one, too";
                return Err(by_hand(
                    &self.path,
                    why,
                    &[format!("{COMMANDS}    (after the module is renamed)")],
                ));
            }
            if own.is_none() {
                if !lines.is_empty() {
                    lines.push(String::new());
                }
                lines.extend(FORMATTED.map(str::to_owned));
            }
        }
        let after = match (&self.text, lines.is_empty()) {
            (Some(text), true) => text.clone(),
            (Some(text), false) => insert(text, &lines),
            (None, _) => format!("//! The app's commands.\n\n{}\n", lines.join("\n")),
        };
        Ok((self.text.clone(), after))
    }
}

/// Returns whether a line of code calls a macro of the framework.
fn declares(text: &str, name: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with(&format!("manage::{name}!")))
}

/// Returns whether a library's module `management` is the one for rustfmt alone; `None` if it has none.
fn own_module(text: &str) -> Option<bool> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_module = |line: &&str| {
        let item = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
        item.strip_prefix("mod management").is_some_and(|rest| rest.trim_start().starts_with([';', '{']))
    };
    let at = lines.iter().position(is_module)?;
    Some(at > 0 && lines[at - 1] == "#[cfg(rustfmt)]")
}

/// Inserts lines before the first item, after the comments and attributes of the whole library.
fn insert(text: &str, new: &[String]) -> String {
    let all: Vec<&str> = text.lines().collect();
    // A text that begins with `/* … */` may go on with attributes of the whole.
    if all.first().is_some_and(|line| line.trim_start().starts_with("/*")) {
        return format!("{}\n\n{}\n", text.trim_end(), new.join("\n"));
    }
    let (head, rest) = all.split_at(head(&all));
    let rest = rest.iter().skip_while(|line| line.trim().is_empty()).copied().collect::<Vec<_>>().join("\n");
    let parts = [head.join("\n"), new.join("\n"), rest];
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

/// Returns how many lines belong to the whole library: its documentation, its attributes, and a licence, which
/// is a comment that a blank line follows.
fn head(lines: &[&str]) -> usize {
    let (mut end, mut depth, mut is_after_comment) = (0, 0_i32, false);
    for (number, line) in lines.iter().enumerate() {
        let line = line.trim();
        let is_inner = depth > 0 || line.starts_with("//!") || line.starts_with("#![");
        let is_comment = line.starts_with("//") && !line.starts_with("///") && !is_inner;
        if depth > 0 || line.starts_with("#![") {
            depth += brackets(line);
        }
        if is_inner || (line.is_empty() && is_after_comment) {
            end = number + 1;
        } else if !line.is_empty() && !is_comment {
            break;
        }
        is_after_comment = is_comment;
    }
    end
}

/// Returns how many brackets a line opens and does not close.
fn brackets(line: &str) -> i32 {
    line.chars().fold(0, |depth, c| match c {
        '[' => depth + 1,
        ']' => depth - 1,
        _ => depth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_the_comments_and_attributes_of_the_whole() {
        let new = ["manage::commands!();".to_owned()];
        for (before, after) in [
            ("", "manage::commands!();\n"),
            ("pub mod a;\n", "manage::commands!();\n\npub mod a;\n"),
            (
                "//! A shop.\n\n#![warn(\n    missing_docs,\n)]\n#![forbid(unsafe_code)]\n\n/// It\npub mod a;\n",
                "//! A shop.\n\n#![warn(\n    missing_docs,\n)]\n#![forbid(unsafe_code)]\n\nmanage::commands!();\n\n/// It\npub mod a;\n",
            ),
            (
                "// A licence.\n\n#![allow(dead_code)]\nuse a;\n",
                "// A licence.\n\n#![allow(dead_code)]\n\nmanage::commands!();\n\nuse a;\n",
            ),
            (
                "// A licence.\n\n// It.\nmod a;\n",
                "// A licence.\n\nmanage::commands!();\n\n// It.\nmod a;\n",
            ),
            ("/* A */\n#![allow(dead_code)]\n", "/* A */\n#![allow(dead_code)]\n\nmanage::commands!();\n"),
        ] {
            assert_eq!(insert(before, &new), after);
        }
    }

    #[test]
    fn a_module_for_rustfmt_is_known() {
        assert_eq!(own_module("mod a;\n"), None);
        assert_eq!(own_module("#[cfg(rustfmt)]\nmod management;\n"), Some(true));
        for other in ["pub mod management;", "mod management {", "pub(crate) mod management;"] {
            assert_eq!(own_module(other), Some(false), "{other}");
        }
        assert!(
            !declares("// manage::commands!();\n", "commands")
                && declares("manage::commands!();", "commands")
        );
    }
}
