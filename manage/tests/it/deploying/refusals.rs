//! What cannot be deployed: nothing is written, and the message names the reason and the fix.

use manage::{Exit, Program};
use manage_test_support::case;

use super::{Workspace, texts_below};
use crate::misplaced::{SECRET, TEXTS};
use crate::project::Project;

const IMAGE: [&str; 3] = ["kubernetes", "--image", "shop:1"];

/// It ends with this code and says this, and nothing is written.
#[track_caller]
fn refused(workspace: &Workspace, words: &[&str], exit: u8, says: &str) {
    let before = texts_below(workspace.0.folder());
    let ran = workspace.run(words);
    assert_eq!(ran.exit, Exit(exit), "{words:?}: {}", ran.all());
    assert!(ran.err.contains(says), "{words:?} does not say {says}: {}", ran.all());
    assert!(!ran.all().contains(SECRET), "{words:?}: {}", ran.all());
    assert_eq!(texts_below(workspace.0.folder()), before, "{words:?} wrote something");
}

#[case]
fn images_and_schedules() {
    let workspace = Workspace::new();
    for (image, why) in [
        ("shop", "without a tag it is `latest`"),
        ("shop:latest", "`latest` names another image after each release"),
        ("shop@sha256:12", "its digest is not one of SHA-256"),
        ("a b:1", "it is not the name of an image"),
    ] {
        refused(&workspace, &["kubernetes", "--image", image], 2, why);
    }
    for schedule in ["30 3 * *", "60 * * * *", "daily"] {
        let words = [&IMAGE[..], &["--cron", "check", "--schedule", schedule]].concat();
        refused(&workspace, &words, 2, "is not a schedule: ");
    }
    refused(&workspace, &["systemd", "--timer", "check", "--schedule", "30 3 * * *"], 2, "it is one of cron");
    refused(&workspace, &[&IMAGE[..], &["--replicas", "0"]].concat(), 2, "'--replicas <NUMBER>'");
    refused(&workspace, &[&IMAGE[..], &["--cron", "check"]].concat(), 2, "--schedule <CRON>");
    for (image, why) in [
        ("nope=postgres:17", "The project has no database 'nope'.\nHint: The databases are: default."),
        ("postgres:17", "'postgres:17' is not ALIAS=IMAGE, as in default=postgres:17."),
    ] {
        refused(&workspace, &["github-actions", "--image", image], 2, why);
    }
}

#[case]
fn commands_that_would_not_run() {
    let workspace = Workspace::new();
    let words = |command| ["systemd", "--timer", command, "--schedule", "daily"];
    refused(&workspace, &words("checks"), 1, "Unknown command: 'checks'. Did you mean check?");
    refused(
        &workspace,
        &words("startcommand"),
        2,
        "startcommand: the following required arguments were not provided",
    );
    refused(&workspace, &words("check --deployed"), 2, "unexpected argument '--deployed'");
    refused(&workspace, &words(" "), 1, "Unknown command: ''");
}

#[case]
fn settings_that_a_deployment_cannot_use() {
    let hosts =
        |workspace: Workspace| Workspace(workspace.0.env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example"));
    for words in [&IMAGE[..], &["systemd"]] {
        refused(&hosts(Workspace::bare()), words, 78, "No database is set");
        let no_hosts = Workspace::bare().url("postgres://shop:hunter2@db.invalid/shop");
        refused(&no_hosts, words, 78, "allowed_hosts = [\"example.org\"] below [server]");
        let alias =
            Workspace::new().settings("[databases.read-replica]\nurl = \"postgres://db.invalid/x\"\n");
        refused(&alias, words, 78, "No variable can set the database 'read-replica'.");
    }
    refused(
        &Workspace::new().url("sqlite:db.sqlite3"),
        &IMAGE,
        78,
        "is an SQLite file, which pods cannot share",
    );
    let port = Workspace::new().settings("[server]\naddress = \"0.0.0.0:80\"\n");
    refused(&port, &IMAGE, 78, "cannot listen at port 80");
    let name = Workspace::new().settings("[server]\naddress = \"shop.example:8000\"\n");
    refused(&name, &["systemd"], 78, "'shop.example' is a name");
}

#[case]
fn projects_that_cargo_does_not_know() {
    let ran = Project::with(Program::new(&["it"])).run("startdeploy docker");
    assert_eq!(ran.exit, Exit(1), "{}", ran.all());
    assert!(ran.err.contains("does not use manage::program!"), "{}", ran.err);
    let no_cargo = Workspace(Workspace::new().0.env("CARGO", "/nonexistent/cargo"));
    refused(&no_cargo, &["docker"], 1, "Cargo is missing");
    let broken = Workspace(Workspace::new().0.file("shop/Cargo.toml", "[package\n"));
    refused(&broken, &["docker"], 1, "cargo metadata failed: ");
    let no_lock = Workspace::new();
    std::fs::remove_file(no_lock.path("Cargo.lock")).expect("it was there");
    refused(&no_lock, &["docker"], 1, "Run `cargo generate-lockfile`");
    let nightly = Workspace(Workspace::new().0.file("rust-toolchain", "nightly-2026-01-01\n"));
    refused(&nightly, &["docker"], 1, "selects the toolchain 'nightly-2026-01-01'");
    let gone = Workspace::new();
    std::fs::remove_dir_all(gone.path("shop")).expect("it was there");
    refused(&gone, &["docker"], 1, "The source is not on this machine");
}

#[case]
fn what_a_build_cannot_read() {
    let outside = tempfile::tempdir().expect("a folder");
    let manifest = "[package]\nname = \"far\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::create_dir(outside.path().join("src")).expect("a folder");
    std::fs::write(outside.path().join("Cargo.toml"), manifest).expect("a file");
    std::fs::write(outside.path().join("src/lib.rs"), "").expect("a file");
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path(".git")).expect("a folder");
    let money = workspace.read("money/Cargo.toml") + "[dependencies]\nfar.path = ";
    let workspace =
        Workspace(workspace.0.file("money/Cargo.toml", &format!("{money}{:?}\n", outside.path())));
    let far = std::fs::canonicalize(outside.path()).expect("a folder").display().to_string();
    refused(&workspace, &["docker"], 1, &format!("The build needs files outside of the project: {far}."));
}

#[case]
fn existing_files_stay_without_consent() {
    let workspace = Workspace(Workspace::new().0.file("Dockerfile", "# mine\n"));
    refused(&workspace, &["docker"], 1, "Dockerfile already exists with another text; nothing was written.");
    let ran = workspace.run(&["docker", "--force"]);
    assert!(
        ran.out.contains("Replaced ") && workspace.read("Dockerfile").contains("\nFROM scratch\n"),
        "{}",
        ran.out
    );
    // The same text is no conflict, and a new file is added to it.
    let ran = workspace.write(&["docker"]);
    assert!(ran.out.contains("Dockerfile has this text already."), "{}", ran.out);
    workspace.write(&IMAGE);
    let ran = workspace.write(&[&IMAGE[..], &["--cron", "check", "--schedule", "@daily"]].concat());
    assert_eq!(ran.out.matches("Wrote ").count(), 1, "{}", ran.out);
    refused(
        &workspace,
        &["kubernetes", "--image", "shop:2"],
        1,
        "These files already exist with another text",
    );
    // A compose file of the project's own stays.
    let workspace = Workspace(Workspace::new().0.file("compose.yaml", "services: {}\n"));
    workspace.write(&["docker"]);
    assert!(!workspace.path("docker-compose.yml").exists());
}

#[case]
fn misplaced_texts_are_not_repeated() {
    let workspace = Workspace::new();
    for text in TEXTS {
        for words in [
            &["kubernetes", "--image", text][..],
            &["kubernetes", "--image", "shop:1", "--cron", text, "--schedule", "@daily"],
            &["kubernetes", "--image", "shop:1", "--cron", "check", "--schedule", text],
            &["systemd", "--timer", "check", "--schedule", text],
            &["systemd", "--executable", text],
            &["github-actions", "--image", text],
            &[text],
        ] {
            let ran = workspace.run(words);
            assert!([1, 2].contains(&ran.exit.0), "{words:?}: {}", ran.all());
            assert!(!ran.all().contains(SECRET), "{words:?}: {}", ran.all());
        }
    }
}
