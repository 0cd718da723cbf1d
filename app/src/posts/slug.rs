//! The part of an article's address that names it, made as Jekyll makes it.

/// Makes a slug of a name: whatever has no place in an address becomes a hyphen. It may be empty.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || "._~!$&'()+,;=@".contains(c) {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-');
    // A path of nothing but dots leads elsewhere.
    if slug.chars().all(|c| c == '.') { String::new() } else { slug.to_owned() }
}

/// Makes a title of a slug: its words, capitalised.
pub(super) fn title(slug: &str) -> String {
    let words: Vec<String> = slug.split('-').map(capitalised).collect();
    words.join(" ")
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_fit_into_addresses() {
        for (name, expected) in [
            ("hello-world", "hello-world"),
            ("Hello World", "Hello-World"),
            ("장고 명령어", "장고-명령어"),
            ("a/b?c#d%e", "a-b-c-d-e"),
            ("--a--b--", "a-b"),
            ("v1.2_rc", "v1.2_rc"),
            ("..", ""),
            ("/ ?", ""),
            ("", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    #[test]
    fn titles_are_capitalised() {
        assert_eq!(title("django-COMMANDS-how-to"), "Django Commands How To");
        assert_eq!(title("장고-명령어"), "장고 명령어");
        assert_eq!(title("élan"), "Élan");
    }
}
