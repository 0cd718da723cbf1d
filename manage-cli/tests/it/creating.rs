//! `cargo manage new` writes projects that build, pass their tests, and are formatted and lint-clean.

use manage_test_support::{Need, Program, builds_with, case, needs};

use crate::folder::Folder;

/// What every project has, besides its migrations.
const FILES: [&str; 20] = [
    ".dockerignore",
    ".env.example",
    ".gitignore",
    "Cargo.toml",
    "Dockerfile",
    "Dockerfile.dev",
    "README.md",
    "build.rs",
    "diesel.toml",
    "docker-compose.override.yml",
    "docker-compose.yml",
    "manage.toml",
    "src/bin/manage.rs",
    "src/lib.rs",
    "src/management/commands/add_note.rs",
    "src/management/mod.rs",
    "src/models.rs",
    "src/schema.rs",
    "src/urls.rs",
    "tests/commands.rs",
];

const MIGRATION: &str = "2026-01-01-000000_create_notes";

/// Formatted before anything is built, and without warnings.
#[track_caller]
fn is_clean(folder: &Folder, directory: &str) {
    folder.cargo(directory, &["fmt", "--check"]).expect_success();
    folder
        .cargo(directory, &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
        .expect_success();
}

#[case(builds_with(Need::Program("rustfmt")))]
fn a_project_builds_and_passes_its_tests() {
    let folder = Folder::new();
    let created = folder.start("web-shop", &[]);
    assert!(
        created.stdout.starts_with("Created the project `web-shop` in web-shop.\nNext:\n    cd web-shop\n"),
        "{created}"
    );
    is_clean(&folder, "web-shop");
    let tested = folder.cargo("web-shop", &["test", "--quiet"]).expect_success();
    assert!(tested.stdout.contains("1 passed"), "{tested}");

    let manage =
        |line: &str| folder.run("web-shop/src", &line.split(' ').collect::<Vec<_>>()).expect_success().stdout;
    // Its settings and its database are those of the directory where it runs.
    let migrated = manage("migrate");
    assert!(migrated.contains(&format!("Applying web_shop.{MIGRATION}... OK")), "{migrated}");
    // Its schema.rs declares what the migrations create, as inspectdb writes it.
    manage("makemigrations --check");
    assert_eq!(manage("inspectdb"), folder.read("web-shop/src/schema.rs"));
    assert_eq!(manage("add_note milk"), "Added “milk”.\n");
    assert!(manage("show_urls").contains("/"), "a route");
    let checked = folder.run("web-shop", &["check", "--fail-level", "WARNING"]).expect_success();
    assert!(checked.stdout.contains("no issues"), "{checked}");
    // What was built changed none of its files.
    is_clean(&folder, "web-shop");

    // Its test can fail.
    let command = folder.read("web-shop/src/management/commands/add_note.rs");
    folder.write("web-shop/src/management/commands/add_note.rs", &command.replace("&text)?", "&text[1..])?"));
    folder.cargo("web-shop", &["test", "--quiet"]).expect_code(101);
}

#[case(builds_with(Need::Program("rustfmt")))]
fn a_minimal_project_has_a_command_and_its_test() {
    let folder = Folder::new();
    folder.start("tool", &["--minimal"]);
    let names: Vec<String> = folder.files().into_keys().collect();
    assert_eq!(
        names,
        [
            "tool/.gitignore",
            "tool/Cargo.lock",
            "tool/Cargo.toml",
            "tool/build.rs",
            "tool/src/bin/manage.rs",
            "tool/src/lib.rs",
            "tool/src/management/commands/hello.rs",
            "tool/src/management/mod.rs",
            "tool/tests/commands.rs",
        ]
    );
    is_clean(&folder, "tool");
    let tested = folder.cargo("tool", &["test", "--quiet"]).expect_success();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
    assert_eq!(folder.run("tool", &["hello", "you"]).expect_success().stdout, "Hello, you!\n");
}

#[case]
fn the_files_follow_the_database() {
    for (database, features, connection, url) in [
        ("sqlite", "\"schema\", \"sqlite\"", "SqliteConnection", "sqlite:db.sqlite3"),
        ("postgres", "\"man\", \"postgres\"", "PostgresConnection", "postgres://"),
        ("mysql", "\"man\", \"mysql\"", "MysqlConnection", "mysql://"),
        ("several", "features = [\"mysql\"] }", "Connection", "postgres://"),
    ] {
        let folder = Folder::new();
        folder.run("", &["startproject", "shop", "--database", database]).expect_success();
        let mut expected: Vec<String> = FILES.map(|name| format!("shop/{name}")).to_vec();
        let directories = match database {
            "several" => vec!["migrations/mysql", "migrations/postgres", "migrations/sqlite"],
            _ => vec!["migrations"],
        };
        for directory in &directories {
            for file in ["up.sql", "down.sql"] {
                expected.push(format!("shop/{directory}/{MIGRATION}/{file}"));
            }
        }
        expected.sort();
        assert_eq!(folder.files().into_keys().collect::<Vec<_>>(), expected, "{database}");
        let manifest = folder.read("shop/Cargo.toml");
        assert!(manifest.contains(features) && manifest.contains("\nname = \"shop\"\n"), "{manifest}");
        assert_eq!(
            manifest.contains("default-features = false, features = [\"testing\"]"),
            database != "several"
        );
        assert_eq!(
            manifest.contains("\n\"sha2@0.11\".opt-level = 3\npostgres-protocol.opt-level = 3\n"),
            matches!(database, "postgres" | "several")
        );
        let library = folder.read("shop/src/lib.rs");
        assert!(
            library.contains(&format!("pub type Connection = manage::database::{connection};")),
            "{library}"
        );
        for directory in directories.iter().filter(|_| database == "several") {
            assert!(library.contains(&format!(": \"{directory}\",\n")), "{library}");
        }
        let example = folder.read("shop/.env.example");
        assert!(example.contains(&format!("\nDATABASE_URL={url}")), "{example}");
        // Only on a server do tests need a permission.
        assert_eq!(example.contains("\n#TEST_DATABASE_URL="), database != "sqlite", "{example}");
        // Nothing is left to be filled in, and cargo understands the manifest.
        for (name, text) in folder.files() {
            assert!(!text.contains("{{ "), "{name}: {text}");
        }
        folder.cargo("shop", &["metadata", "--no-deps", "--format-version", "1"]).expect_success();
    }
}

#[case(needs(Need::Program("rustfmt")))]
fn every_name_and_database_is_formatted() {
    for database in ["sqlite", "postgres", "mysql", "several"] {
        for name in ["a", "zebra-with-a-name", &"z".repeat(50)] {
            let folder = Folder::new();
            folder.run("", &["new", name, "--database", database]).expect_success();
            folder.cargo(name, &["fmt", "--check"]).expect_success();
        }
    }
}

#[case(needs(Need::Program("docker-compose")))]
fn compose_reads_the_files() {
    for (database, variable) in [
        ("sqlite", "DATABASE_URL: sqlite:/data/db.sqlite3"),
        ("postgres", "POSTGRES_PASSWORD_FILE: /run/secrets/database_password"),
        ("mysql", "MYSQL_PASSWORD_FILE: /run/secrets/database_password"),
    ] {
        let folder = Folder::new();
        folder.run("", &["new", "shop", "--database", database]).expect_success();
        // Production's command fits the image of `startdeploy docker`, too: its entry point is the program.
        let production = (&["--file", "docker-compose.yml"][..], "command:\n    - wait_for_db\n");
        for (files, part) in [production, (&[], "dockerfile: Dockerfile.dev")] {
            let read = Program::new("docker-compose").args(files).arg("config").cwd(folder.path("shop"));
            let read = read.run(std::time::Duration::from_secs(60)).expect_success().stdout;
            assert!(read.contains(variable) && read.contains(part), "{read}");
        }
    }
}

#[case(builds_with(Need::Program("rustfmt")))]
fn an_app_is_added_to_a_project() {
    let folder = Folder::new();
    folder.start("shop", &[]);
    let started = folder.run("shop", &["startapp", "blog"]).expect_success();
    assert_eq!(
        started.stdout,
        "Created the app 'blog' in blog.\nChanged Cargo.toml.\nChanged src/bin/manage.rs.\n\
         Try it: cargo run --bin manage hello_blog\n"
    );
    assert!(folder.read("shop/src/bin/manage.rs").ends_with("\nmanage::main!(shop, blog);\n"));
    let manifest = folder.read("shop/Cargo.toml");
    assert!(manifest.contains("[dependencies]\nblog = { path = \"blog\" }\ndiesel = "), "{manifest}");
    assert!(manifest.ends_with("\n[workspace]\nmembers = [\"blog\"]\n"), "{manifest}");
    is_clean(&folder, "shop");
    folder.cargo("shop/blog", &["fmt", "--check"]).expect_success();
    let tested = folder.cargo("shop", &["test", "--quiet", "--workspace", "--tests"]).expect_success();
    assert_eq!(tested.stdout.matches("1 passed").count(), 2, "{tested}");
    assert_eq!(folder.run("shop/blog/src", &["hello_blog"]).expect_success().stdout, "Hello from the app!\n");
    let urls = folder.run("shop", &["show_urls"]).expect_success().stdout;
    assert!(urls.contains("/blog"), "{urls}");
    let checked = folder.run("shop", &["check", "--fail-level", "WARNING"]).expect_success();
    assert!(checked.stdout.contains("no issues"), "{checked}");

    // A second time, and an app elsewhere.
    let before = folder.files();
    let again = folder.run("shop", &["startapp", "blog"]).expect_code(1);
    assert!(again.stderr.contains("The program has an app 'blog' already."), "{again}");
    assert_eq!(folder.files(), before);
    folder.run("shop", &["startapp", "store", "apps/store"]).expect_success();
    assert!(folder.read("shop/Cargo.toml").ends_with("\nmembers = [\"blog\", \"apps/store\"]\n"));
    assert_eq!(folder.run("shop", &["hello_store"]).expect_success().stdout, "Hello from the app!\n");
    folder.cargo("shop/apps/store", &["fmt", "--check"]).expect_success();
}
