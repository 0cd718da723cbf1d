//! Fills the placeholders of templates.

use super::values::Values;

/// Replaces each `{{ name }}` by its value. A value with several lines keeps the indent of its place, and a
/// line that consists of an empty value is left out. Other braces stay, as in `${{ name }}` and `{{name}}`.
///
/// The error is the name of a placeholder without a value.
pub(crate) fn fill(template: &str, values: &Values) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len());
    for line in template.split_inclusive('\n') {
        let indent = &line[..line.len() - line.trim_start().len()];
        let mut rest = line;
        let mut text = String::new();
        let mut is_left_out = false;
        while let Some((before, name, after)) = placeholder(rest) {
            let value = values.get(name).ok_or_else(|| name.to_owned())?;
            is_left_out |= value.is_empty() && line.trim().len() == name.len() + "{{  }}".len();
            text.push_str(before);
            text.push_str(&value.replace('\n', &format!("\n{indent}")));
            rest = after;
        }
        if !is_left_out {
            filled.push_str(&text);
            filled.push_str(rest);
        }
    }
    Ok(filled)
}

/// Returns the first placeholder of a text, with what is before and after it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("{{ ").map(|at| from + at) {
        let inside = &text[start + 3..];
        let end = inside.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(inside.len());
        let is_one = end > 0 && inside[end..].starts_with(" }}") && !text[..start].ends_with('$');
        if is_one {
            return Some((&text[..start], &inside[..end], &inside[end + 3..]));
        }
        from = start + 3;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let values: Values =
            [("one", "{{ two }}"), ("many", "a\nb"), ("none", "")].map(|(k, v)| (k, v.to_owned())).into();
        let filled = |template: &str| fill(template, &values);
        assert_eq!(filled("a {{ one }}-{{ one }} b"), Ok("a {{ two }}-{{ two }} b".to_owned()));
        assert_eq!(filled("x\n  {{ many }}\n{{ none }}\ny{{ none }}\n"), Ok("x\n  a\n  b\ny\n".to_owned()));
        for kept in [
            "${{ github.ref }}",
            "${{ one }}",
            "{{one}}",
            "{{ One }}",
            "{{  }}",
            "{{ a b }}",
            "{{ ",
            "{{ one",
        ] {
            assert_eq!(filled(kept), Ok(kept.to_owned()));
        }
        assert_eq!(filled("{{ one }} {{ other }}"), Err("other".to_owned()));
    }
}
