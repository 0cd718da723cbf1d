//! `#[check]`: a function becomes a registered system check.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, LitStr, Result, ReturnType, parse2};

use crate::{names, tags};

/// The attribute's options.
#[derive(Default)]
struct Options {
    tags: Vec<LitStr>,
    deploy: bool,
}

impl Options {
    fn read(&mut self, meta: ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("tags") {
            self.tags = tags::read(meta.value()?)?;
        } else if meta.path.is_ident("deploy") {
            self.deploy = true;
        } else {
            return Err(meta.error("`#[check]` knows `tags = [\"…\"]` and `deploy`"));
        }
        Ok(())
    }
}

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut options = Options::default();
    syn::meta::parser(|meta| options.read(meta)).parse2(attribute)?;
    let function: ItemFn = parse2(item).map_err(|error| {
        Error::new(error.span(), "`#[check]` needs a function: `fn name(cx: &Context) -> Vec<Message>`")
    })?;
    let of_database = check_signature(&function)?;
    let ident = &function.sig.ident;
    let name = names::command_name(ident);
    let Options { tags, deploy } = &options;
    let output = match &function.sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => ident.span(),
    };
    let (kind, parameters, arguments) = if of_database {
        (quote!(Database), quote!(cx: &::manage::Context, alias: &str), quote!(cx, alias))
    } else {
        (quote!(Project), quote!(cx: &::manage::Context), quote!(cx))
    };
    let collect = quote_spanned!(output=> ::core::iter::Iterator::collect(::core::iter::IntoIterator::into_iter(found)));
    Ok(quote! {
        #function

        const _: () = {
            fn __manage_check(#parameters) -> ::std::vec::Vec<::manage::checks::Message> {
                let found = #ident(#arguments);
                #collect
            }

            ::manage::__private::inventory::submit! {
                ::manage::__private::CheckRegistration::new(
                    ::manage::__private::Check::#kind(__manage_check),
                    #name,
                    &[#(#tags),*],
                    #deploy,
                    (::core::module_path!(), ::core::file!(), ::core::line!()),
                )
            }
        };
    })
}

/// Returns whether it is a database check: one that also receives an alias.
fn check_signature(function: &ItemFn) -> Result<bool> {
    let signature = &function.sig;
    if let Some(keyword) = &signature.asyncness {
        let message = "a check cannot be `async`: it must not wait for anything";
        return Err(Error::new(keyword.span, message));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(
            signature.generics.span(),
            "a check cannot have generic parameters: nothing could choose them",
        ));
    }
    if matches!(signature.output, ReturnType::Default) {
        return Err(Error::new(
            signature.ident.span(),
            "a check returns what it found: write `-> Vec<Message>`",
        ));
    }
    let message = "a check takes its context, `cx: &Context`, and a database check also `alias: &str`";
    match signature.inputs.iter().collect::<Vec<_>>().as_slice() {
        [FnArg::Typed(_)] => Ok(false),
        [FnArg::Typed(_), FnArg::Typed(_)] => Ok(true),
        _ => Err(Error::new(signature.ident.span(), message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(attribute: TokenStream, item: TokenStream) -> String {
        expand(attribute, item).expect_err("a slip").to_string()
    }

    #[test]
    fn slips_are_reported() {
        let good = || {
            quote!(
                fn oven(cx: &Context) -> Vec<Message> {
                    Vec::new()
                }
            )
        };
        assert!(expand(quote!(), good()).is_ok());
        assert!(expand(quote!(tags = ["kitchen"], deploy), good()).is_ok());
        assert!(error(quote!(tag = ["kitchen"]), good()).contains("knows `tags"));
        assert!(error(quote!(tags = ["Kitchen"]), good()).contains("'Kitchen' is no tag"));
        assert!(
            error(
                quote!(),
                quote!(
                    async fn oven(cx: &Context) -> Vec<Message> {}
                )
            )
            .contains("cannot be `async`")
        );
        assert!(
            error(
                quote!(),
                quote!(
                    fn oven(cx: &Context) {}
                )
            )
            .contains("write `-> Vec<Message>`")
        );
        assert!(
            error(
                quote!(),
                quote!(
                    fn oven() -> Vec<Message> {}
                )
            )
            .contains("takes its context")
        );
        assert!(
            error(
                quote!(),
                quote!(
                    struct Oven;
                )
            )
            .contains("needs a function")
        );
    }
}
