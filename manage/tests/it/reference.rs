//! The commands as JSON, Markdown and man pages.

use std::path::Path;

use manage::Exit;
use manage_test_support::{CaseName, Need, Program, Suite, case, only_if};
use serde_json::Value;

use crate::project::Project;

fn json(line: &str) -> Value {
    let ran = Project::new().run(line);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.all());
    serde_json::from_str(&ran.out).expect("JSON")
}

fn named<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let found = list.as_array().expect("a list").iter().find(|entry| entry[key] == name);
    found.unwrap_or_else(|| panic!("{name} is in {list:#}"))
}

#[case]
fn json_says_all_there_is() {
    let all = json("help --format json");
    assert_eq!(
        (&all["schema"], &all["program"], &all["apps"][0]),
        (&1.into(), &"manage".into(), &"it".into())
    );
    assert_eq!(named(&all["common_options"], "long", "verbosity")["short"], "v");
    let hidden = named(&all["commands"], "name", "secret_work");
    assert_eq!((&hidden["hidden"], &hidden["app"]), (&true.into(), &"it".into()));

    let greet = named(&all["commands"], "name", "greet");
    assert_eq!(greet["aliases"], serde_json::json!(["hi"]));
    assert_eq!(greet["long_about"], "Greet somebody\n\nAs often as it is asked to.");
    assert_eq!(greet["usage"], "manage greet [OPTIONS] <NAME>");
    assert_eq!(
        (&greet["arguments"][0]["name"], &greet["arguments"][0]["required"]),
        (&"NAME".into(), &true.into())
    );
    let times = named(&greet["options"], "long", "times");
    assert_eq!((&times["short"], &times["default"][0]), (&"n".into(), &"1".into()));
    assert!(greet["options"].as_array().expect("a list").iter().all(|option| option["long"] != "verbosity"));

    let cache = named(&all["commands"], "name", "cache");
    assert_eq!(cache["subcommand_required"], true);
    let clear = named(&cache["subcommands"], "name", "clear");
    let kind = named(&clear["options"], "long", "kind");
    assert_eq!(kind["possible_values"][0]["name"], "expired");
    assert_eq!(kind["possible_values"][0]["help"], "What is too old");
    assert_eq!(named(&cache["subcommands"], "name", "dump")["hidden"], true);

    let wait = named(&all["commands"], "name", "wait_for_db");
    let program = wait["arguments"].as_array().expect("a list").last().expect("CMD");
    assert_eq!((&program["last"], &program["max_values"]), (&true.into(), &Value::Null));
    assert_eq!(named(&wait["options"], "long", "database")["repeatable"], true);
    assert_eq!((&wait["app"], &wait["requires_checks"]), (&"manage".into(), &"none".into()));
    // The same order as in the listing: the apps' first, and by name.
    let apps: Vec<&Value> =
        all["commands"].as_array().expect("a list").iter().map(|entry| &entry["app"]).collect();
    assert!(apps.is_sorted_by_key(|app| *app == "manage"), "{apps:?}");

    let one = json("help cache clear --format json");
    assert_eq!(one["commands"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["commands"][0]["subcommands"].as_array().map(Vec::len), Some(1));
}

/// The example of docs/reference/help-json.md is what the program prints, and each key is in its tables.
#[case]
fn json_is_as_the_docs_have_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/help-json.md");
    let text = std::fs::read_to_string(path).expect("the docs");
    let (_, rest) = text.split_once("```json\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let ran = Project::new().run("help cache --format json");
    let mut printed: Value = serde_json::from_str(&ran.out.replace("\"it\"", "\"shop\"")).expect("JSON");
    // The example has the first of the common options, and says so.
    printed["common_options"].as_array_mut().expect("a list").truncate(1);
    let shown: Value = serde_json::from_str(example).expect("JSON");
    assert_eq!(shown, printed, "The program now prints:\n{}", ran.out);
    let mut keys = Vec::new();
    collect_keys(&shown, &mut keys);
    for key in keys {
        assert!(text.contains(&format!("| `{key}` |")), "`{key}` is described");
    }
}

fn collect_keys(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                keys.push(key.clone());
                collect_keys(value, keys);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

#[case]
fn markdown() {
    let project = Project::new();
    let all = project.run("help --format markdown").out;
    for text in [
        "# Commands of manage\n",
        "\n## it\n",
        "\n### manage greet\n\nGreet somebody\n\nAs often as it is asked to.\n\n```text\nmanage greet [OPTIONS] <NAME>\n```\n",
        "\nAliases: `hi`\n",
        "| `-n, --times TIMES` | How often | `1` |\n",
        "\n#### manage cache clear\n",
        "| `--kind KIND` | What to remove (`expired`, `everything`) | `expired` |\n",
        "| `--fail-fast-after SECONDS\\|never` |",
        "\n## Common options\n",
    ] {
        assert!(all.contains(text), "{text:?}\n{all}");
    }
    assert!(!all.contains("secret_work") && !all.contains("cache dump"), "{all}");
    assert_eq!(all.matches("\n## manage\n").count(), 1, "{all}");
    let one = project.run("help secret_work --format markdown").out;
    assert!(one.contains("### manage secret_work") && !one.contains("greet"), "{one}");
}

#[case]
fn files_are_written_by_one_command() {
    let project = Project::new();
    let folder = project.folder().join("a new/folder");
    let output = folder.to_str().expect("UTF-8");
    let ran = project.run_words(&["help", "--output", output]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit(0), ""), "{}", ran.all());
    let names = || {
        let files = std::fs::read_dir(&folder).expect("the folder");
        let mut names: Vec<String> =
            files.map(|file| file.expect("a file").file_name().display().to_string()).collect();
        names.sort();
        names
    };
    let written = names();
    let expected = ["manage.json", "manage.md"];
    let pages = ["manage-cache-clear.1", "manage-cache.1", "manage-greet.1", "manage.1"];
    for name in expected.iter().chain(if cfg!(feature = "man") { &pages[..] } else { &[] }) {
        assert!(written.iter().any(|file| file == name), "{name}: {written:?}");
        assert!(ran.out.contains(name), "{}", ran.out);
    }
    assert!(!written.iter().any(|name| name.contains("secret") || name.contains("dump")), "{written:?}");
    assert!(!written.iter().any(|name| name.starts_with('.')), "nothing is left over: {written:?}");
    // A second run replaces what is there.
    project.run_words(&["help", "--output", output, "--format", "markdown"]);
    assert_eq!(names(), written);
    assert_eq!(project.run_words(&["help", "--output", output, "--format", "text"]).exit, Exit(2));
    // A file is in the way: nothing is lost, and it is said.
    let taken = project.folder().join("taken");
    std::fs::write(&taken, "mine").expect("a file");
    let ran = project.run_words(&["help", "--output", taken.to_str().expect("UTF-8")]);
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(ran.err.contains("taken cannot be written"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(taken).expect("a file"), "mine");
}

/// man(1) itself reads the pages; it warns on stderr of what it does not understand.
/// `man` shows the pages that only this feature writes.
fn with_man(suite: &mut Suite, name: &CaseName, test: fn()) {
    if cfg!(feature = "man") {
        suite.needs(Need::Program("man"), name, test);
    }
}

#[case(with_man)]
fn man_can_show_each_page() {
    let project = Project::new();
    let output = project.folder().to_str().expect("UTF-8").to_owned();
    project.run_words(&["help", "--output", &output, "--format", "man"]);
    let mut pages = 0;
    for file in std::fs::read_dir(project.folder()).expect("the folder") {
        let path = file.expect("a file").path();
        let shown = Program::new("man")
            .args(["--warnings=all", "-P", "cat", "-l"])
            .arg(&path)
            .env("MANWIDTH", "80")
            .run(std::time::Duration::from_secs(60))
            .expect_success();
        let name = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
        assert!(shown.stdout.contains(&name) && shown.stdout.contains("SYNOPSIS"), "{shown}");
        assert_eq!(shown.stderr, "", "{name}: {shown}");
        pages += 1;
    }
    assert!(pages > 5, "{pages} pages");
}

#[case(only_if(cfg!(not(feature = "man"))))]
fn without_man_pages() {
    let ran = Project::new().run("help greet --format man");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(ran.err.contains("Hint: Enable the feature `man`"), "{}", ran.err);
}
