//! `cargo manage …` runs the project's own program.

use std::time::Duration;

use manage_test_support::{Signal, builds, case};

use crate::folder::Folder;

/// A program that prints what it gets.
const PROGRAM: &str = r#"fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let here = std::env::current_dir().unwrap();
    let here = here.file_name().unwrap().to_string_lossy();
    println!("{} {words:?} in {here}, loud: {}", env!("CARGO_PKG_NAME"), cfg!(feature = "loud"));
    if words.first().is_some_and(|word| word == "exit") {
        std::process::exit(words[1].parse().unwrap());
    }
    if words.first().is_some_and(|word| word == "wait") {
        println!("I am {}.", std::process::id());
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
}
"#;

fn package(name: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\nloud = []\n"
    )
}

/// A workspace of these packages with a program, and one without.
fn workspace(packages: &[&str]) -> Folder {
    let folder = Folder::new();
    folder.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    for name in packages {
        folder.write(&format!("crates/{name}/Cargo.toml"), &package(name));
        folder.write(&format!("crates/{name}/src/lib.rs"), "");
        folder.write(&format!("crates/{name}/src/bin/manage.rs"), PROGRAM);
    }
    folder.write("crates/other/Cargo.toml", &package("other"));
    folder.write("crates/other/src/lib.rs", "");
    folder
}

#[case(builds)]
fn it_runs_from_every_directory_of_the_workspace() {
    let folder = workspace(&["shop"]);
    // What the first build prints is another test's.
    folder.run("crates", &[]).expect_success();
    for (directory, name) in [("crates/shop/src", "src"), ("crates/other", "other"), ("crates", "crates")] {
        let ran = folder.run(directory, &["migrate", "--plan", "-p", "x", "--", "y z"]).expect_success();
        let expected = format!(
            "shop [\"migrate\", \"--plan\", \"-p\", \"x\", \"--\", \"y z\"] in {name}, loud: false\n"
        );
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (expected.as_str(), ""));
    }
    // Without a command the program says what it can do.
    assert!(folder.run("crates", &[]).expect_success().stdout.starts_with("shop [] in crates"));
    // Words that are commands of this program, too.
    for words in [&["--", "new", "--x"][..], &["--", "init", "--x"]] {
        let ran = folder.run("crates", words).expect_success();
        assert!(ran.stdout.starts_with(&format!("shop [\"{}\", \"--x\"]", words[1])), "{ran}");
    }
    assert!(folder.run("crates", &["help"]).expect_success().stdout.starts_with("shop [\"help\"]"));
}

#[case(builds)]
fn the_first_build_is_shown() {
    let folder = workspace(&["shop"]);
    let target = folder.path("target");
    let run = || {
        let program = folder.program("crates", &["x"]).env("CARGO_TARGET_DIR", &target);
        program.run(manage_test_support::BUILD).expect_success()
    };
    let first = run();
    assert!(first.stderr.contains("Compiling shop"), "{first}");
    assert_eq!(run().stderr, "");
}

#[case(builds)]
fn the_options_before_the_command_are_cargos() {
    let folder = workspace(&["shop"]);
    for words in [
        &["-p", "shop", "--features", "loud", "check", "--features", "x"][..],
        &["--package=shop", "-Floud", "check", "--features", "x"],
        &["--features=loud", "--offline", "-v", "check", "--features", "x"],
    ] {
        let ran = folder.run("crates", words).expect_success();
        assert_eq!(
            ran.stdout, "shop [\"check\", \"--features\", \"x\"] in crates, loud: true\n",
            "{words:?}"
        );
        // `cargo run` prints what it does only with its option.
        assert_eq!(ran.stderr.contains("Running"), words.contains(&"-v"), "{ran}");
    }
    let manifest = folder.path("crates/shop/Cargo.toml");
    let elsewhere = Folder::new();
    let ran =
        elsewhere.run("", &["--manifest-path", manifest.to_str().expect("UTF-8"), "check"]).expect_success();
    assert!(ran.stdout.starts_with("shop [\"check\"]"), "{ran}");
    let wrong = folder.run("crates", &["--databse", "x", "migrate"]).expect_code(2);
    assert!(wrong.stderr.contains("unexpected argument '--databse'"), "{wrong}");
}

#[case(builds)]
fn exit_codes_and_signals_pass() {
    let folder = workspace(&["shop"]);
    folder.run("crates", &["exit", "78"]).expect_code(78);
    let mut running = folder.program("crates", &["wait"]).spawn();
    let line = running.wait_for_line("I am ", Duration::from_secs(120));
    assert_eq!(line.trim(), format!("I am {}.", running.pid()), "it has become the program");
    running.signal(Signal::TERM);
    let transcript = running.wait(Duration::from_secs(60));
    assert!(!transcript.success(), "{transcript}");
}

#[case(builds)]
fn of_several_programs_that_of_the_package_runs() {
    let folder = workspace(&["blog", "shop"]);
    for (directory, name) in [("crates/blog/src/bin", "blog"), ("crates/shop", "shop")] {
        assert!(
            folder.run(directory, &["x"]).expect_success().stdout.starts_with(&format!("{name} [\"x\"]"))
        );
    }
    assert!(folder.run("", &["-p", "blog", "x"]).expect_success().stdout.starts_with("blog [\"x\"]"));
    for directory in ["", "crates/other/src"] {
        let ran = folder.run(directory, &["x"]).expect_code(2);
        assert_eq!(
            ran.stderr,
            "Error: Several packages have a program `manage`: blog, shop.\nHint: Name one: cargo manage -p blog …\n"
        );
    }
}

#[case]
fn without_a_program_it_says_what_to_do() {
    let folder = workspace(&[]);
    let ran = folder.run("crates/other", &["migrate"]).expect_code(1);
    assert!(ran.stderr.starts_with("Error: No package of "), "{ran}");
    assert!(
        ran.stderr.contains("Hint: `cargo manage init` adds it")
            && ran.stderr.contains("cargo manage new NAME"),
        "{ran}"
    );
    let ran = Folder::new().run("", &["migrate"]).expect_code(1);
    assert!(ran.stderr.starts_with("Error: There is no project here: no Cargo.toml in /"), "{ran}");
    assert!(ran.stderr.contains("`cargo manage new NAME` starts a project."), "{ran}");
    // What cargo does not understand is reported in its own words.
    folder.write("Cargo.toml", "[workspace\n");
    let ran = folder.run("crates", &["migrate"]).expect_code(1);
    assert!(ran.stderr.starts_with("Error: cargo cannot read the project: "), "{ran}");
}

#[case]
fn its_own_help_and_version() {
    let folder = Folder::new();
    let version = folder.run("", &["--version"]).expect_success().stdout;
    assert_eq!(version, concat!("cargo manage ", env!("CARGO_PKG_VERSION"), "\n"));
    for word in ["--help", "-h"] {
        let help = folder.run("", &[word]).expect_success().stdout;
        for part in ["  new ", "  init ", "project", "--release", "cargo manage [CARGO_OPTIONS] COMMAND"] {
            assert!(help.contains(part), "no {part}: {help}");
        }
    }
    let help = folder.run("", &["new", "--help"]).expect_success().stdout;
    assert!(help.contains("--database <KIND>") && help.contains("--minimal"), "{help}");
    let ran = folder.run("", &["--release", "new", "shop"]).expect_code(2);
    assert!(ran.stderr.contains("takes its options after the word"), "{ran}");
    assert!(!folder.path("shop").exists());
}
