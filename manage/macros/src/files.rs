//! `command_files!`: a module for every file of a directory, and an error for a file that is no command.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Result, Visibility};

use crate::rustfmt;

/// `pub "src/management/commands"`: the modules' visibility, and the directory from the package's own.
pub(crate) struct Folder {
    visibility: Visibility,
    path: LitStr,
}

impl Parse for Folder {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self { visibility: input.parse()?, path: input.parse()? })
    }
}

pub(crate) fn expand(Folder { visibility, path }: Folder) -> Result<TokenStream> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let folder = Path::new(&package).join(path.value());
    let failed = |what: String| syn::Error::new(path.span(), what);
    // A project has no commands at first, and git keeps no empty directory.
    if !folder.exists() {
        rustfmt::update(Path::new(&package), &folder, &[]);
        return Ok(TokenStream::new());
    }
    let entries =
        fs::read_dir(&folder).map_err(|error| failed(format!("cannot read {}: {error}", path.value())))?;
    let mut names = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| failed(format!("cannot read {}: {error}", path.value())))?.path();
        let (Some(stem), Some("rs")) =
            (file.file_stem(), file.extension().and_then(|ending| ending.to_str()))
        else {
            continue;
        };
        let shown = format!("{}/{}.rs", path.value(), stem.to_string_lossy());
        let name = stem.to_str().filter(|name| *name != "mod");
        let Some(name) = name else { continue };
        let raw = format!("r#{name}");
        let Some(module) = [name, &raw].into_iter().find(|name| syn::parse_str::<Ident>(name).is_ok()) else {
            return Err(failed(format!(
                "{shown} cannot be a command: its name is not that of a function, as in import_posts.rs"
            )));
        };
        let text =
            fs::read_to_string(&file).map_err(|error| failed(format!("cannot read {shown}: {error}")))?;
        if !name.starts_with('_') && !text.contains("#[command") && !text.contains("#[manage::command") {
            return Err(failed(format!(
                "{shown} has no `#[command]`: add it to the function, or begin the file's name with `_`"
            )));
        }
        names.push(module.to_owned());
    }
    names.sort();
    rustfmt::update(Path::new(&package), &folder, &names);
    let names = names.iter().map(|name| syn::parse_str::<Ident>(name).expect("it was parsed above"));
    Ok(quote!(#(#visibility mod #names;)*))
}
