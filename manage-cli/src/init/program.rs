//! The program: `src/bin/manage.rs`.

use std::path::Path;

use super::{by_hand, read};
use crate::error::Result;

/// Returns the new file; `None` if there is one that runs this crate's commands.
pub(crate) fn text(path: &Path, crate_name: &str) -> Result<Option<String>> {
    let line = format!("manage::main!({crate_name});");
    match read(path)? {
        None => Ok(Some(format!("//! The project's `manage` program.\n\n{line}\n"))),
        Some(text) if runs(&text, crate_name) => Ok(None),
        Some(_) => Err(by_hand(path, "it exists, and does not run this package's commands", &[line])),
    }
}

/// Returns whether a program's list of apps has the crate.
fn runs(text: &str, crate_name: &str) -> bool {
    let code: String =
        text.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join(" ");
    ["manage::main!", "manage::program!"].into_iter().any(|call| {
        let Some((_, list)) = code.split_once(call) else { return false };
        let list = list.trim_start().trim_start_matches(['(', '[', '{']);
        let list = list.split([')', ']', '}']).next().unwrap_or_default();
        list.split(',').any(|app| app.trim() == crate_name)
    })
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
