//! The attribute macros of `diesel-manage`, which re-exports them: `manage::command`, `manage::router`,
//! `manage::hook` and `manage::check`. Their pages are there, since the examples need that package.
#![expect(missing_docs, reason = "rustdoc would append the text here to the page of the re-export")]

mod arguments;
mod build_options;
mod check;
mod command;
mod files;
mod migration_metadata;
mod migrations;
mod names;
mod options;
mod plain;
mod register;
mod requires;
mod router;
mod rustfmt;
mod tags;
mod without;

use proc_macro::TokenStream;

#[proc_macro_attribute]
pub fn command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a module for every file of a directory of commands; `manage::commands!` is made of it.
#[proc_macro]
pub fn command_files(folder: TokenStream) -> TokenStream {
    let folder = syn::parse_macro_input!(folder as files::Folder);
    files::expand(folder).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The migrations of a directory; `manage::migrations!` is made of it.
#[proc_macro]
pub fn embedded_migrations(folder: TokenStream) -> TokenStream {
    let folder = syn::parse_macro_input!(folder as migrations::Folder);
    migrations::expand(folder).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The options that the package is compiled with; `manage::main!` is made of it.
#[proc_macro]
pub fn build_options(_: TokenStream) -> TokenStream {
    build_options::expand(std::env::args()).into()
}

#[proc_macro_attribute]
pub fn router(attribute: TokenStream, item: TokenStream) -> TokenStream {
    router::expand(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

#[proc_macro_attribute]
pub fn check(attribute: TokenStream, item: TokenStream) -> TokenStream {
    check::expand(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

#[proc_macro_attribute]
pub fn hook(attribute: TokenStream, item: TokenStream) -> TokenStream {
    register::expand(register::HOOK, attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
