//! A Dockerfile, and a build with it on a real engine.

use std::path::Path;
use std::process::{Command, Output};

use manage_test_support::{Need, build_log, case, needs};

use super::Workspace;

/// An image with a unique name, which is removed at the end.
struct Image(String);

impl Image {
    /// Builds the directory's Dockerfile, and returns what the engine printed.
    #[track_caller]
    fn build(&self, folder: &Path) -> String {
        build_log(&self.try_build(folder))
    }

    fn try_build(&self, folder: &Path) -> Output {
        Command::new("docker")
            .args(["build", "--tag", &self.0])
            .arg(folder)
            // A newer client has BuildKit as a plugin only, which may be missing.
            .env("DOCKER_BUILDKIT", "0")
            .output()
            .expect("docker")
    }

    #[track_caller]
    fn run(&self, options: &[&str], words: &[&str]) -> String {
        let output = Command::new("docker")
            .args([&["run", "--rm", "--network=none"], options, &[&self.0], words].concat())
            .output()
            .expect("docker");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["image", "rm", "--force", &self.0]).output();
    }
}

/// How often the program or a package of the workspace was compiled.
fn compiled(built: &str) -> usize {
    built.matches("   Compiling ").count()
}

#[case(needs(Need::RustImage))]
fn an_image_has_the_program_and_its_libraries_alone() {
    let workspace = Workspace::new();
    let folder = workspace.0.folder();
    workspace.write(&["docker"]);
    let image = Image(format!("manage-test-deploying-{}", std::process::id()));
    image.build(folder);
    assert_eq!(image.run(&[], &["migrate", "x"]), "500 [\"migrate\", \"x\"]\n");
    assert_eq!(image.run(&["--read-only", "--cap-drop=ALL"], &[]), "500 [\"serve\", \"0.0.0.0:8000\"]\n");

    let inspected = Command::new("docker").args(["image", "inspect", &image.0]).output().expect("docker");
    let inspected: serde_json::Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
    let config = &inspected[0]["Config"];
    assert_eq!(
        (&config["User"], &config["Entrypoint"][0]),
        (&"10001:10001".into(), &"/usr/local/bin/manage".into())
    );
    let size = inspected[0]["Size"].as_u64().expect("a size");
    assert!(size < 8_000_000, "{size} bytes");

    // The same again compiles nothing, nor does a change in a test or in what the image does not read.
    std::fs::write(workspace.path("shop/tests/prices.rs"), "#[test]\nfn it_is_cheap() {}\n").expect("a file");
    std::fs::write(workspace.path(".env"), "DATABASE_PASSWORD=hunter2\n").expect("a file");
    assert_eq!(compiled(&image.build(folder)), 0);
    // A change in the program compiles its package, and not the library beside it.
    let source = workspace.read("shop/src/lib.rs").replace("cents(5)", "cents(6)") + &unseen();
    std::fs::write(workspace.path("shop/src/lib.rs"), source).expect("a file");
    let built = image.build(folder);
    assert!(built.contains("Compiling shop ") && !built.contains("Compiling money "), "{built}");
    assert!(image.run(&[], &["x"]).starts_with("600 "));
    // A change in the library reaches the program.
    let source = workspace.read("money/src/lib.rs").replace("100", "10") + &unseen();
    std::fs::write(workspace.path("money/src/lib.rs"), source).expect("a file");
    image.build(folder);
    assert!(image.run(&[], &["x"]).starts_with("60 "));

    // A program that does not start there ends the build.
    let program = workspace
        .read("shop/src/bin/manage.rs")
        .replace("    println!", "    assert!(std::fs::exists(\"/etc/passwd\").unwrap());\n    println!");
    std::fs::write(workspace.path("shop/src/bin/manage.rs"), program).expect("a file");
    assert!(!image.try_build(folder).status.success());
}

/// A comment that no earlier run has had: the engine keeps layers.
fn unseen() -> String {
    let time = std::time::UNIX_EPOCH.elapsed().expect("a time of this century");
    format!("// {}\n", time.as_nanos())
}

#[case]
fn the_files_follow_the_manifests() {
    let workspace = Workspace::new().settings(
        "[databases.archive]\nurl = \"postgres://old@db.invalid/old\"\npassword_file = \"private/key\"\n",
    );
    let lock = workspace.read("Cargo.lock") + "\n[[package]]\nname = \"pq-sys\"\nversion = \"0.7.0\"\n";
    let manifest = workspace.read("money/Cargo.toml") + "[lib]\npath = \"code/money.rs\"\n";
    let workspace = Workspace(
        workspace
            .0
            .file("money/Cargo.toml", &manifest)
            .file("money/code/money.rs", "")
            .file("rust-toolchain", "1.90.0\n"),
    );
    std::fs::write(workspace.path("Cargo.lock"), lock).expect("a file");
    std::fs::create_dir(workspace.path("private")).expect("a folder");
    std::fs::write(workspace.path("private/key"), "hunter2\n").expect("a file");
    workspace.write(&["docker"]);
    let text = workspace.read("Dockerfile");
    for part in [
        "ARG RUST=1.90.0\n",
        "# It needs Rust 1.85 or later.\n",
        "! -path ./money/code/money.rs -delete",
        "for directory in shop/tests; do",
        "apt-get install --yes --no-install-recommends libpq-dev &&",
        "RUN cargo build --release --locked --package shop --features mysql --bin manage\n",
        "COPY --from=sources [\"/src/money\", \"/src/money\"]\n",
        "RUN find /src/shop -name '*.rs' -exec touch {} + && cargo build",
        "CMD [\"serve\", \"0.0.0.0:8000\"]\n",
    ] {
        assert!(text.contains(part), "no {part}: {text}");
    }
    let ignored = workspace.read(".dockerignore");
    for line in [".git", "target", "**/.env", "private/key"] {
        assert!(ignored.lines().any(|other| other == line), "no {line}: {ignored}");
    }
}

#[case(needs(Need::Program("docker-compose")))]
fn compose_reads_the_file() {
    let servers = [
        "postgres://shop:hunter2@db.invalid/shop",
        "mariadb://shop:hunter2@db.invalid/shop",
        "sqlite:x.sqlite3",
    ];
    for (url, variable) in servers.into_iter().zip([
        "POSTGRES_HOST: db",
        "MARIADB_HOST: db",
        "DATABASE_URL: sqlite:/data/db.sqlite3",
    ]) {
        let workspace =
            Workspace::new().url(url).settings("[apps.it]\nprice = \"5 $\"\nsecret = \"hunter2\"\n");
        workspace.write(&["docker"]);
        let output = Command::new("docker-compose")
            .arg("config")
            .current_dir(workspace.path(""))
            .output()
            .expect("it runs");
        let read = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}\n{}", workspace.read("docker-compose.yml"));
        for part in [
            variable,
            "5 $",
            "MANAGE_APPS__IT__SECRET_FILE: /run/secrets/MANAGE_APPS__IT__SECRET",
            "read_only: true",
        ] {
            assert!(read.contains(part), "no {part}: {read}");
        }
    }
}
