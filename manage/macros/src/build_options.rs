//! What cargo passed to the compiler: the features of the package, and the target.

use std::fs;

use proc_macro2::TokenStream;
use quote::quote;

/// Writes `(&["feature", …], Some("target"))` from the arguments of the compiler, which runs this code. Cargo
/// passes them to nothing else: environment variables for features exist only in build scripts.
///
/// In an editor there are no such arguments, and nothing runs what is written there.
pub(crate) fn expand(arguments: impl Iterator<Item = String>) -> TokenStream {
    let arguments: Vec<String> = arguments.flat_map(of_file).collect();
    let features = values(&arguments, "--cfg").filter_map(|cfg| {
        let name = cfg.strip_prefix("feature=\"")?;
        name.strip_suffix('"').map(str::to_owned)
    });
    let target = match values(&arguments, "--target").next() {
        Some(target) => quote! { ::core::option::Option::Some(#target) },
        None => quote! { ::core::option::Option::None },
    };
    quote! { (&[#(#features),*], #target) }
}

/// Returns the arguments in the file of `@file`, which is how a long command line is passed on.
fn of_file(argument: String) -> Vec<String> {
    let text = argument.strip_prefix('@').and_then(|file| fs::read_to_string(file).ok());
    text.map_or_else(|| vec![argument], |text| text.lines().map(str::to_owned).collect())
}

/// Returns the values of an option, written as one argument or as two.
fn values<'a>(arguments: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    arguments.iter().enumerate().filter_map(move |(at, argument)| {
        let rest = argument.strip_prefix(option)?;
        if rest.is_empty() { arguments.get(at + 1).map(String::as_str) } else { rest.strip_prefix('=') }
    })
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn features_and_target_are_found() {
        let expanded = |arguments: &[&str]| expand(arguments.iter().map(|&text| text.to_owned())).to_string();
        assert_eq!(
            expanded(&[
                "rustc",
                "--cfg",
                "feature=\"default\"",
                "--cfg=feature=\"mysql\"",
                "--cfg",
                "tokio_unstable",
                "--check-cfg",
                "cfg(feature, values(\"other\"))",
                "--target",
                "x86_64-unknown-linux-musl",
            ]),
            "(& [\"default\" , \"mysql\"] , :: core :: option :: Option :: Some (\"x86_64-unknown-linux-musl\"))"
        );
        assert_eq!(expanded(&["rust-analyzer"]), "(& [] , :: core :: option :: Option :: None)");
    }
}
