use super::*;

fn read(text: impl AsRef<[u8]>) -> EnvFile {
    read_with(text, &[])
}

fn read_with(text: impl AsRef<[u8]>, environment: &[(&str, &str)]) -> EnvFile {
    let environment = Environment::new(environment.iter().copied(), "/");
    let text = Text::new(text.as_ref()).unwrap_or_else(|problem| panic!("{problem:?}"));
    EnvFile::of(Path::new(".env"), &text, &environment)
}

fn value(file: &EnvFile, name: &str) -> Option<String> {
    file.get(name).unwrap_or_else(|error| panic!("{error}")).map(|entry| entry.value.to_owned())
}

fn error(file: &EnvFile, name: &str) -> String {
    file.get(name).err().unwrap_or_else(|| panic!("{name} was read")).to_string()
}

/// One variable `A`, as written after its equal sign.
#[track_caller]
fn means(written: &str, expected: &str) {
    let file = read(format!("A={written}\nZ=end\n"));
    assert_eq!(value(&file, "A").unwrap_or_default(), expected, "{written}");
    assert_eq!(value(&file, "Z").as_deref(), Some("end"), "{written}");
}

#[test]
fn unquoted_values() {
    for text in [
        "x",
        "two words",
        "*/5 * * * * /bin/run",
        "{\"a\": [1, 2], \"b\": 'c'}",
        r"C:\dir\new",
        r"\\server\share",
        "it's",
        "a\"b\"c",
        "a=b=c",
        "a#b",
        "#b",
        "Ab$cd9$E#1",
        "$",
        "$$",
        "$1",
        "a$ b",
        "${",
        "${open",
        "100%",
        "é密",
        "`x` $(y)",
    ] {
        means(text, text);
    }
    means("  x  ", "x");
    means("x # comment", "x");
    means("x\t# comment", "x");
    means("", "");
    means("   ", "");
    means(" # comment", "");
    means(" #comment", "");
    means("x\r", "x");
    means("x\u{a0}# comment", "x");
}

#[test]
fn quoted_values() {
    means("'x'", "x");
    means("''", "");
    means("'x' # comment", "x");
    means("'x'# comment", "x");
    means("  'x'  ", "x");
    means(r"'it\'s'", "it's");
    means(r"'a\\b'", r"a\b");
    means(r"'a\nb'", r"a\nb");
    means("'a\"b'", "a\"b");
    means("'Ab$cd9${E}#1'", "Ab$cd9${E}#1");
    means("'a # b'", "a # b");
    means("'line 1\nline 2'", "line 1\nline 2");
    means("\"line 1\r\nline 2\"", "line 1\nline 2");
    means(r#""a\nb\tc\r\\\"\'\a\b\f\v""#, "a\nb\tc\r\\\"'\u{7}\u{8}\u{c}\u{b}");
    means(r#""C:\dir\q""#, r"C:\dir\q");
    means(r#""Ab\$cd\${E}""#, "Ab$cd${E}");
    means("\"a'b\"", "a'b");
    means("\"\"", "");
}

#[test]
fn names() {
    let file = read(
        "\u{feff}A=1\r\nexport B=2\n  C = 3\n'D'=4\n\"E\"=5\nF\nexport G\n# H=8\n\t#I=9\nexport=10\nJ.K-L=11\nA=12\n\n",
    );
    let all: Vec<Option<String>> = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "export", "J.K-L"]
        .iter()
        .map(|name| value(&file, name))
        .collect();
    let expected = ["12", "2", "3", "4", "5", "", "", "", "", "10", "11"];
    assert_eq!(all, expected.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty())));
    assert_eq!(file.get("A").unwrap().unwrap().origin.to_string(), "A (.env, line 12)");
    assert_eq!(file.get("C").unwrap().unwrap().origin.to_string(), "C (.env, line 3)");
    assert_eq!(file.names("").count(), 9);
    assert_eq!(format!("{file:?}"), "EnvFile { path: \".env\", .. }");
}

#[test]
fn references_to_what_is_set() {
    let file = read_with(
        "A=1\nEMPTY=\nBARE\nB=${A}2\nC=$A-$B\nD=\"${A}$A\"\nE='${A}$A'\nF=${HOME_}/x\nG=$HOME_\nH=$A1\nI=$EMPTY!\nJ=${EMPTY}!\nA=later\nK=${A}",
        &[("HOME_", "/home/a"), ("UNSET_", "")],
    );
    for (name, expected) in [
        ("B", "12"),
        ("C", "1-12"),
        ("D", "11"),
        ("E", "${A}$A"),
        ("F", "/home/a/x"),
        ("G", "/home/a"),
        ("H", "$A1"),
        ("I", "$EMPTY!"),
        ("J", "!"),
        ("K", "later"),
    ] {
        assert_eq!(value(&file, name).as_deref(), Some(expected), "{name}");
    }
    // As in python-dotenv, if the environment is not overridden.
    let file = read_with("A=file\nB=${A}\n", &[("A", "environment")]);
    assert_eq!(value(&file, "B").as_deref(), Some("environment"));
    let file = read_with("A=file\nB=${A}\n", &[("A", "")]);
    assert_eq!(value(&file, "B").as_deref(), Some("file"));
}

#[test]
fn defaults() {
    let set = "SET=1\nEMPTY=\nBARE\n";
    for (written, expected) in [
        ("${X:-abc}", "abc"),
        ("${X:-}", ""),
        ("${X-abc}", "abc"),
        ("${SET:-abc}", "1"),
        ("${SET-abc}", "1"),
        ("${EMPTY:-abc}", "abc"),
        ("${EMPTY-abc}", ""),
        ("${BARE:-abc}", "abc"),
        ("${BARE-abc}", "abc"),
        ("${SET:?why}", "1"),
        ("${SET?why}", "1"),
        ("${SET:+yes}", "yes"),
        ("${SET+yes}", "yes"),
        ("${X:+yes}", ""),
        ("${EMPTY:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("${X:-${SET}}", "1"),
        ("${X:-${Y:-a}b}c", "abc"),
        ("${X:-a b}", "a b"),
        ("\"${X:-a\\\"\\}b}\"", "a\"\\b}"),
        ("\"${X:-\\${SET}}\"", "${SET}"),
    ] {
        let file = read(format!("{set}A={written}\n"));
        assert_eq!(value(&file, "A").unwrap_or_default(), expected, "{written}");
    }
}

#[test]
fn what_is_not_set_is_refused() {
    let above = "\n# comment\nBARE\n";
    for (written, expected) in [
        ("postgres://${DB_USER}@db/app", "A (.env, line 4): `${DB_USER}` is not set."),
        ("a${hunter2}b", "A (.env, line 4): the `${…}` at column 4 refers to no variable that is set."),
        ("é${}", "A (.env, line 4): the `${…}` at column 4 refers to no variable that is set."),
        ("${a b}", "A (.env, line 4): the `${…}` at column 3 refers to no variable that is set."),
        ("\"1\n${BARE_}\"", "A (.env, line 5): `${BARE_}` is not set."),
        ("${BARE_:?hunter2}", "A (.env, line 4): `${BARE_}` is not set."),
        ("${BARE_?hunter2}", "A (.env, line 4): `${BARE_}` is not set."),
        ("${X:-${Y_:-${Z_}}}", "A (.env, line 4): `${Z_}` is not set."),
        ("${low}\nlow=1", "A (.env, line 4): `${low}` is set only below, on line 5."),
    ] {
        let file = read(format!("{above}A={written}\nZ=1\n"));
        assert_eq!(error(&file, "A"), expected, "{written}");
        assert_eq!(value(&file, "Z").as_deref(), Some("1"));
        assert!(file.get("A").err().unwrap().hint_text().unwrap().contains("single quotes"));
    }
    // The location is that of the cause.
    assert_eq!(error(&read("A=${NOT_SET}\nB=$A\nC=${B}"), "C"), "C (.env, line 1): `${NOT_SET}` is not set.");
}

#[test]
fn what_is_no_statement_is_an_error_for_its_variable_alone() {
    let no_equal = "the line is not NAME=value.";
    for (written, expected) in [
        ("A postgres://x", no_equal.to_owned()),
        ("A: postgres://x", no_equal.to_owned()),
        ("A:postgres://x", no_equal.to_owned()),
        ("A:postgres://x?y=1", no_equal.to_owned()),
        ("$env:A = \"x\"", no_equal.to_owned()),
        ("set A=x", no_equal.to_owned()),
        ("declare -x A=\"x\"", no_equal.to_owned()),
        ("export A x", no_equal.to_owned()),
        ("A='x", "the quote that opens the value is not closed.".to_owned()),
        ("A=\"x\\\"", "the quote that opens the value is not closed.".to_owned()),
        ("A='x'y", "text follows the closing quote.".to_owned()),
        ("A='it''s'", "text follows the closing quote.".to_owned()),
        ("X='x' A=1", "text follows the closing quote.".to_owned()),
        ("A=\"x\" \"y\"", "text follows the closing quote.".to_owned()),
    ] {
        let file = read(format!("B=1\n\n{written}\nZ=1\n"));
        assert_eq!(error(&file, "A"), format!("A (.env, line 3): {expected}"), "{written}");
        assert_eq!((value(&file, "B"), value(&file, "Z")), (Some("1".into()), Some("1".into())), "{written}");
        assert_eq!(value(&file, "OTHER"), None);
        // A later statement counts, an earlier one does not.
        let file = read(format!("A=0\n{written}\nA=2\n"));
        assert_eq!(value(&file, "A").as_deref(), Some("2"), "{written}");
        assert!(read(format!("A=0\n{written}\n")).get("A").is_err(), "{written}");
    }
    // A missing quote also swallows the following lines.
    let file = read("X=\"open\nA=1\nexport B=2\nin words C=3\nY=\"z\"\nW=1\n");
    for name in ["X", "A", "B", "Y"] {
        let expected = "the quote that opens the value is closed on line 5, and text follows there.";
        assert_eq!(error(&file, name), format!("{name} (.env, line 1): {expected}"));
    }
    assert_eq!((value(&file, "C"), value(&file, "W").as_deref()), (None, Some("1")));
}

#[test]
fn bytes_that_are_not_utf8() {
    let file = read(b"A=caf\xe9\n# \xe9\nB=1 # \xe9\nC=2\r\nD='\n\xe9'\n");
    assert_eq!(error(&file, "A"), "A (.env, line 1): the value is not valid UTF-8.");
    assert_eq!(error(&file, "D"), "D (.env, line 5): the value is not valid UTF-8.");
    assert_eq!((value(&file, "B").as_deref(), value(&file, "C").as_deref()), (Some("1"), Some("2")));
    let refused = |bytes: &[u8]| Text::new(bytes).err().map(|problem| problem.into_error(".env").to_string());
    assert_eq!(
        refused(b"A=1\nB=\0\n").as_deref(),
        Some(".env: line 2 holds a NUL byte, which no variable can have.")
    );
    let utf16: Vec<u8> = "\u{feff}A=1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&utf16).as_deref(), Some(".env: the file is UTF-16, as PowerShell's `>` writes it."));
}

#[test]
fn references_do_not_grow_without_end() {
    let mut text = "A0=0123456789\n".to_owned();
    for i in 0..40 {
        text.push_str(&format!("A{}=${{A{i}}}${{A{i}}}\n", i + 1));
    }
    assert!(error(&read(&text), "A40").contains("longer than 1 MiB"));
    let nested = format!("A={}x{}\n", "${X:-".repeat(100), "}".repeat(100));
    assert!(error(&read(nested), "A").contains("nested too deeply"));
}

/// For any bytes: nothing panics, and no value without a reference is lost.
#[test]
fn any_text_is_read() {
    const PIECES: [&str; 32] = [
        "A", "B", "AB_", "=", "=", "'", "\"", "\\", "#", " ", "\t", "\n", "\n", "\r", "\r\n", "$", "${", "}",
        ":-", "-", ":?", "+", "export ", "é", "\u{feff}", "\u{a0}", "\u{1c}", "${A}", "$B", "x", "'\n",
        "\u{85}",
    ];
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for _ in 0..40_000 {
        let mut text: Vec<u8> = Vec::new();
        for _ in 0..below(24) {
            match below(40) {
                0 => text.push(u8::try_from(below(255) + 1).expect("a byte")),
                _ => text.extend(PIECES[below(PIECES.len())].bytes()),
            }
        }
        if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
            continue;
        }
        let lines = Text::new(&text).map(|text| text.line(usize::MAX)).unwrap_or_default();
        let file = read_with(&text, &[("B", "b")]);
        for (name, variable) in &file.variables {
            let line = match &variable.value {
                Err(problem) => problem.line,
                Ok(_) => variable.line,
            };
            assert!((1..=lines).contains(&line), "{name:?} in {text:?}");
            let _ = file.get(name);
        }
    }
}
