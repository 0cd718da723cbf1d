//! `#[hook]`: a function that stays as it is, and an entry that leads to it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemFn, Result, parse2};

/// What one registering attribute needs to know.
pub(crate) struct Kind {
    attribute: &'static str,
    registration: &'static str,
    parameters: usize,
    /// What the function looks like.
    form: &'static str,
    /// From the function's name to what is registered.
    registered: fn(&syn::Ident) -> TokenStream,
}

pub(crate) const HOOK: Kind = Kind {
    attribute: "hook",
    registration: "HookRegistration",
    parameters: 2,
    form: "fn audit(cx: &Context, event: &Event<'_>) -> Result<()>",
    registered: |name| {
        quote! {
            |cx: &::manage::Context, event: &::manage::hooks::Event<'_>| ::manage::__private::hook_guard(#name(cx, event))
        }
    },
};

pub(crate) fn expand(kind: Kind, attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        let message = format!("`#[{}]` takes no options", kind.attribute);
        return Err(syn::Error::new_spanned(attribute, message));
    }
    let Kind { attribute: name, form, .. } = kind;
    let reported = |span| syn::Error::new(span, format!("`#[{name}]` needs a function such as `{form}`"));
    let function: ItemFn = parse2(item).map_err(|error| reported(error.span()))?;
    let signature = &function.sig;
    let is_plain = signature.asyncness.is_none() && signature.generics.params.is_empty();
    let returns = matches!(signature.output, syn::ReturnType::Type(..));
    if !is_plain || !returns || signature.inputs.len() != kind.parameters {
        return Err(reported(signature.ident.span()));
    }
    let registered = (kind.registered)(&function.sig.ident);
    let registration = format_ident!("{}", kind.registration);
    Ok(quote! {
        #function

        const _: () = {
            ::manage::__private::inventory::submit! {
                ::manage::__private::#registration::new(#registered, ::core::module_path!(), ::core::file!(), ::core::line!())
            }
        };
    })
}
