//! The parameters of a command after its context: the fields of a hidden struct that clap's derive reads.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Error, FnArg, Ident, ItemFn, Pat, Result, Type};

use crate::options::{self, Options};

/// One parameter.
pub(crate) struct Argument {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

impl Argument {
    /// Returns what its attributes say of it on the command line.
    pub(crate) fn options(&self) -> Options {
        Options::read(&self.attributes, &self.name)
    }
}

impl ToTokens for Argument {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, name, ty } = self;
        tokens.extend(quote!(#(#attributes)* #name: #ty));
    }
}

/// Removes the attributes from the parameters, so that the function remains an ordinary one.
pub(crate) fn take(function: &mut ItemFn) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    for input in function.sig.inputs.iter_mut().skip(1) {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(pattern) = &*input.pat else {
            return Err(Error::new_spanned(
                &input.pat,
                "write an argument of a command as a plain name: `slug: String`",
            ));
        };
        let conditional = |attribute: &&Attribute| attribute.path().is_ident("cfg");
        if let Some(attribute) = input.attrs.iter().find(conditional) {
            return Err(Error::new_spanned(
                attribute,
                "put `#[cfg]` on the whole command, not on one of its parameters",
            ));
        }
        let reported = match &*input.ty {
            Type::Reference(reference) if options::ends_with(&reference.elem, "Context") => {
                "a command has one context, its first parameter"
            }
            Type::Reference(_) => "an argument of a command owns its value: `String` rather than `&str`",
            Type::ImplTrait(_) => {
                "an argument of a command has a type with a name: it is read from the command line"
            }
            _ => "",
        };
        if !reported.is_empty() {
            return Err(Error::new_spanned(&input.ty, reported));
        }
        let (name, ty) = (pattern.ident.clone(), (*input.ty).clone());
        arguments.push(Argument { attributes: std::mem::take(&mut input.attrs), name, ty });
    }
    Ok(arguments)
}

/// Checks for mistakes that clap reports only by a panic when the command is called.
pub(crate) fn check(arguments: &[Argument]) -> Result<()> {
    let read: Vec<(&Argument, Options)> =
        arguments.iter().map(|argument| (argument, argument.options())).collect();
    for (i, (argument, options)) in read.iter().enumerate() {
        let name = &argument.name;
        if options.has_default_and_is_optional(&argument.ty) {
            let message = format!(
                "`{name}` has a default value, so it is always there: leave out the `Option`, or the default"
            );
            return Err(Error::new_spanned(&argument.ty, message));
        }
        if options.is_nameless_flag(&argument.ty) {
            let message = format!("a flag has a name on the command line: `#[arg(long)] {name}: bool`");
            return Err(Error::new(name.span(), message));
        }
        for (earlier, others) in &read[..i] {
            let earlier = &earlier.name;
            if let Some(letter) = options.short.filter(|_| options.short == others.short) {
                let message = format!(
                    "`{earlier}` and `{name}` are both `-{letter}`: give one of them another letter, `#[arg(short = '…')]`"
                );
                return Err(Error::new(name.span(), message));
            }
            if let Some(long) = options.long.as_ref().filter(|_| options.long == others.long) {
                let message = format!(
                    "`{earlier}` and `{name}` are both `--{long}`: give one of them another name, `#[arg(long = \"…\")]`"
                );
                return Err(Error::new(name.span(), message));
            }
        }
    }
    check_order(&read)
}

/// Checks positional arguments: required ones come first, and a list comes last.
fn check_order(read: &[(&Argument, Options)]) -> Result<()> {
    let (mut optional, mut list) = (None, None);
    for (argument, options) in read {
        let takes_the_rest = options.takes_the_rest(&argument.ty);
        if let Some(list) = list.filter(|_| takes_the_rest || options.is_required(&argument.ty).is_some()) {
            let name = &argument.name;
            let message = format!(
                "`{list}` takes all remaining values, but `{name}` comes after it: put `{list}` last, or give one of them a name, \
                 `#[arg(long)]`"
            );
            return Err(Error::new(name.span(), message));
        }
        list = list.or(takes_the_rest.then_some(&argument.name));
        match options.is_required(&argument.ty) {
            None => {}
            Some(false) => optional = Some(&argument.name),
            Some(true) => {
                let Some(before) = optional else { continue };
                let name = &argument.name;
                let message = format!(
                    "`{name}` is required and `{before}` before it is not: put `{name}` first, make it an `Option<…>`, \
                     or give it a name, `#[arg(long)]`"
                );
                return Err(Error::new(name.span(), message));
            }
        }
    }
    Ok(())
}
