//! Commands whose arguments all have a plain form: their code is written here, and not by clap's derive.
//!
//! The derive's code for a command takes the compiler about five times as long, which a project of hundreds of
//! commands feels at each edit. What it and this code declare is the same; for every other form the derive
//! remains.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Expr, GenericArgument, LitChar, LitStr, PathArguments, Result, Type};

use crate::arguments::Argument;
use crate::names::{command_name, help, is_text};
use crate::options::is_named;

/// How an argument is given.
enum Form {
    Required,
    Default(TokenStream),
    Optional,
    List,
    Flag,
}

/// An argument of a plain form.
pub(crate) struct PlainArgument<'a> {
    /// As clap identifies it.
    id: String,
    short: Option<char>,
    long: Option<String>,
    value_name: String,
    help: String,
    form: Form,
    /// The type of a value.
    value: &'a Type,
}

impl<'a> PlainArgument<'a> {
    /// Returns the arguments, if each of them has a plain form.
    pub(crate) fn all(arguments: &'a [Argument]) -> Option<Vec<Self>> {
        arguments.iter().map(Self::of).collect()
    }

    fn of(argument: &'a Argument) -> Option<Self> {
        let id = command_name(&argument.name);
        // The conversion of other names is clap's affair.
        let is_plain = id.split('_').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        let (form, value) = form(&argument.ty)?;
        let mut plain = Self {
            short: None,
            long: None,
            value_name: id.to_uppercase(),
            help: String::new(),
            id,
            form,
            value,
        };
        let mut docs = Vec::new();
        for attribute in &argument.attributes {
            if is_text(attribute) {
                docs.push(attribute.clone());
            } else if attribute.path().is_ident("arg") {
                attribute.parse_nested_meta(|meta| plain.read(&meta)).ok()?;
            } else {
                return None;
            }
        }
        let (short, more) = help(&docs);
        plain.help = short;
        (is_plain && more.is_none()).then_some(plain)
    }

    /// Reads an option of `#[arg(…)]`. An error if it is none of the plain ones.
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let shown = || self.id.replace('_', "-");
        let has_value = meta.input.peek(syn::Token![=]);
        let word = meta.path.require_ident()?.to_string();
        match (word.as_str(), has_value) {
            ("short", false) => self.short = shown().chars().next(),
            ("short", true) => self.short = Some(meta.value()?.parse::<LitChar>()?.value()),
            ("long", false) => self.long = Some(shown()),
            ("long", true) => self.long = Some(meta.value()?.parse::<LitStr>()?.value()),
            ("value_name", true) => self.value_name = meta.value()?.parse::<LitStr>()?.value(),
            ("default_value", true) if matches!(self.form, Form::Required) => {
                let text: LitStr = meta.value()?.parse()?;
                self.form = Form::Default(quote!(#text));
            }
            ("default_value_t", true) if matches!(self.form, Form::Required) => {
                let (value, ty): (Expr, _) = (meta.value()?.parse()?, self.value);
                self.form = Form::Default(quote! {{
                    static TEXT: ::std::sync::LazyLock<::std::string::String> = ::std::sync::LazyLock::new(|| {
                        let value: #ty = #value;
                        ::std::string::ToString::to_string(&value)
                    });
                    &**TEXT
                }});
            }
            _ => return Err(meta.error("not plain")),
        }
        Ok(())
    }

    /// Returns an expression for its value.
    pub(crate) fn read_value(&self) -> TokenStream {
        let Self { id, value, .. } = self;
        let function = match self.form {
            Form::Required | Form::Default(_) | Form::Flag => quote!(required_value),
            Form::Optional => quote!(optional_value),
            Form::List => quote!(listed_values),
        };
        let function = quote_spanned!(value.span()=> ::manage::__private::#function::<#value>);
        quote!(#function(__manage_matches, #id))
    }
}

/// The declaration of the argument.
impl ToTokens for PlainArgument<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { id, value_name, help, value, .. } = self;
        let option = |value: Option<TokenStream>| match value {
            Some(value) => quote!(::core::option::Option::Some(#value)),
            None => quote!(::core::option::Option::None),
        };
        let short = option(self.short.map(|letter| quote!(#letter)));
        let long = option(self.long.as_ref().map(|name| quote!(#name)));
        let form = match &self.form {
            Form::Required => quote!(Required),
            Form::Default(text) => quote!(Default(|| #text)),
            Form::Optional => quote!(Optional),
            Form::List => quote!(List),
            Form::Flag => quote!(Flag),
        };
        let parser = quote_spanned!(value.span()=>
            || ::core::convert::Into::into(::manage::__private::clap::value_parser!(#value))
        );
        tokens.extend(quote! {
            ::manage::__private::PlainArgument {
                id: #id,
                short: #short,
                long: #long,
                value_name: #value_name,
                help: #help,
                form: ::manage::__private::Form::#form,
                parser: #parser,
            }
        });
    }
}

/// Returns how an argument of this type is given, and the type of a value. `None` for what clap reads in a way
/// of its own.
fn form(ty: &Type) -> Option<(Form, &Type)> {
    if is_named(ty, "bool") {
        return Some((Form::Flag, ty));
    }
    for (name, form) in [("Option", Form::Optional), ("Vec", Form::List)] {
        if is_named(ty, name) {
            return inner(ty).filter(|inner| !is_container(inner)).map(|inner| (form, inner));
        }
    }
    matches!(ty, Type::Path(_)).then_some((Form::Required, ty))
}

/// Returns whether clap's derive may see more in the type than one value.
fn is_container(ty: &Type) -> bool {
    !matches!(ty, Type::Path(_)) || ["Option", "Vec"].iter().any(|name| is_named(ty, name))
}

/// Returns the one type argument.
fn inner(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) if arguments.args.len() == 1 => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;
    use crate::arguments::take;

    fn is_plain(mut function: syn::ItemFn) -> bool {
        PlainArgument::all(&take(&mut function).expect("arguments")).is_some()
    }

    #[test]
    fn the_derive_is_for_the_rest() {
        assert!(is_plain(parse_quote! {
            fn f(cx: &mut Context, /** Text */ #[arg(short, long = "b")] a: bool, b: Option<u8>, c_2: Vec<std::path::PathBuf>) {}
        }));
        assert!(is_plain(parse_quote!(
            fn f(cx: &mut Context, #[arg(long, default_value_t = 3)] a: u8) {}
        )));
        assert!(is_plain(parse_quote!(
            fn f(cx: &mut Context) {}
        )));
        let others: [syn::ItemFn; 10] = [
            parse_quote!(
                fn f(cx: &mut Context, #[arg(long, hide = true)] a: bool) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, #[command(subcommand)] a: Action) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, #[arg(long)] a: Option<Option<u8>>) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, a: Vec<Vec<u8>>) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, a: (u8, u8)) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, #[arg(long)] aB: u8) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, _a: u8) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, #[arg(default_value_t)] a: u8) {}
            ),
            parse_quote!(
                fn f(cx: &mut Context, #[doc = include_str!("a.md")] a: u8) {}
            ),
            parse_quote!(
                fn f(
                    cx: &mut Context,
                    /// One paragraph
                    ///
                    /// Another one
                    a: u8,
                ) {
                }
            ),
        ];
        for function in others {
            let shown = quote!(#function).to_string();
            assert!(!is_plain(function), "{shown}");
        }
    }
}
