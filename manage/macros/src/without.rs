//! `without = ["verbosity", …]` of `#[command]`: the common options that a command leaves out.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Result, Token, bracketed};

/// Each name, and that of the variant of `manage::command::CommonOption`.
const NAMES: [(&str, &str); 14] = [
    ("verbosity", "Verbosity"),
    ("-v", "VerbosityLetter"),
    ("settings", "Settings"),
    ("traceback", "Traceback"),
    ("no-color", "NoColor"),
    ("force-color", "ForceColor"),
    ("skip-checks", "SkipChecks"),
    ("profile", "Profile"),
    ("isolated", "Isolated"),
    ("isolated-key", "IsolatedKey"),
    ("isolated-wait", "IsolatedWait"),
    ("noinput", "Noinput"),
    ("version", "Version"),
    ("-h", "HelpLetter"),
];

/// The variants.
#[derive(Default)]
pub(crate) struct Without(Vec<&'static str>);

impl Parse for Without {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        const FORM: &str = "`without` is a list of common options: [\"isolated\"]";
        if !input.peek(syn::token::Bracket) {
            return Err(Error::new(input.span(), FORM));
        }
        let list;
        let bracket = bracketed!(list in input);
        let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)
            .map_err(|error| Error::new(error.span(), FORM))?;
        if names.is_empty() {
            return Err(Error::new(bracket.span.join(), FORM));
        }
        let mut variants = Vec::new();
        for name in names {
            let variant = variant(&name.value()).map_err(|message| Error::new(name.span(), message))?;
            if variants.contains(&variant) {
                return Err(Error::new(name.span(), format!("'{}' is named twice", name.value())));
            }
            variants.push(variant);
        }
        Ok(Self(variants))
    }
}

fn variant(name: &str) -> std::result::Result<&'static str, String> {
    if let Some((_, variant)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(variant);
    }
    if matches!(name, "help" | "--help") {
        return Err("every command has `--help`; `\"-h\"` leaves out its letter".to_owned());
    }
    // A hyphen too many, or Rust's underscores.
    let plain = name.trim_start_matches('-').replace('_', "-");
    if let Some((known, _)) = NAMES.iter().find(|(known, _)| *known == plain) {
        return Err(format!("the common option '{known}' is written \"{known}\" here"));
    }
    let known: Vec<String> = NAMES.iter().map(|(known, _)| format!("\"{known}\"")).collect();
    Err(format!("'{name}' is no common option: they are {}", known.join(", ")))
}

impl ToTokens for Without {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let variants = self.0.iter().map(|variant| format_ident!("{variant}", span = Span::call_site()));
        tokens.extend(quote!(&[#(::manage::command::CommonOption::#variants),*]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<String, String> {
        syn::parse_str::<Without>(text)
            .map(|without| without.to_token_stream().to_string().replace(' ', ""))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_read_and_mistakes_are_errors() {
        assert_eq!(
            read("[\"no-color\", \"-v\"]").unwrap(),
            "&[::manage::command::CommonOption::NoColor,::manage::command::CommonOption::VerbosityLetter]"
        );
        for (text, expected) in [
            ("\"isolated\"", "is a list of common options"),
            ("[]", "is a list of common options"),
            ("[isolated]", "is a list of common options"),
            ("[\"verbose\"]", "'verbose' is no common option: they are \"verbosity\", \"-v\", "),
            ("[\"no_color\"]", "is written \"no-color\" here"),
            ("[\"--isolated\"]", "is written \"isolated\" here"),
            ("[\"help\"]", "every command has `--help`"),
            ("[\"-v\", \"-v\"]", "'-v' is named twice"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
