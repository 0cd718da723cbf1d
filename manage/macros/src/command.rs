//! `#[command]`: from a function to a registered command.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, LitStr, PatType, Result, ReturnType, Type, parse2};

use crate::arguments::{self, Argument};
use crate::plain::PlainArgument;
use crate::requires::RequiredChecks;
use crate::without::Without;
use crate::{names, options};

/// The attribute's options.
#[derive(Default)]
struct Options {
    hidden: bool,
    isolated: bool,
    prompts_for_missing: bool,
    requires_migrations_checks: bool,
    requires_checks: RequiredChecks,
    without: Without,
    aliases: Vec<LitStr>,
}

impl Options {
    fn read(&mut self, meta: ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("hidden") {
            self.hidden = true;
        } else if meta.path.is_ident("isolated") {
            self.isolated = true;
        } else if meta.path.is_ident("prompts_for_missing") {
            self.prompts_for_missing = true;
        } else if meta.path.is_ident("requires_migrations_checks") {
            self.requires_migrations_checks = true;
        } else if meta.path.is_ident("alias") {
            let alias: LitStr = meta.value()?.parse()?;
            let text = alias.value();
            if text.is_empty() || text.starts_with('-') || text.contains(char::is_whitespace) {
                return Err(Error::new(alias.span(), "an alias is a word that does not begin with a hyphen"));
            }
            self.aliases.push(alias);
        } else if meta.path.is_ident("requires_checks") {
            self.requires_checks = meta.value()?.parse()?;
        } else if meta.path.is_ident("without") {
            self.without = meta.value()?.parse()?;
        } else {
            return Err(meta.error(
                "`#[command]` knows `hidden`, `isolated`, `prompts_for_missing`, `requires_migrations_checks`, `alias = \"…\"`, \
                 `requires_checks = \"…\"` and `without = [\"…\"]`",
            ));
        }
        Ok(())
    }
}

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut options = Options::default();
    syn::meta::parser(|meta| options.read(meta)).parse2(attribute)?;
    let is_function =
        item.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"));
    let mut function: ItemFn = match parse2(item) {
        Ok(function) => function,
        // The compiler has already reported errors inside the function.
        Err(_) if is_function => return Ok(TokenStream::new()),
        Err(error) => {
            let message = "`#[command]` needs a function: `pub fn name(cx: &mut Context) -> Result<()>`";
            return Err(Error::new(error.span(), message));
        }
    };
    check_signature(&function)?;
    let arguments = arguments::take(&mut function)?;
    arguments::check(&arguments)?;
    let name = names::command_name(&function.sig.ident);
    if let Some(alias) = options.aliases.iter().find(|alias| alias.value() == name) {
        return Err(Error::new(alias.span(), "an alias is another name than the command's own"));
    }
    let registration = registration(&function, &arguments, &options);
    Ok(quote! {
        #function
        #registration
    })
}

fn check_signature(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        let message = "a command cannot have generic parameters: the command line cannot choose them";
        return Err(Error::new(signature.generics.span(), message));
    }
    if let ReturnType::Default = signature.output {
        return Err(Error::new(
            signature.ident.span(),
            "a command returns a `Result`: write `-> Result<()>` (from `manage::prelude`)",
        ));
    }
    for (token, word) in [
        (signature.unsafety.map(|token| token.span()), "unsafe"),
        (signature.constness.map(|token| token.span()), "const"),
        (signature.abi.as_ref().map(|abi| abi.span()), "extern"),
        (signature.variadic.as_ref().map(|dots| dots.span()), "variadic"),
    ] {
        if let Some(span) = token {
            return Err(Error::new(span, format!("a command is an ordinary function, and not `{word}`")));
        }
    }
    let message = "a command's first parameter is its context: `cx: &mut Context`";
    match signature.inputs.first() {
        Some(FnArg::Typed(PatType { ty, .. })) if is_mutable_reference(ty) => Ok(()),
        Some(FnArg::Receiver(receiver)) => Err(Error::new(
            receiver.span(),
            "a command is a free function: it takes `cx: &mut Context`, not `self`",
        )),
        Some(other) => Err(Error::new(other.span(), message)),
        None => Err(Error::new(signature.ident.span(), message)),
    }
}

/// Returns whether it may be the context, by whatever name.
fn is_mutable_reference(ty: &Type) -> bool {
    let values = ["String", "str", "Vec", "Option", "PathBuf", "bool", "u32", "u64", "i32", "i64", "usize"];
    let is_value = |ty: &Type| values.iter().any(|name| options::is_named(ty, name));
    matches!(ty, Type::Reference(reference) if reference.mutability.is_some() && !is_value(&reference.elem))
}

fn registration(function: &ItemFn, arguments: &[Argument], options: &Options) -> TokenStream {
    let ident = &function.sig.ident;
    let name = names::command_name(ident);
    let (about, long_about) = names::help(&function.attrs);
    let long_about = long_about.map_or_else(|| quote!(None), |text| quote!(Some(#text)));
    let hidden = options.hidden;
    let isolated = options.isolated;
    let prompts_for_missing = options.prompts_for_missing;
    let requires_migrations_checks = options.requires_migrations_checks;
    let aliases = &options.aliases;
    let requires_checks = &options.requires_checks;
    let without = &options.without;
    let names: Vec<&Ident> = arguments.iter().map(|argument| &argument.name).collect();
    // A parameter may have the name of the function.
    let value =
        |name| format_ident!("__manage_value_{}", names::command_name(name), span = Span::call_site());
    let values: Vec<Ident> = names.iter().copied().map(value).collect();
    let call = quote!(#ident(__manage_context #(, #values)*));
    let call = match function.sig.asyncness {
        Some(keyword) => quote_spanned!(keyword.span()=> ::manage::__private::block_on!(#call)),
        None => call,
    };
    let output = match &function.sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => Span::call_site(),
    };
    let outcome = quote_spanned!(output=> ::manage::command::Outcome::into_exit(__manage_result));
    let mismatch = format!("the command `{name}` must live in a file of the same name: {name}.rs");
    let (declaration, reading) = match PlainArgument::all(arguments) {
        Some(plain) => by_hand(&plain, &values),
        None => by_derive(arguments, &names, &values),
    };
    // The location is the function's own: an assertion that fails must point at it.
    let assertion = quote_spanned!(ident.span()=>
        const _: () = ::core::assert!(::manage::__private::is_file_of(::core::module_path!(), #name), #mismatch);
    );
    quote! {
        #assertion
        const _: () = {
            #[allow(unused_imports)]
            use ::manage::__private::clap;

            #declaration

            fn __manage_run(
                __manage_context: &mut ::manage::Context,
                __manage_matches: &::manage::__private::clap::ArgMatches,
            ) -> ::manage::Result<::manage::Exit> {
                #reading
                let __manage_result = #call;
                #outcome
            }

            static __MANAGE_COMMAND: ::manage::__private::FunctionCommand = ::manage::__private::FunctionCommand {
                name: #name,
                about: #about,
                long_about: #long_about,
                arguments: __manage_arguments,
                run: __manage_run,
                properties: {
                    let mut properties = ::manage::command::Properties::new();
                    properties.hidden = #hidden;
                    properties.aliases = &[#(#aliases),*];
                    properties.requires_checks = #requires_checks;
                    properties.isolated = #isolated;
                    properties.prompts_for_missing = #prompts_for_missing;
                    properties.requires_migrations_checks = #requires_migrations_checks;
                    properties.without = #without;
                    properties
                },
            };

            ::manage::__private::inventory::submit! {
                ::manage::__private::Registration::new(&__MANAGE_COMMAND, ::core::module_path!(), ::core::file!(), ::core::line!())
            }
        };
    }
}

/// Returns the declaration of plain arguments, and the statements that read their values.
fn by_hand(arguments: &[PlainArgument<'_>], values: &[Ident]) -> (TokenStream, TokenStream) {
    let read = arguments.iter().map(PlainArgument::read_value);
    let declaration = quote! {
        static __MANAGE_ARGUMENTS: &[::manage::__private::PlainArgument] = &[#(#arguments),*];

        fn __manage_arguments(parser: ::manage::__private::clap::Command) -> ::manage::__private::clap::Command {
            ::manage::__private::with_arguments(parser, __MANAGE_ARGUMENTS)
        }
    };
    (declaration, quote!(#(let #values = #read?;)*))
}

/// The same for arguments of any form.
fn by_derive(arguments: &[Argument], names: &[&Ident], values: &[Ident]) -> (TokenStream, TokenStream) {
    let declaration = quote! {
        #[derive(::manage::__private::clap::Args)]
        struct __ManageArguments { #(#arguments),* }

        fn __manage_arguments(parser: ::manage::__private::clap::Command) -> ::manage::__private::clap::Command {
            <__ManageArguments as ::manage::__private::clap::Args>::augment_args(parser)
        }
    };
    let reading = quote! {
        let __ManageArguments { #(#names: #values),* } =
            <__ManageArguments as ::manage::__private::clap::FromArgMatches>::from_arg_matches(__manage_matches)?;
    };
    (declaration, reading)
}
