//! The list of apps in a program's source.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::project::AppProject;
use crate::console::printable;
use crate::error::CommandError;

/// Adds an app to the end of the list in `manage::main!` or `manage::program!`. The error is why the list is
/// not understood, as a clause.
pub(super) fn add(source: &str, app: &str) -> Result<String, &'static str> {
    let tokens: TokenStream = source.parse().map_err(|_| "it is not Rust")?;
    let mut lists = Vec::new();
    find(tokens, &mut lists);
    let list = match <[TokenStream; 1]>::try_from(lists) {
        Ok([list]) => list,
        Err(lists) if lists.is_empty() => return Err("it calls neither manage::main! nor manage::program!"),
        Err(_) => return Err("it calls manage::main! or manage::program! more than once"),
    };
    let last = last(list)?;
    // The source is text without a byte order mark, whose bytes the positions count.
    if source.get(last.clone()).is_none() {
        return Err("its text is not understood");
    }
    let line = source[..last.start].rfind('\n').map_or(0, |end| end + 1);
    let indent = &source[line..last.start];
    let separator = match indent.trim().is_empty() && line > 0 {
        // One app on each line.
        true => format!(",\n{indent}"),
        false => ", ".to_owned(),
    };
    Ok(format!("{}{separator}{app}{}", &source[..last.end], &source[last.end..]))
}

/// Collects the arguments of the calls in a source, at any depth.
fn find(tokens: TokenStream, lists: &mut Vec<TokenStream>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let names: Vec<String> = tokens[at.saturating_sub(5)..at].iter().map(ToString::to_string).collect();
        let is_call = names.len() == 5
            && names[..3] == ["manage", ":", ":"]
            && matches!(names[3].as_str(), "main" | "program")
            && names[4] == "!";
        match is_call && group.delimiter() != Delimiter::None {
            true => lists.push(group.stream()),
            false => find(group.stream(), lists),
        }
    }
}

/// Returns the place of the last app of a list.
fn last(list: TokenStream) -> Result<Range<usize>, &'static str> {
    let mut last = None;
    for (number, token) in list.into_iter().enumerate() {
        match (number % 2, token) {
            (0, TokenTree::Ident(name)) => last = Some(name.span().byte_range()),
            (1, TokenTree::Punct(comma)) if comma.as_char() == ',' => {}
            _ => return Err("its list of apps is not one of names"),
        }
    }
    last.ok_or("its list of apps is empty")
}

/// The error of a program that is not understood.
pub(super) fn by_hand(project: &AppProject, app: &str, why: &str) -> CommandError {
    CommandError::new(format!(
        "{} is not changed, since {why}. Nothing was written.",
        printable(&project.source)
    ))
    .hint(format!("The program has to list its apps in one place, as in `manage::main!(shop, {app});`."))
}

#[cfg(test)]
mod tests {
    use super::add;

    #[test]
    fn the_list_gets_one_more() {
        for (before, after) in [
            ("manage::main!(shop);\n", "manage::main!(shop, blog);\n"),
            (
                "//! Läden: manage::main!(x)\n\nmanage::main! { a, b, }\n",
                "//! Läden: manage::main!(x)\n\nmanage::main! { a, b, blog, }\n",
            ),
            ("manage::main!(\n    a,\n    b,\n);\n", "manage::main!(\n    a,\n    b,\n    blog,\n);\n"),
            ("manage::main!(\n    a // first\n);\n", "manage::main!(\n    a,\n    blog // first\n);\n"),
            (
                "fn main() -> X {\n    let p = manage::program!(shop);\n    p.main()\n}\n",
                "fn main() -> X {\n    let p = manage::program!(shop, blog);\n    p.main()\n}\n",
            ),
        ] {
            assert_eq!(add(before, "blog").as_deref(), Ok(after));
        }
        for (refused, why) in [
            ("fn main() {}", "calls neither"),
            ("// manage::main!(shop);", "calls neither"),
            ("other::main!(shop);", "calls neither"),
            ("manage::main!(a);\nmanage::main!(b);", "more than once"),
            ("manage::main!();", "is empty"),
            ("manage::main!(\"a\");", "not one of names"),
            ("manage::main!(a-b);", "not one of names"),
            ("manage::main!(a", "is not Rust"),
        ] {
            assert!(add(refused, "blog").expect_err(refused).contains(why), "{refused}");
        }
    }
}
