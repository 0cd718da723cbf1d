use super::*;

fn parse(yaml: &str) -> FrontMatter {
    FrontMatter::parse(yaml).unwrap_or_else(|fault| panic!("{fault:?}\n{yaml}"))
}

fn text(yaml: &str, name: &str) -> Option<String> {
    parse(yaml).get(name).map(|field| field.text(name).expect("a text").to_owned())
}

#[test]
fn fields_are_texts_as_they_were_written() {
    let yaml = "title: 안녕, 세상\nnumber: 1.10\ndate: 2020-04-11\nquoted: \"a: b\"\nsingle: 'it''s'\npath: a\\b.jpg\n";
    assert_eq!(text(yaml, "title").as_deref(), Some("안녕, 세상"));
    assert_eq!(text(yaml, "number").as_deref(), Some("1.10"));
    assert_eq!(text(yaml, "date").as_deref(), Some("2020-04-11"));
    assert_eq!(text(yaml, "quoted").as_deref(), Some("a: b"));
    assert_eq!(text(yaml, "single").as_deref(), Some("it's"));
    assert_eq!(text(yaml, "path").as_deref(), Some("a\\b.jpg"));
    assert_eq!(text(yaml, "missing"), None);
    assert_eq!(text("title: >\n  one\n  two\n", "title").as_deref(), Some("one two\n"));
}

#[test]
fn nested_fields_are_passed_over() {
    let yaml = "header:\n  title: inner\n  tags: [a, {title: b}]\n? [odd, key]\n: title\nlist:\n- title: c\n- - d\ntitle: outer\n";
    assert_eq!(text(yaml, "title").as_deref(), Some("outer"));
    assert_eq!(parse(yaml).get("title").map(|field| field.line), Some(10));
    assert_eq!(parse(yaml).get("list").map(|field| field.value.clone()), Some(Value::Nested));
}

#[test]
fn empty_fields_are_no_fields() {
    for yaml in ["title:\n", "title: ~\n", "title: null\n", "# title: x\n", "", "\n\n"] {
        assert_eq!(parse(yaml).get("title"), None, "{yaml:?}");
    }
    assert_eq!(text("title: ''\n", "title").as_deref(), Some(""));
    assert_eq!(text("title: 'null'\n", "title").as_deref(), Some("null"));
}

#[test]
fn names_stand_for_values() {
    assert_eq!(text("base: &it Hello\ntitle: *it\n", "title").as_deref(), Some("Hello"));
    assert_eq!(text("a:\n  b: &it Hello\ntitle: *it\n", "title").as_deref(), Some("Hello"));
    let nested = parse("base: &it [a]\ntitle: *it\n");
    assert!(nested.get("title").is_some_and(|field| field.text("title").is_err()));
}

#[test]
fn broken_yaml_has_its_line_in_the_file() {
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    // The first line of the YAML is the second line of the file.
    for (line, yaml) in [
        (2, "title: a: b\n"),
        // Where the parser first sees that the list cannot go on.
        (4, "title: x\ntags: [a, b\nmore: 1\n"),
        // Where the value begins that the tab spoils.
        (2, "title: x\n\ttabbed: 1\n"),
        (4, "a:\n  b: 1\n c: 2\n"),
        (3, "title: x\n@at: 1\n"),
        (3, "a: 1\nb: *nobody\n"),
        (2, "title: %x\n"),
        (2, "title: \"\\q\"\n"),
        (2, "- a\n- b\n"),
        (2, "just text\n"),
        (3, "# comment\njust text\n"),
        (3, "title: x\n--- !doc\ntitle: y\n"),
    ] {
        let fault = FrontMatter::parse(yaml).expect_err(yaml);
        found.push((fault.line, yaml));
        expected.push((Some(line), yaml));
    }
    assert_eq!(found, expected);
    let open = FrontMatter::parse("title: \"open\nmore: 1\n").expect_err("an open quote");
    assert!(matches!(open.line, Some(2..=4)), "{open:?}");
}

#[test]
fn a_field_given_twice_is_reported() {
    let twice = parse("title: a\nother: 1\ntitle: b\n");
    let fault = twice.duplicate("title").expect("a complaint");
    assert_eq!(fault.line, Some(4));
    assert!(fault.reason.contains("line 2"), "{fault:?}");
    assert_eq!(twice.duplicate("other"), None);
}

#[test]
fn yes_and_no_have_many_words() {
    let is_true = |value: &str| {
        let yaml = format!("published: {value}\n");
        parse(&yaml).get("published").expect("a field").is_true("published").map_err(|fault| fault.line)
    };
    for yes in ["true", "True", "yes", "on"] {
        assert_eq!(is_true(yes), Ok(true), "{yes}");
    }
    for no in ["false", "FALSE", "no", "off"] {
        assert_eq!(is_true(no), Ok(false), "{no}");
    }
    for other in ["maybe", "0", "\"false\"", "[false]", "{a: true}"] {
        assert_eq!(is_true(other), Err(Some(2)), "{other}");
    }
}

/// 249 KB of aliases of one large text were a gigabyte once.
#[test]
fn aliases_share_their_text() {
    let yaml = format!("a: &a {}\n{}title: *a\n", "x".repeat(10_000), "*a : *a\n".repeat(1_000));
    let front_matter = parse(&yaml);
    let text = |name: &str| match &front_matter.get(name).expect("a field").value {
        Value::Scalar { text, .. } => Rc::clone(text),
        Value::Nested => panic!("a text"),
    };
    assert!(Rc::ptr_eq(&text("a"), &text("title")));
    assert!(front_matter.again.iter().all(|(name, _)| Rc::ptr_eq(name, &front_matter.again[0].0)));
    assert_eq!(front_matter.again.len(), 999);
}

#[test]
fn too_many_parts_and_too_deep_ones_are_refused() {
    let many = |name: &dyn Fn(usize) -> String| (0..6_000).map(name).collect::<String>();
    let laughs: String = (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", "*a0,".repeat(400))).collect();
    for yaml in [
        many(&|n| format!("k{n}: v\n")),
        many(&|n| format!("k{n}:\n")),
        many(&|_| "k: [a]\n".to_owned()),
        many(&|_| "? a\n".to_owned()),
        format!("a: [{}]\n", "a,".repeat(10_000)),
        format!("a0: &a0 ha\n{laughs}"),
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        format!("a: {}", "- ".repeat(10_000)),
        "? ".repeat(10_000),
        format!("a:\n{}", (1..1_000).map(|n| format!("{}b:\n", " ".repeat(n))).collect::<String>()),
    ] {
        let start: String = yaml.chars().take(30).collect();
        let fault = FrontMatter::parse(&yaml).expect_err(&start);
        assert!(fault.line.is_some() && fault.reason.len() < 300, "{start}: {fault:?}");
    }
}
