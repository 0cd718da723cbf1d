use super::*;

const GOOD: &str = "---\ntitle: 첫 글 쓰기\nslug: first-post\ndate: 2021-03-04 09:30:00 +0900\npublished: true\n\
                    header:\n  image: images\\a.jpg\n  caption: \"By **us**\"\ntags: [러스트, rust]\n---\n\n\
                    # 안녕하세요\n\n```yml\n---\na: 1\n---\n```\n";

fn parse(name: &str, text: &str) -> Post {
    Post::parse(Path::new(name), text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

fn faults(name: &str, text: &str) -> Vec<(Option<usize>, String)> {
    let faults = Post::parse(Path::new(name), text.as_bytes()).expect_err("a broken post");
    faults.into_iter().map(|fault| (fault.line, fault.reason)).collect()
}

fn time(post: &Post) -> Option<String> {
    match post.appearance {
        Appearance::At(time) => Some(time.to_string()),
        Appearance::Unknown | Appearance::Withheld => None,
    }
}

#[test]
fn the_front_matter_wins() {
    let post = parse("posts/2020-04-11-other.md", GOOD);
    assert_eq!((post.slug.as_str(), post.title.as_str()), ("first-post", "첫 글 쓰기"));
    assert_eq!(time(&post).as_deref(), Some("2021-03-04 00:30:00"));
    assert!(post.body.starts_with("# 안녕") && post.body.ends_with("```"), "{}", post.body);
}

#[test]
fn the_file_s_name_gives_what_is_missing() {
    let post = parse("posts/2020-4-1-django-commands.markdown", "---\n---\n");
    assert_eq!((post.slug.as_str(), post.title.as_str()), ("django-commands", "Django Commands"));
    assert_eq!(time(&post).as_deref(), Some("2020-04-01 00:00:00"));
    assert_eq!(post.body, "");
    let post = parse("about-us.md", "---\nlayout: page\n---\nText");
    assert_eq!((post.slug.as_str(), post.title.as_str(), time(&post)), ("about-us", "About Us", None));
    assert_eq!(parse("2020-04-11-a.b.md", "---\n---\n").slug, "a.b");
    assert_eq!(parse("2020-04-11.md", "---\n---\n").slug, "2020-04-11");
    assert_eq!(parse("장고 명령어.md", "---\n---\n").title, "장고 명령어");
}

#[test]
fn a_draft_has_no_date() {
    let appearance = |name, text| parse(name, text).appearance;
    assert_eq!(appearance("2020-04-11-a.md", "---\npublished: false\n---\n"), Appearance::Withheld);
    assert_eq!(appearance("a.md", "---\ndate: 2020-04-11\npublished: no\n---\n"), Appearance::Withheld);
    assert_eq!(appearance("a.md", "---\npublished: false\n---\n"), Appearance::Withheld);
    assert_eq!(appearance("a.md", "---\npublished: true\n---\n"), Appearance::Unknown);
    assert!(time(&parse("2020-04-11-a.md", "---\npublished:\ndate: ~\n---\n")).is_some());
    // Whatever its date, and whatever else it says.
    for name in ["_drafts/a.md", "_drafts/2020-04-11-a.md", "docs/_drafts/deep/a.md"] {
        for text in ["", "date: 2020-04-11\n", "date: 2020-04-11\npublished: true\ndraft: false\n"] {
            let appearance = parse(name, &format!("---\n{text}---\n")).appearance;
            assert_eq!(appearance, Appearance::Withheld, "{name} {text}");
        }
    }
    assert_eq!(appearance("2020-04-11-a.md", "---\ndraft: true\n---\n"), Appearance::Withheld);
    assert_eq!(
        appearance("2020-04-11-a.md", "---\ndraft: yes\npublished: true\n---\n"),
        Appearance::Withheld
    );
    assert!(time(&parse("2020-04-11-a.md", "---\ndraft: false\n---\n")).is_some());
    assert!(time(&parse("2020-04-11-a.md", "---\ndraft:\n---\n")).is_some());
}

#[test]
fn titles_are_one_line() {
    assert_eq!(parse("a.md", "---\ntitle: |\n  one\n  two\n---\n").title, "one two");
    assert_eq!(parse("a.md", "---\ntitle: 2020\n---\n").title, "2020");
    assert_eq!(parse("a.md", "---\ntitle: ''\n---\n").title, "A");
}

#[test]
fn everything_wrong_has_its_line() {
    for (name, text, line, reason) in [
        ("a.md", "Text\n", Some(1), "no front matter"),
        ("a.md", "---\ntitle: x\n", Some(1), "never closed"),
        ("a.md", "---\ntitle: x\ntags: [a\n---\n", Some(3), "no YAML"),
        ("a.md", "---\n\n# c\ntitle: [a, b]\n---\n", Some(4), "`title` must be a text"),
        ("a.md", "---\nslug:\n  - a\n---\n", Some(3), "`slug` must be a text"),
        ("a.md", "---\ndate: {y: 2020}\n---\n", Some(2), "`date` must be a text"),
        ("a.md", "---\ndate: yesterday\n---\n", Some(2), "“yesterday”"),
        ("a.md", "---\ndate: 2021-02-29\n---\n", Some(2), "“2021-02-29”"),
        ("a.md", "---\npublished: maybe\n---\n", Some(2), "true or false"),
        ("a.md", "---\ndraft: 'true'\n---\n", Some(2), "`draft` must be true or false"),
        ("a.md", "---\ndraft: true\ndraft: false\n---\n", Some(3), "`draft` is there twice"),
        ("a.md", "---\nslug: '???'\n---\n", Some(2), "nothing of `slug`"),
        ("a.md", "---\ntitle: x\ntitle: y\n---\n", Some(3), "`title` is there twice"),
        ("a.md", "---\ntitle: \"a\\u0007b\"\n---\n", Some(2), "control character"),
        ("2020-13-45-a.md", "---\n---\n", None, "2020-13-45"),
        ("2020-04-11-.md", "---\n---\n", None, "neither a slug nor a title"),
        ("!-?.md", "---\nslug: '?'\n---\n", Some(2), "nothing of `slug`"),
        ("???.md", "---\ntitle: x\n---\n", None, "add a `slug:`"),
    ] {
        let found = faults(name, text);
        assert_eq!(found.len(), 1, "{found:?}\n{text}");
        assert_eq!(found[0].0, line, "{found:?}\n{text}");
        assert!(found[0].1.contains(reason), "{found:?}\n{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_gives_no_slug() {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"2020-04-11-caf\xe9.md"));
    let faults = Post::parse(path, b"---\ntitle: x\n---\n").expect_err("no slug");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].reason.contains("not UTF-8: rename it, or add a `slug:`"), "{faults:?}");
    let post = Post::parse(path, b"---\nslug: cafe\n---\n").expect("a slug");
    assert_eq!((post.slug.as_str(), post.title.as_str()), ("cafe", "Cafe"));
    assert_eq!(time(&post).as_deref(), Some("2020-04-11 00:00:00"));
}

#[test]
fn what_the_columns_cannot_hold_is_refused() {
    let long = "가".repeat(MAX_LENGTH + 1);
    let found = faults("a.md", &format!("---\nlayout: x\nslug: {long}\n---\n"));
    assert_eq!(found[0].0, Some(3));
    assert!(found[0].1.contains("201 characters"), "{found:?}");
    assert_eq!(faults("a.md", &format!("---\ntitle: {long}\n---\n"))[0].0, Some(2));
    let found = faults(&format!("2020-04-11-{long}.md"), "---\ntitle: x\n---\n");
    assert_eq!((found.len(), found[0].0), (1, None));
    let fits = "가".repeat(MAX_LENGTH);
    assert_eq!(parse("a.md", &format!("---\nslug: {fits}\n---\n")).slug, fits);
}

#[test]
fn all_faults_are_reported_at_once() {
    let found = faults("a.md", "---\ntitle: []\ndate: x\npublished: y\nslug: {}\n---\n");
    let mut lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    lines.sort_unstable();
    // A date that is none hides whether it counts.
    assert_eq!(lines, [Some(2), Some(3), Some(5)], "{found:?}");
}

/// Numbers that are the same on every run (Marsaglia's xorshift).
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 16) as usize
}

#[test]
fn no_mutation_panics() {
    const PIECES: [&[u8]; 16] = [
        b"\n", b"---", b"...", b"\xff", b"\0", b": ", b"- ", b"[", b"{", b"\"", b"&a ", b"*a", b"\t", b"|\n",
        b"!!", b"%",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..1_000 {
        let mut bytes = GOOD.as_bytes().to_vec();
        for _ in 0..=random(&mut state) % 4 {
            let at = random(&mut state) % bytes.len();
            let piece = PIECES[random(&mut state) % PIECES.len()];
            match random(&mut state) % 4 {
                0 => bytes[at] = random(&mut state) as u8,
                1 => drop(bytes.splice(at..at, piece.iter().copied())),
                2 => drop(bytes.drain(at..(at + random(&mut state) % 20).min(bytes.len()))),
                _ => bytes.truncate(at.max(1)),
            }
            if bytes.is_empty() {
                bytes.push(b'-');
            }
        }
        let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
        match Post::parse(Path::new("2020-04-11-a.md"), &bytes) {
            Ok(post) => assert!(!post.slug.is_empty() && !post.title.is_empty(), "{bytes:?}"),
            Err(faults) => {
                assert!(!faults.is_empty());
                assert!(
                    faults.iter().all(|fault| fault.line.is_none_or(|line| (1..=lines).contains(&line))),
                    "{faults:?}"
                );
            }
        }
    }
}
