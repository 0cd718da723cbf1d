//! Tags of system checks: `["security", "kitchen"]`, each a word in lower case.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Result, Token, bracketed};

/// Parses a list of tags. Invalid tags are reported at compile time.
pub(crate) fn read(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let list;
    let bracket = bracketed!(list in input);
    let tags: Vec<LitStr> = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?.into_iter().collect();
    if tags.is_empty() {
        return Err(Error::new(bracket.span.join(), "name at least one tag: `[\"security\"]`"));
    }
    for (i, tag) in tags.iter().enumerate() {
        let text = tag.value();
        if !is_tag(&text) {
            let message =
                format!("'{text}' is no tag: a tag is a word such as \"security\" or \"async_support\"");
            return Err(Error::new(tag.span(), message));
        }
        if tags[..i].iter().any(|earlier| earlier.value() == text) {
            return Err(Error::new(tag.span(), format!("the tag '{text}' is named twice")));
        }
    }
    Ok(tags)
}

fn is_tag(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}
