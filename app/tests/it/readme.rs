//! The README and the guides for a first project, done by somebody who has only those: their blocks are written
//! into a project, built and run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use manage_test_support::{
    BUILD, Block, Need, Program, blocks, builds, builds_with, cargo, case, lock, workspace,
};

use crate::documents::{dependency, write};

const RUN: Duration = Duration::from_secs(60);

/// The guides whose files make a project, in their order: a second block of a file adds to it.
const GUIDES: [&str; 8] =
    ["adopting", "commands", "calling", "testing", "graceful-shutdown", "prompts", "hooks", "routes"];

fn guides() -> Vec<Block> {
    GUIDES.iter().flat_map(|name| blocks(&format!("docs/guide/{name}.md"))).collect()
}

/// What the README says that a command prints.
fn session() -> (String, String) {
    let block = blocks("README.md")
        .into_iter()
        .find(|block| block.text.starts_with("$ cargo run --bin manage "))
        .expect("a session");
    let (line, output) = block.text.split_once('\n').expect("a line and its output");
    (line.trim_start_matches("$ cargo run --bin manage ").to_owned(), output.to_owned())
}

/// A project of the guides' files, beside nothing of this workspace but the package that it depends on.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &Path, text: &str| write(folder.path(), name, text);
    for Block { file, text, .. } in guides() {
        let Some(file) = file else { continue };
        let here = dependency();
        let with_feature = here.replace(" }", ", default-features = false, features = [\"testing\"] }");
        let text = text.replace("diesel-manage = \"0.1\"", &here).replace(
            "diesel-manage = { version = \"0.1\", default-features = false, features = [\"testing\"] }",
            &with_feature,
        );
        // A second block of a file adds to it.
        let before = std::fs::read_to_string(folder.path().join(&file)).unwrap_or_default();
        write(&file, &(before + &text));
    }
    // A Diesel project has migrations already, and its modules are named in lib.rs.
    write(
        Path::new("migrations/2026-01-01-000000_items/up.sql"),
        "CREATE TABLE items (id INTEGER PRIMARY KEY);",
    );
    write(Path::new("migrations/2026-01-01-000000_items/down.sql"), "DROP TABLE items;");
    let library = std::fs::read_to_string(folder.path().join("src/lib.rs")).expect("lib.rs");
    write(Path::new("src/lib.rs"), &format!("{library}mod audit;\nmod urls;\n"));
    lock(folder.path());
    folder
}

#[case(builds)]
fn a_stranger_adopts_it_and_adds_commands() {
    let project = project();
    let folder = project.path();
    // At first there is no command, and no directory for one: git keeps no empty directories.
    let commands = folder.join("src/management/commands");
    let files: Vec<(PathBuf, Vec<u8>)> = std::fs::read_dir(&commands)
        .expect("the guides' commands")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), std::fs::read(path).expect("a file")))
        .collect();
    std::fs::remove_dir_all(folder.join("src/management")).expect("it was there");
    cargo(folder, &["build", "--quiet"]).run(BUILD).expect_success();
    // Written again, not moved back: cargo compares times.
    std::fs::create_dir_all(&commands).expect("a folder");
    for (path, text) in files {
        std::fs::write(path, text).expect("a file");
    }
    let manage = |line: &str| {
        let words = ["run", "--quiet", "--bin", "manage", "--"];
        let words: Vec<&str> = words.into_iter().chain(line.split_whitespace()).collect();
        cargo(folder, &words).run(BUILD).expect_success()
    };
    let (line, output) = session();
    assert_eq!(manage(&line).stdout, output);
    assert!(manage("help").stdout.contains("[shop]\n"), "it is in the listing");
    assert!(manage("help").stdout.contains("    hello "), "it is in the listing");
    assert_eq!(manage("hello_all").stdout, "Hello, world!\nHello, moon!\nHello, moon!\n");
    assert!(manage("help cache clear").stdout.contains("Usage: manage cache clear [OPTIONS] [REGION]"));
    assert_eq!(manage("cache clear pages").stdout, "Cleared pages.\n");
    assert_eq!(manage("__complete zsh manage cache clear s").stdout, "sessions\n");
    let restocked = manage("restock upper --force --noinput");
    assert_eq!(
        restocked.stdout,
        "Shelf  Place
upper  1
upper  2
upper  3
"
    );
    let swept = manage("sweep --rooms 2 -v 2");
    assert_eq!(swept.stdout, "Swept room 1.\nSwept room 2.\n");
    assert!(swept.stderr.contains("sweep [\"rooms\"]: exit 0 after "), "its hook is called: {swept}");
    assert_eq!(
        manage("migrate").stdout,
        "Operations to perform:\n  Apply all migrations: shop\nRunning migrations:\n  Applying shop.2026-01-01-000000_items... OK\n"
    );

    // The guide's tests pass, and can fail.
    let tested = cargo(folder, &["test", "--quiet", "--tests"]).run(BUILD).expect_success();
    assert_eq!(tested.stdout.matches("1 passed").count(), 2, "{tested}");
    let hello = folder.join("src/management/commands/hello.rs");
    let text = std::fs::read_to_string(&hello).expect("the guide's command");
    std::fs::write(&hello, text.replace("Hello", "Good morning")).expect("a file");
    let failed = cargo(folder, &["test", "--quiet", "--test", "commands"]).run(BUILD).expect_code(101);
    assert!(failed.stdout.contains("Good morning, world!"), "{failed}");
    std::fs::write(&hello, text).expect("a file");

    // One new file is one new command, with nothing else touched.
    let wrote = manage("startcommand say_goodbye").stdout;
    assert!(wrote.contains("src/management/commands/say_goodbye.rs"), "{wrote}");
    assert_eq!(manage("say_goodbye moon").stdout, "Hello, moon!\n");
    assert!(manage("help").stdout.contains("    say_goodbye "));
    let again = cargo(folder, &["run", "--quiet", "--bin", "manage", "startcommand", "say_goodbye"]).run(RUN);
    assert_eq!(again.code(), Some(1), "{again}");

    // A panic while TAB is pressed does not show at the prompt.
    let explodes = folder.join("src/management/commands/explodes.rs");
    std::fs::write(&explodes, EXPLODES).expect("a file");
    let state = folder.join("state");
    let words = ["run", "--quiet", "--bin", "manage", "--", "__complete", "fish", "manage", "explodes", "x"];
    let pressed = cargo(folder, &words).env("XDG_STATE_HOME", &state).run(BUILD).expect_success();
    assert_eq!((pressed.stdout.as_str(), pressed.stderr.as_str()), ("", ""), "{pressed}");
    let log = std::fs::read_to_string(state.join("manage/completion.log")).expect("a log");
    assert!(log.contains("explodes: a panic at src/management/commands/explodes.rs:10"), "{log}");

    // A file that was meant as a command but is none is reported.
    let forgotten = folder.join("src/management/commands/forgotten.rs");
    std::fs::write(&forgotten, "pub fn forgotten() {}\n").expect("a file");
    let failed = cargo(folder, &["check", "--quiet"]).run(BUILD);
    assert!(failed.stderr.contains("forgotten.rs has no `#[command]`"), "{failed}");
    std::fs::remove_file(forgotten).expect("it was there");

    // A function with another name than its file's is reported in one sentence.
    let path = folder.join("src/management/commands/misnamed.rs");
    std::fs::write(&path, "use manage::prelude::*;\n/// X\n#[command]\npub fn other(_cx: &mut Context) -> Result<()> { Ok(()) }\n")
        .expect("a file");
    let failed = cargo(folder, &["check", "--quiet"]).run(BUILD);
    assert!(
        failed.stderr.contains("the command `other` must live in a file of the same name: other.rs"),
        "{failed}"
    );
    std::fs::remove_file(path).expect("it was there");

    // A check that panics is reported as a message, with its location and that of the panic.
    let path = folder.join("src/lib.rs");
    let library = std::fs::read_to_string(&path).expect("lib.rs");
    let check = "#[manage::check]\nfn oven(_: &manage::Context) -> Vec<manage::checks::Message> {\n    panic!(\"it fell\")\n}\n";
    std::fs::write(&path, format!("{library}{check}")).expect("lib.rs");
    let checked = cargo(folder, &["run", "--quiet", "--bin", "manage", "check"]).run(BUILD);
    assert_eq!(checked.code(), Some(1), "{checked}");
    let reported = ": (manage.E009) The check 'oven' panicked: it fell (at src/lib.rs:";
    assert!(checked.stderr.contains(reported), "{checked}");
    assert!(!checked.stderr.contains("internal error") && !checked.stderr.contains("thread '"), "{checked}");
}

#[case(builds_with(Need::Program("rustfmt")))]
fn cargo_fmt_sees_the_commands() {
    let project = project();
    let folder = project.path();
    let list = folder.join("src/management/mod.rs");
    assert!(!list.exists());
    cargo(folder, &["check", "--quiet"]).run(BUILD).expect_success();
    assert!(std::fs::read_to_string(&list).expect("a list").contains("    mod hello_all;\n"));
    // A list that rustfmt has put into its own order is not written again.
    cargo(folder, &["fmt"]).run(RUN).expect_success();
    let formatted = std::fs::read_to_string(&list).expect("a list");

    // A new file is seen after the next build, here one whose name is a keyword.
    let file = folder.join("src/management/commands/move.rs");
    let text = "use manage::prelude::*;\n\n/// Move\n#[command]\npub fn r#move(_cx: &mut Context) -> Result<()> {\n    Ok(())\n}\n";
    std::fs::write(&file, text.replace("    Ok(())\n", "Ok(  ())\n")).expect("a file");
    cargo(folder, &["fmt", "--check"]).run(RUN).expect_success();
    cargo(folder, &["check", "--quiet"]).run(BUILD).expect_success();
    let failed = cargo(folder, &["fmt", "--check"]).run(RUN).expect_code(1);
    assert!(failed.stdout.contains("src/management/commands/move.rs"), "{failed}");
    cargo(folder, &["fmt"]).run(RUN).expect_success();
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), text);

    // A file that is gone must not stop it either.
    std::fs::remove_file(&file).expect("it was there");
    cargo(folder, &["check", "--quiet"]).run(BUILD).expect_success();
    cargo(folder, &["fmt", "--check"]).run(RUN).expect_success();
    assert_eq!(std::fs::read_to_string(&list).expect("a list"), formatted);

    // A project's own module of this name stays as it is.
    std::fs::write(&list, "// Mine.\n").expect("a file");
    std::fs::write(&file, text).expect("a file");
    cargo(folder, &["check", "--quiet"]).run(BUILD).expect_success();
    assert_eq!(std::fs::read_to_string(&list).expect("a list"), "// Mine.\n");
}

const EXPLODES: &str = r#"use manage::prelude::*;

/// Explode on TAB
#[command]
pub fn explodes(cx: &mut Context, #[arg(add = manage::completion::values(values))] value: String) -> Result<()> {
    cx.line(value)
}

fn values(_: &Context) -> Result<Vec<String>> {
    panic!("it is too late")
}
"#;

/// What the README shows is what the guides explain, and these are built and run.
#[case]
fn the_readme_is_the_guides() {
    let guides = guides();
    let mut count = 0;
    for Block { file, text, .. } in blocks("README.md").into_iter().filter(|block| block.file.is_some()) {
        assert!(guides.iter().any(|block| block.file == file && block.text == text), "{text}");
        count += 1;
    }
    // The lines that an existing package gets.
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("the README");
    let (_, rows) = readme.split_once("| file | line |\n|---|---|\n").expect("the table of files");
    for row in rows.lines().take_while(|line| line.starts_with('|')) {
        let mut codes = row.split('`').skip(1).step_by(2);
        let file = codes.next().expect("a file");
        let texts = guides.iter().filter(|block| block.file.as_deref() == Some(Path::new(file)));
        let text: String = texts.map(|block| block.text.as_str()).collect();
        for line in codes {
            assert!(text.contains(line), "{file} of the guide has no line {line}");
            count += 1;
        }
    }
    assert!(count >= 6, "{count} blocks and lines");
}

#[case]
fn its_settings_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = blocks("docs/guide/settings.md")
        .into_iter()
        .find(|block| block.file.as_deref() == Some(Path::new("manage.toml")))
        .expect("the settings");
    std::fs::write(folder.path().join("manage.toml"), file.text.replace("[apps.shop]", "[apps.app]"))
        .expect("a file");
    std::fs::create_dir(folder.path().join("secrets")).expect("a folder");
    std::fs::write(folder.path().join("secrets/database"), "secret").expect("a file");
    let check =
        Program::new(env!("CARGO_BIN_EXE_manage")).arg("check").cwd(folder.path()).run(RUN).expect_success();
    assert_eq!(check.stdout, "System check identified no issues (0 silenced).\n", "{check}");
}
