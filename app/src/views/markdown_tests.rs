use super::*;

#[test]
fn an_excerpt_is_plain_text() {
    assert_eq!(excerpt("# Title\n\nOne *two* `three`\n[four](x).\n\nFive"), "One two three four.");
    assert_eq!(excerpt("```\ncode\n```\n"), "");
    let long = excerpt(&"안녕하세요 ".repeat(100));
    assert!(long.ends_with("안녕하세요…") && long.chars().count() <= EXCERPT + 1, "{long}");
    assert_eq!(excerpt(&"가".repeat(500)).chars().count(), EXCERPT + 1);
    // Cut in the middle of a character.
    assert_eq!(excerpt(&format!("a{}", "가".repeat(100_000))).chars().count(), EXCERPT + 1);
}

#[test]
fn headings_stand_below_that_of_the_page() {
    assert_eq!(html("# One\n###### Six\n"), "<h2>One</h2>\n<h6>Six</h6>\n");
}

#[test]
fn korean_is_reported_from_english() {
    assert_eq!(language("장고 명령어", "Django command를 써보자"), Some("ko"));
    assert_eq!(language("Hello", "World 안"), None);
    assert_eq!(language("", ""), None);
}

#[test]
fn harmless_html_stays() {
    for (markdown, expected) in [
        (
            "Press <kbd>Ctrl</kbd> H<sub>2</sub>O<br/>x<BR />",
            "<p>Press <kbd>Ctrl</kbd> H<sub>2</sub>O<br>x<br></p>\n",
        ),
        ("a <!-- more --> b", "<p>a  b</p>\n"),
        ("<!-- one\n<script>\nthree -->\n\ntext", "\n<p>text</p>\n"),
        (
            "<details>\n<summary>More &amp; more</summary>\n\n*x*\n\n</details>",
            "<details>\n<summary>More &amp; more</summary>\n<p><em>x</em></p>\n</details>",
        ),
        // Nothing of it reaches the page around it.
        ("a <b>b\n\n</main></footer></i> c", "<p>a <b>b</p>\n&lt;/main>&lt;/footer> c</b>"),
        (
            "[a](/b \"c\") <https://x.example/> <me@x.example> [t](tel:+1)",
            "<p><a href=\"/b\" title=\"c\">a</a> <a href=\"https://x.example/\">https://x.example/</a> <a href=\"mailto:me@x.example\">me@x.example</a> <a href=\"tel:+1\">t</a></p>\n",
        ),
        (
            "![a](b.png) ![](https://x.example/c.png) ![](data:image/png;base64,AA==)",
            "<p><img src=\"b.png\" alt=\"a\" /> <img src=\"https://x.example/c.png\" alt=\"\" /> <img src=\"data:image/png;base64,AA==\" alt=\"\" /></p>\n",
        ),
        ("[a](b:8080/c) [a](./b:8080/c)", "<p><a href=\"#\">a</a> <a href=\"./b:8080/c\">a</a></p>\n"),
    ] {
        assert_eq!(html(markdown), expected, "{markdown}");
    }
}

/// Attacks that are known from other sanitisers. What is left of each is tags of the list and of Markdown,
/// and addresses that lead to pages.
#[test]
fn attacks_become_text() {
    for markdown in [
        "<script>alert(1)</script>",
        "text <script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<scr<script>ipt>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <img src=x onerror=alert(1)>",
        "<img src=x\nonerror=alert(1)>",
        "<b onmouseover=alert(1)>x</b>",
        "<b/onmouseover=alert(1)>x",
        "<kbd\tonclick=alert(1)>x</kbd>",
        "<details open ontoggle=alert(1)>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<svg onload=alert(1)>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=x onerror=alert(1)&gt;\">",
        "<iframe src=javascript:alert(1)></iframe>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<object data=javascript:alert(1)>",
        "<embed src=//evil.example>",
        "<form action=javascript:alert(1)><button>x</button></form>",
        "<style>@import '//evil.example';</style>",
        "<link rel=stylesheet href=//evil.example>",
        "<base href=//evil.example/>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<textarea></textarea><script>alert(1)</script>",
        "<title><script>alert(1)</script></title>",
        "<!--><script>alert(1)</script>-->",
        "<!-- --!><script>alert(1)</script> -->",
        "<!-- a --><script>alert(1)</script>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?php <script>alert(1)</script> ?>",
        "<!DOCTYPE x [<!ENTITY a '<script>'>]>",
        "</article></main><script>alert(1)</script>",
        "<br onload=alert(1)>",
        "<p style=position:fixed;inset:0>x</p>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x](java&Tab;script:alert(1))",
        "[x](java&NewLine;script:alert(1))",
        "[x](&#106;avascript&colon;alert(1))",
        "[x](&#x1;javascript:alert(1))",
        "[x](< javascript:alert(1)>)",
        "[x](javascript\\:alert(1))",
        "[x](vbscript:msgbox(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](file:///etc/passwd)",
        "[x](blob:x) [x](view-source:x) [x](intent://x)",
        "<javascript:alert(1)>",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "[y]\n\n[y]: <javascript:alert(1)> \"t\"",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "![x](data:text/html,x)",
        "![\"onerror=alert(1) x=\"](x)",
        "![<img src=x onerror=alert(1)>](x)",
        "![x](x \"\\\"onerror=alert(1)\")",
        "[x](x \"\\\"onmouseover=alert(1)\")",
        "[x](x\"onmouseover=alert(1))",
        "``` x\"onmouseover=alert(1)\n</code><script>alert(1)</script>\n```",
        "`<script>alert(1)</script>`",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "[^<script>]\n\n[^<script>]: <script>alert(1)</script>",
        "| <script>alert(1)</script> |\n|:-:|\n| <img src=x onerror=alert(1)> |",
        "- [x] <script>alert(1)</script>",
        "# <script>alert(1)</script>",
        "> <script>\n> alert(1)\n> </script>",
    ] {
        let html = html(markdown);
        for tag in tags(&html) {
            let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
            let attributes = tag[name.len()..].trim_end_matches('/').trim();
            let known = [
                "a",
                "img",
                "p",
                "ul",
                "li",
                "h2",
                "pre",
                "code",
                "blockquote",
                "table",
                "thead",
                "tbody",
                "tr",
                "th",
                "td",
                "sup",
                "div",
                "input",
                "b",
                "kbd",
                "br",
                "details",
            ];
            assert!(known.contains(&name.trim_matches('/')), "{markdown}\n{html}");
            for (attribute, value) in attributes_of(attributes) {
                let is_known = match attribute {
                    "href" | "src" => {
                        !value.contains("script:") && !value.starts_with("data:") && scheme_is_known(value)
                    }
                    "style" => value == "text-align: center",
                    other => ["alt", "title", "class", "id", "disabled", "type", "checked"].contains(&other),
                };
                assert!(is_known, "{markdown}\n{html}");
            }
        }
    }
}

/// Returns the insides of the tags of a text that has no `<` and no `>` in its attributes.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).map(|rest| rest.split_once('>').expect("an end of the tag").0)
}

/// Names and values, as `push_html` writes them.
fn attributes_of(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no attribute: {text}"));
        let (value, after) = after.split_once('"').expect("the end of a value");
        found.push((name.trim(), value));
        rest = after.trim();
    }
    found
}

fn scheme_is_known(address: &str) -> bool {
    address.split(['/', '?', '#']).next().is_none_or(|start| !start.contains(':'))
        || address.starts_with("http")
}

/// What is small stays small, and is not slow.
#[test]
fn deep_markdown_costs_no_more_than_its_length() {
    let count = 20_000;
    for (what, markdown) in [
        ("quotes", ">".repeat(count)),
        ("lists", "- ".repeat(count)),
        ("brackets", "[".repeat(count)),
        ("links", "[a](".repeat(count)),
        ("emphasis", "*a_ ".repeat(count)),
        ("strong", "**a".repeat(count)),
        ("code", "`".repeat(count) + &" `a".repeat(count)),
        ("tags", "<b>".repeat(count)),
        ("ends", "</b>".repeat(count)),
        ("less", "<".repeat(count)),
        ("comments", "<!--".repeat(count)),
        ("cells", format!("|{}\n|{}\n{}", "a|".repeat(500), "-|".repeat(500), "|\n".repeat(count))),
        ("footnotes", "[^1]".repeat(count) + "\n\n[^1]: a"),
        ("references", format!("[a]: /{}\n\n{}", "x".repeat(count), "[a]".repeat(count))),
        ("entities", "&amp;".repeat(count)),
        ("formatting", format!("<p>{}</p>{}", "<b title=a>".repeat(count), "<p>x</p>".repeat(count))),
    ] {
        let start = std::time::Instant::now();
        let html = html(&markdown);
        let _ = (excerpt(&markdown), language("", &markdown));
        assert!(html.len() < 64 << 20, "{what}: {} bytes", html.len());
        assert!(start.elapsed().as_secs() < 20, "{what}: {:?}", start.elapsed());
    }
}
