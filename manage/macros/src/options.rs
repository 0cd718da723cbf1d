//! clap's attributes on a parameter, as far as they decide its form on the command line.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, PathArguments, Result, Type};

use crate::names::command_name;

/// Its names, and which of clap's attributes it has.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) short: Option<char>,
    pub(crate) long: Option<String>,
    words: Vec<String>,
}

impl Options {
    /// Reads the attributes of a parameter. What it cannot read is left to clap to report.
    pub(crate) fn read(attributes: &[Attribute], name: &Ident) -> Self {
        let mut options = Self::default();
        let name = command_name(name);
        let of_clap = |attribute: &&Attribute| {
            ["arg", "clap", "command", "group"].iter().any(|word| attribute.path().is_ident(word))
        };
        for attribute in attributes.iter().filter(of_clap) {
            let _ = attribute.parse_nested_meta(|meta| options.read_word(&meta, &name));
        }
        options
    }

    fn read_word(&mut self, meta: &ParseNestedMeta<'_>, name: &str) -> Result<()> {
        let word = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        let value = if meta.input.peek(syn::Token![=]) {
            Some(meta.value()?.parse::<Expr>()?)
        } else if meta.input.peek(syn::token::Paren) {
            let inside;
            syn::parenthesized!(inside in meta.input);
            let tokens: TokenStream = inside.parse()?;
            syn::parse2(tokens).ok()
        } else {
            None
        };
        let literal = match &value {
            Some(Expr::Lit(ExprLit { lit, .. })) => Some(lit),
            _ => None,
        };
        let shown = || name.trim_matches('_').replace('_', "-");
        match (word.as_str(), &value, literal) {
            ("short", None, _) => self.short = shown().chars().next(),
            ("short", _, Some(Lit::Char(letter))) => self.short = Some(letter.value()),
            ("long", None, _) => self.long = Some(shown()),
            ("long", _, Some(Lit::Str(text))) => self.long = Some(text.value()),
            _ => {}
        }
        self.words.push(word);
        Ok(())
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Returns whether it is a `bool` that would have no name on the command line.
    pub(crate) fn is_nameless_flag(&self, ty: &Type) -> bool {
        let decides =
            ["short", "long", "action", "value_parser", "num_args", "skip", "flatten", "subcommand"];
        is_named(ty, "bool") && !self.has(&decides)
    }

    /// Returns whether it is an `Option` with a default value of the type inside, which clap refuses.
    pub(crate) fn has_default_and_is_optional(&self, ty: &Type) -> bool {
        is_named(ty, "Option") && self.has(&["default_value_t", "default_values_t"])
    }

    /// Returns whether it is a plain list of all the places that are left.
    pub(crate) fn takes_the_rest(&self, ty: &Type) -> bool {
        is_named(ty, "Vec") && self.is_plain()
    }

    /// For a plain positional argument, returns whether it is required; `None` for others.
    pub(crate) fn is_required(&self, ty: &Type) -> Option<bool> {
        if !self.is_plain() || is_named(ty, "Vec") {
            return None;
        }
        let defaults = self.words.iter().any(|word| word.starts_with("default_value"));
        Some(!defaults && !is_named(ty, "Option"))
    }

    /// Returns whether it is positional without further attributes.
    fn is_plain(&self) -> bool {
        let others = [
            "short",
            "long",
            "action",
            "skip",
            "flatten",
            "subcommand",
            "external_subcommand",
            "from_global",
        ];
        let decides = ["index", "last", "raw", "required", "num_args", "exclusive", "env", "group"];
        let by_another = self.words.iter().any(|word| word.starts_with("required_"));
        !self.has(&others) && !self.has(&decides) && !by_another
    }
}

/// Returns whether the type is written as this name alone, with or without arguments.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    let plain = path.path.segments.len() == 1 && path.qself.is_none();
    plain
        && path.path.segments.first().is_some_and(|segment| {
            segment.ident == name && (name != "bool" || matches!(segment.arguments, PathArguments::None))
        })
}

/// Returns whether the last part of the type's path is this name.
pub(crate) fn ends_with(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|segment| segment.ident == name)
}
