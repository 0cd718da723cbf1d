//! `#[router]` and `#[hook]`: a function that stays as it is, and an entry that leads to it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemFn, Result, parse2};

/// What one registering attribute needs to know.
pub(crate) struct Kind {
    attribute: &'static str,
    registration: &'static str,
}

pub(crate) const ROUTER: Kind = Kind { attribute: "router", registration: "RouterRegistration" };
pub(crate) const HOOK: Kind = Kind { attribute: "hook", registration: "HookRegistration" };

pub(crate) fn expand(kind: Kind, attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        let message = format!("`#[{}]` takes no options", kind.attribute);
        return Err(syn::Error::new_spanned(attribute, message));
    }
    let function: ItemFn = parse2(item)?;
    let name = &function.sig.ident;
    let registration = format_ident!("{}", kind.registration);
    Ok(quote! {
        #function

        const _: () = {
            ::manage::__private::inventory::submit! {
                ::manage::__private::#registration::new(#name, ::core::module_path!(), ::core::file!(), ::core::line!())
            }
        };
    })
}
