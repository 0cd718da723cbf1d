//! The attribute macros of `diesel-manage`. They are used as `manage::command` and `manage::router`.

mod arguments;
mod check;
mod command;
mod files;
mod names;
mod options;
mod register;
mod requires;
mod rustfmt;
mod tags;

use proc_macro::TokenStream;

/// Makes a function a management command.
///
/// The function's name, its file's name and the command's name are one; its doc comment is the help text and its
/// parameters after the context are the arguments, with clap's own attributes.
#[proc_macro_attribute]
pub fn command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    command::expand(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a module for every file of a folder of commands; `manage::commands!` is made of it.
#[proc_macro]
pub fn command_files(folder: TokenStream) -> TokenStream {
    let folder = syn::parse_macro_input!(folder as files::Folder);
    files::expand(folder).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Registers a function that makes the routes which an app adds to `manage runserver`.
#[proc_macro_attribute]
pub fn router(attribute: TokenStream, item: TokenStream) -> TokenStream {
    register::expand(register::ROUTER, attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Registers a function as a system check: `fn(&Context) -> Vec<Message>`, or anything else that messages can be taken
/// out of, such as an `Option<Message>`.
///
/// `#[manage::check(tags = ["security"], deploy)]`: with `deploy` it runs only with `manage check --deploy`. A function
/// that takes an alias, too, `fn(&Context, &str) -> …`, is a check of a database: it runs for each database that
/// `manage check --database` names, with the tag `database`, and may connect to it.
#[proc_macro_attribute]
pub fn check(attribute: TokenStream, item: TokenStream) -> TokenStream {
    check::expand(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Registers a function that is told of every command before it runs and after it has ended.
#[proc_macro_attribute]
pub fn hook(attribute: TokenStream, item: TokenStream) -> TokenStream {
    register::expand(register::HOOK, attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
