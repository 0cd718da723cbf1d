//! `startdeploy`, in a cargo workspace of its own. What it writes is checked by the tools that read it.

mod docker;
mod document;
mod github_actions;
mod kubernetes;
mod refusals;
mod systemd;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use manage::__private::Build;
use manage::Program;
use manage_test_support::python;
use serde_json::Value;

use crate::project::{Project, Ran};

/// The features of the program, as cargo would have passed them.
const FEATURES: &[&str] = &["default", "mysql"];

/// What no file may contain.
const SECRET: &str = "hunter2";

/// A workspace with the package `shop`, whose program is `manage`, and a library that it depends on.
struct Workspace(Project);

impl Workspace {
    fn new() -> Self {
        let bare = Self::bare();
        Self(bare.0.env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example,.example.org"))
            .url("postgres://shop:hunter2@db.invalid/shop")
    }

    /// The same without settings.
    fn bare() -> Self {
        Self::below("")
    }

    /// The same in a directory of the project.
    fn below(directory: &str) -> Self {
        let project = Project::of(|folder| {
            let directory = folder.join(directory).join("shop").display().to_string();
            let build = Build {
                manifest_dir: Box::leak(directory.into_boxed_str()),
                bin: Some("manage"),
                options: (FEATURES, None),
            };
            // No apps: theirs have migrations elsewhere.
            Program::new(&[]).built(build)
        });
        let members = "[workspace]\nresolver = \"3\"\nmembers = [\"shop\", \"money\"]\n\
                       [workspace.package]\nedition = \"2024\"\nrust-version = \"1.85\"\n";
        let shop = "[package]\nname = \"shop\"\nversion = \"1.4.0\"\nedition.workspace = true\nrust-version.workspace = true\n\
                    [features]\nmysql = []\n[dependencies]\nmoney = { path = \"../money\" }\n[[bin]]\nname = \"manage\"\n";
        let money = "[package]\nname = \"money\"\nversion = \"0.1.0\"\nedition.workspace = true\n";
        let program = "fn main() {\n    println!(\"{} {:?}\", shop::price(), std::env::args().skip(1).collect::<Vec<_>>());\n}\n";
        let lock = "version = 4\n\n[[package]]\nname = \"money\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"shop\"\nversion = \"1.4.0\"\ndependencies = [\n \"money\",\n]\n";
        let files = [
            ("Cargo.toml", members),
            ("Cargo.lock", lock),
            ("shop/Cargo.toml", shop),
            ("shop/src/lib.rs", "pub fn price() -> u32 {\n    money::cents(5)\n}\n"),
            ("shop/src/bin/manage.rs", program),
            ("shop/tests/prices.rs", "#[test]\nfn it_is_dear() {}\n"),
            ("money/Cargo.toml", money),
            ("money/src/lib.rs", "pub fn cents(whole: u32) -> u32 {\n    whole * 100\n}\n"),
        ];
        let file = |project: Project, (name, text): (&str, &str)| {
            let path = Path::new(directory).join(name);
            project.file(path.to_str().expect("UTF-8"), text)
        };
        Self(files.into_iter().fold(project, file))
    }

    fn url(self, url: &str) -> Self {
        Self(self.0.env("DATABASE_URL", url))
    }

    fn settings(self, text: &str) -> Self {
        Self(self.0.file("manage.toml", text))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.folder().join(name)
    }

    #[track_caller]
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.0.run_words(&[&["startdeploy"], words].concat())
    }

    /// Writes a deployment, of which nothing contains the password.
    #[track_caller]
    fn write(&self, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.exit.0, 0, "{}", ran.all());
        let printed = self.run(&[words, &["--dry-run"]].concat());
        assert!(printed.exit.0 == 0 && !printed.out.is_empty(), "{}", printed.all());
        assert!(!(ran.all() + &printed.all()).contains(SECRET), "{}", printed.all());
        ran
    }

    /// Returns the documents of a file in YAML.
    #[track_caller]
    fn yaml(&self, name: &str) -> Vec<Value> {
        let program =
            "import json, sys, yaml\nprint(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
        let output =
            Command::new(python()).args(["-c", program]).arg(self.path(name)).output().expect("Python");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}\n{}", self.read(name));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// Returns the texts of a list.
#[track_caller]
fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

/// Returns the paths and contents of all files below a directory.
fn texts_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut texts = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => texts.extend(texts_below(&path)),
            false => drop(texts.insert(path.clone(), std::fs::read(&path).expect("a file"))),
        }
    }
    texts
}
