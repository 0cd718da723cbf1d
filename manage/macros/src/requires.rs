//! `requires_checks = "all"`, `"none"` or `["settings", …]`, of `#[command]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitStr, Result};

use crate::tags;

/// The system checks that must pass before a command runs.
#[derive(Default)]
pub(crate) enum RequiredChecks {
    #[default]
    All,
    None,
    Tagged(Vec<LitStr>),
}

impl Parse for RequiredChecks {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        const FORMS: &str = "`requires_checks` is \"all\", \"none\", or a list of tags: [\"settings\"]";
        if input.peek(syn::token::Bracket) {
            let tags = tags::read(input)?;
            return match tags.iter().find(|tag| ["all", "none"].contains(&tag.value().as_str())) {
                Some(word) => Err(Error::new(
                    word.span(),
                    format!("{FORMS}; `{}` is written without brackets", word.value()),
                )),
                None => Ok(Self::Tagged(tags)),
            };
        }
        let text: LitStr = input.parse().map_err(|error| Error::new(error.span(), FORMS))?;
        match text.value().as_str() {
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            _ => Err(Error::new(text.span(), FORMS)),
        }
    }
}

impl ToTokens for RequiredChecks {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::All => quote!(::manage::command::RequiredChecks::All),
            Self::None => quote!(::manage::command::RequiredChecks::None),
            Self::Tagged(tags) => quote!(::manage::command::RequiredChecks::Tagged(&[#(#tags),*])),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<String, String> {
        syn::parse_str::<RequiredChecks>(text)
            .map(|required| required.to_token_stream().to_string().replace(' ', ""))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn three_forms_are_read_and_slips_are_reported() {
        assert_eq!(read("\"all\"").unwrap(), "::manage::command::RequiredChecks::All");
        assert_eq!(read("\"none\"").unwrap(), "::manage::command::RequiredChecks::None");
        assert_eq!(
            read("[\"settings\", \"it\"]").unwrap(),
            "::manage::command::RequiredChecks::Tagged(&[\"settings\",\"it\"])"
        );
        for (text, expected) in [
            ("\"security\"", "or a list of tags"),
            ("\"All\"", "is \"all\", \"none\""),
            ("[]", "at least one tag"),
            ("[\"Security\"]", "'Security' is no tag"),
            ("[\"\"]", "'' is no tag"),
            ("[\"a\", \"a\"]", "'a' is named twice"),
            ("[\"none\"]", "is written without brackets"),
            ("5", "is \"all\", \"none\""),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
