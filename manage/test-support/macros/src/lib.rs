//! The attribute `#[case]`: see `manage_test_support::case`.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Expr, ExprCall, ItemFn, parse_macro_input};

/// Registers a test function under its own name: `module::function`.
///
/// - `#[case]`: the function runs everywhere.
/// - `#[case(needs(Need::Redis))]`, `#[case(on_each_backend)]`: the named function adds the tests. It takes
///   the suite, the case's name, the arguments that the attribute gives it, and the test function. A test
///   program can have its own.
#[proc_macro_attribute]
pub fn case(how: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemFn);
    let how = if how.is_empty() { None } else { Some(parse_macro_input!(how as Expr)) };
    let function = &item.sig.ident;
    let name = function.to_string();
    let add = match how {
        None => quote!(suite.test(name, #function);),
        Some(Expr::Call(ExprCall { func, args, .. })) => {
            let args = args.iter();
            quote!(#func(suite, name, #(#args,)* #function);)
        }
        Some(how) => quote!(#how(suite, name, #function);),
    };
    let conditions = item.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote! {
        #item

        #(#conditions)*
        ::manage_test_support::inventory::submit! {
            ::manage_test_support::Case::new(module_path!(), #name, line!(), |suite, name| { #add })
        }
    }
    .into()
}
