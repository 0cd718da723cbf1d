//! `#[router]`: a function that stays as it is, and an entry that leads to it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Error, ItemFn, LitStr, Result, ReturnType, parse2};

/// The attribute's options.
#[derive(Default)]
struct Options {
    prefix: Option<LitStr>,
}

impl Options {
    fn read(&mut self, meta: ParseNestedMeta<'_>) -> Result<()> {
        if !meta.path.is_ident("prefix") {
            return Err(meta.error("`#[router]` knows `prefix = \"/…\"`"));
        }
        let prefix: LitStr = meta.value()?.parse()?;
        check_prefix(&prefix.value()).map_err(|problem| Error::new(prefix.span(), problem))?;
        self.prefix = Some(prefix);
        Ok(())
    }
}

/// Checks what axum would reject by a panic when the server starts.
fn check_prefix(prefix: &str) -> std::result::Result<(), &'static str> {
    let Some(path) = prefix.strip_prefix('/') else {
        return Err("a prefix begins with `/`, such as `/shop`");
    };
    if path.is_empty() {
        return Err("a prefix is more than `/`; without one, leave the option out");
    }
    if path.split('/').any(str::is_empty) {
        return Err("a prefix has no empty parts and does not end with `/`, such as `/shop`");
    }
    if path.split('/').any(|part| part.starts_with("{*") || part.starts_with([':', '*'])) {
        return Err("a prefix has no wildcard; a parameter is written `{name}`");
    }
    if path.contains(['?', '#', ' ']) {
        return Err("a prefix is a path, without `?`, `#` and spaces");
    }
    Ok(())
}

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut options = Options::default();
    syn::meta::parser(|meta| options.read(meta)).parse2(attribute)?;
    let form = "`#[router]` needs a function such as `fn urls(site: &Site) -> Result<Router>`";
    let function: ItemFn = parse2(item).map_err(|error| Error::new(error.span(), form))?;
    let signature = &function.sig;
    let is_plain = signature.asyncness.is_none() && signature.generics.params.is_empty();
    let ReturnType::Type(_, output) = &signature.output else {
        return Err(Error::new(signature.ident.span(), form));
    };
    if !is_plain || signature.inputs.len() != 1 {
        return Err(Error::new(signature.ident.span(), form));
    }
    let ident = &signature.ident;
    let prefix = match &options.prefix {
        Some(prefix) => quote!(::core::option::Option::Some(#prefix)),
        None => quote!(::core::option::Option::None),
    };
    // The span makes the error about another type point at the type.
    let converted = quote_spanned!(output.span()=> ::manage::__private::routes(made));
    Ok(quote! {
        #function

        const _: () = {
            fn __manage_routes(site: &::manage::server::Site) -> ::manage::Result<::manage::server::Routes> {
                let made = #ident(site);
                #converted
            }

            ::manage::__private::inventory::submit! {
                ::manage::__private::RouterRegistration::new(
                    __manage_routes, #prefix, ::core::module_path!(), ::core::file!(), ::core::line!(),
                )
            }
        };
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(attribute: TokenStream) -> String {
        let item = quote!(
            fn urls(site: &Site) -> Result<Router> {}
        );
        expand(attribute, item).expect_err("a slip").to_string()
    }

    #[test]
    fn slips_are_reported() {
        for (attribute, text) in [
            (quote!(path = "/shop"), "knows `prefix"),
            (quote!(prefix = "shop"), "begins with `/`"),
            (quote!(prefix = "/"), "more than `/`"),
            (quote!(prefix = "/shop/"), "does not end with `/`"),
            (quote!(prefix = "/a//b"), "no empty parts"),
            (quote!(prefix = "/{*rest}"), "no wildcard"),
            (quote!(prefix = "/:tenant"), "written `{name}`"),
            (quote!(prefix = "/shop?"), "is a path"),
        ] {
            assert!(error(attribute.clone()).contains(text), "{attribute}");
        }
        assert_eq!(check_prefix("/shop/{tenant}"), Ok(()));
    }
}
