//! Fills the templates of the written files.

/// Replaces each `{{ name }}` by its value. A value with several lines keeps the indent of its place, and a
/// line that consists of an empty value is left out.
///
/// # Panics
///
/// If a name has no value: the templates are part of this program.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    for line in template.lines() {
        let mut text = line.to_owned();
        let alone = line.trim().strip_prefix("{{ ").and_then(|rest| rest.strip_suffix(" }}"));
        let alone = alone.filter(|name| !name.contains(' ')).map(|name| value(values, name));
        if let Some(value) = alone {
            let indent = &line[..line.len() - line.trim_start().len()];
            for part in value.lines() {
                filled.push_str(if part.is_empty() { "" } else { indent });
                filled.push_str(part);
                filled.push('\n');
            }
            continue;
        }
        let mut from = 0;
        while let Some(start) = text[from..].find("{{ ").map(|at| from + at) {
            // `${{ … }}` is an expression of GitHub's.
            if text[..start].ends_with('$') {
                from = start + 3;
                continue;
            }
            let end = start + text[start..].find(" }}").expect("an end");
            let value = value(values, &text[start + 3..end]);
            text.replace_range(start..end + 3, value);
            from = start + value.len();
        }
        filled.push_str(&text);
        filled.push('\n');
    }
    filled
}

fn value<'a>(values: &[(&str, &'a str)], name: &str) -> &'a str {
    let found = values.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).unwrap_or_else(|| panic!("the template needs {name}"))
}

/// Returns a text in the double quotes of YAML and JSON, which have the same escapes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns texts as a list of YAML on one line.
pub(super) fn quoted_list<S: AsRef<str>>(texts: &[S]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{fill, quoted_list};

    #[test]
    fn places_are_filled() {
        let template = "a: {{ one }}-{{ one }}\nlist:\n  {{ many }}\n{{ none }}\nb: ${{ github.ref }}\n";
        let values = [("one", "{{ x }}"), ("many", "- 1\n\n- 2"), ("none", "")];
        let expected = "a: {{ x }}-{{ x }}\nlist:\n  - 1\n\n  - 2\nb: ${{ github.ref }}\n";
        assert_eq!(fill(template, &values), expected);
        assert_eq!(quoted_list(&["a\"b", "c: {}"]), r#"["a\"b", "c: {}"]"#);
    }
}
