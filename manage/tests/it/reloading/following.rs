//! A page in Chromium while the sources change: it follows the program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use manage_test_support::{Link, Need, Proxy, builds_with, case, python, wait_until};
use serde_json::{Value, json};

use super::load::get;
use super::site::Site;
use super::{BUILD, SOON};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/browser/drive.py");

/// What is over the page while a build fails.
const OVERLAY: &str = "document.querySelector('[role=alert]')?.shadowRoot.querySelector('pre').textContent";

struct Browser {
    process: Child,
    /// Its end ends the browser.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Browser {
    fn start() -> Self {
        let mut process = Command::new(python())
            .arg(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { process, input, output }
    }

    fn say(&mut self, line: &str) -> Value {
        writeln!(self.input.as_ref().expect("a pipe"), "{line}").expect("it reads");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("JSON")
    }

    fn value(&mut self, script: &str) -> Value {
        self.say(&format!("={script}"))
    }

    /// Marks the page that is loaded now. A page that is loaded again has no mark.
    fn mark(&mut self) {
        self.value("window.mark = 1");
    }

    fn is_marked(&mut self) -> bool {
        self.value("window.mark === 1") == json!(true)
    }

    #[track_caller]
    fn waits_for(&mut self, limit: Duration, script: &str, expected: &Value) {
        let mut last = Value::Null;
        wait_until(limit, script, || {
            last = self.value(script);
            last == *expected
        });
    }

    /// Waits until a text over the page, or on it, contains another one.
    #[track_caller]
    fn shows(&mut self, script: &str, part: &str) {
        wait_until(BUILD, part, || self.value(script).as_str().is_some_and(|text| text.contains(part)));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

#[case(builds_with(Need::Chromium))]
fn a_page_follows_the_program() {
    let site = Site::new();
    let server = site.serve(&[]);
    let port = server.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let proxy = Proxy::to(port, Link::Good);
    let mut browser = Browser::start();
    browser.say(&format!("http://127.0.0.1:{}/page", proxy.port()));
    browser.waits_for(SOON, "document.title", &json!("0"));
    browser.mark();

    // A lost connection is none of its business: it connects again, to the same program.
    wait_until(SOON, "the events", || proxy.open() > 0);
    let before = proxy.accepted();
    proxy.cut();
    wait_until(SOON, "another connection", || proxy.accepted() > before && proxy.open() > 0);
    assert!(browser.is_marked(), "it was loaded again");

    site.edit("1", "this is no Rust;");
    browser.shows(OVERLAY, "error: expected");
    let heading = OVERLAY.replace("'pre'", "'h1'");
    assert_eq!(browser.value(&heading), "The change is not running");
    assert!(browser.is_marked(), "the page below is still the old one");
    // The edit that fixes it makes the same program: the message goes away, and the page stays.
    site.edit("0", "");
    browser.waits_for(BUILD, &format!("{OVERLAY} ?? null"), &Value::Null);
    assert!(browser.is_marked() && browser.value("document.title") == "0");

    site.edit("2", "");
    browser.waits_for(BUILD, "document.title", &json!("2"));
    assert!(!browser.is_marked());

    // A program that ends is followed by the page that stands in for it, and that one by the next program.
    browser.mark();
    let _ = get(&server.address, "/exit");
    let reason = "document.getElementById('manage-reason')?.textContent";
    browser.shows(reason, "exit status: 7");
    browser.mark();
    site.edit("3", "neither is this;");
    browser.shows(reason, "error: expected");
    assert!(browser.is_marked(), "the message is replaced in the page");
    site.edit("4", "");
    browser.waits_for(BUILD, "document.title", &json!("4"));
    server.stop();
}

/// The build script names the directory for programs that contain it. In development cargo has nothing to do.
#[case(builds_with(Need::Chromium))]
fn an_edit_of_a_static_file_reloads_the_page_alone() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let mut browser = Browser::start();
    browser.say(&format!("http://{}/page", server.address));
    browser.waits_for(SOON, "document.title", &json!("0"));
    let runs = site.build_script_runs();
    for file in ["static/site.css", "static/new/one.css"] {
        browser.mark();
        let mut round = 0;
        wait_until(SOON, "the page to be loaded again", || {
            round += 1;
            // The first may come before the program has said which directories it reads.
            site.write(file, &format!("p {{ margin: {round}px }}"));
            let end = std::time::Instant::now() + Duration::from_secs(1);
            while browser.is_marked() && std::time::Instant::now() < end {}
            !browser.is_marked()
        });
        server.running.wait_for_line(&format!("{file} changed: reloading the pages."), SOON);
        let served = get(&server.address, &file.replacen("static", "/static/site", 1)).expect("an answer");
        assert!(served.contains(&format!("margin: {round}px")), "{served}");
    }
    assert!(!server.running.stdout().contains("building"), "{}", server.running.stdout());
    assert_eq!(site.build_script_runs(), runs);
    site.write("static/site.css", "p { margin: 0 }");
    site.edit("1", "");
    browser.waits_for(BUILD, "document.title", &json!("1"));
    server.stop();
}
