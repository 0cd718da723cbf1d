//! Migrations of several apps: targets of one app, dependencies, records without a run, and the lists.

use diesel::connection::SimpleConnection;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend, on_mariadb, on_postgres, on_sqlite};
use crate::migrating::done;
use crate::migration_files::{app, is_there, project_of};
use crate::migration_integrity::failed;
use crate::project::Project;

app!(
    "accounts",
    ("2026-01-01-000000_create_users", "CREATE TABLE users (id INTEGER);", Some("DROP TABLE users;"), true),
    ("2026-03-01-000000_create_teams", "CREATE TABLE teams (id INTEGER);", Some("DROP TABLE teams;"), true),
);
// Its second migration is older than what it depends on.
app!(
    "sales",
    ("2026-01-02-000000_create_items", "CREATE TABLE items (id INTEGER);", Some("DROP TABLE items;"), true),
    (
        "2026-02-01-000000_create_orders",
        "CREATE TABLE orders (id INTEGER);",
        Some("DROP TABLE orders;"),
        true,
        needs & [("accounts.create_teams", 2), ("20260101000000", 2)]
    ),
);
app!("without_way_back", ("2026-05-01-000000_a", "CREATE TABLE one_way (id INTEGER);", None, true));

const USERS: &str = "accounts.2026-01-01-000000_create_users";
const TEAMS: &str = "accounts.2026-03-01-000000_create_teams";
const ITEMS: &str = "sales.2026-01-02-000000_create_items";
const ORDERS: &str = "sales.2026-02-01-000000_create_orders";

fn both(database: &TestDatabase) -> Project {
    project_of(&["accounts", "sales"], database)
}

/// The output of a run with these steps: `+` applies, `-` reverts.
fn ran(operation: &str, steps: &[(char, &str)]) -> String {
    let verb = |sign| if sign == '+' { "Applying" } else { "Reverting" };
    let lines: String =
        steps.iter().map(|(sign, name)| format!("  {} {name}... OK\n", verb(*sign))).collect();
    format!("Operations to perform:\n  {operation}\nRunning migrations:\n{lines}")
}

/// Runs a command line that succeeds, and returns all that it prints on stdout.
#[track_caller]
fn whole(project: &Project, line: &str) -> String {
    let ran = project.run(line);
    assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{line}\n{}", ran.all());
    ran.out
}

#[case(on_each_backend)]
fn dependencies_come_first(database: TestDatabase) {
    let project = both(&database);
    let all = [('+', USERS), ('+', ITEMS), ('+', TEAMS), ('+', ORDERS)];
    assert_eq!(whole(&project, "migrate"), ran("Apply all migrations: accounts, sales", &all));
    let ran_again = "Operations to perform:\n  Apply all migrations: sales\nRunning migrations:\n  No migrations to apply.\n";
    assert_eq!(whole(&project, "migrate sales"), ran_again);
    let all = [('-', ORDERS), ('-', TEAMS), ('-', ITEMS), ('-', USERS)];
    assert_eq!(whole(&project, "migrate zero"), ran("Unapply all migrations: accounts, sales", &all));
    assert!(!is_there(&database, "users") && !is_there(&database, "orders"));
}

#[case(on_each_backend)]
fn an_app_is_migrated_with_what_it_depends_on(database: TestDatabase) {
    let project = both(&database);
    let steps = [('+', USERS)];
    let output = ran("Target specific migration: 2026-01-01-000000_create_users, from accounts", &steps);
    assert_eq!(whole(&project, "migrate accounts create_u"), output);
    let output = ran("Apply all migrations: sales", &[('+', ITEMS), ('+', TEAMS), ('+', ORDERS)]);
    assert_eq!(whole(&project, "migrate sales"), output);
    // The orders depend on the teams, and go with them.
    let output = ran(
        "Target specific migration: 2026-01-01-000000_create_users, from accounts",
        &[('-', ORDERS), ('-', TEAMS)],
    );
    assert_eq!(whole(&project, "migrate accounts 20260101000000"), output);
    assert!(is_there(&database, "items") && !is_there(&database, "teams"));
    done(&project, "migrate");
    assert_eq!(
        whole(&project, "migrate sales zero"),
        ran("Unapply all migrations: sales", &[('-', ORDERS), ('-', ITEMS)])
    );
    assert!(is_there(&database, "users") && is_there(&database, "teams"));
    assert_eq!(
        whole(&project, "migrate create_items"),
        ran("Target specific migration: 2026-01-02-000000_create_items", &[('-', TEAMS), ('+', ITEMS)])
    );
    assert_eq!(whole(&project, "migrate accounts zero -v 0"), "");
    assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 1);
}

#[case(on_each_backend)]
fn unknown_apps_are_errors(database: TestDatabase) {
    let project = both(&database);
    let apps = "The apps with migrations are: accounts, sales.";
    let words = ["There is no migration 'account'.", "Did you mean 'accounts'?", apps];
    failed(project.run("migrate account"), &words);
    for line in ["migrate account zero", "showmigrations account", "migrate account --prune"] {
        failed(project.run(line), &["No installed app with label 'account'.", words[1], apps]);
    }
    failed(project.run("migrate manage zero"), &[apps]);
    failed(project.run("migrate sales create_users"), &["There is no migration 'create_users'."]);
    failed(project.run("migrate --prune"), &["Migrations can be pruned only when an app is specified."]);
    // Their values are joined by `=`, since they may have none.
    failed(project.run("migrate --redo 2"), &["'2' is not the label of an app", "write `--redo=2`."]);
    for line in ["migrate ./x", "migrate sales ./x", "showmigrations ./x"] {
        failed(project.run(line), &["'./x'", "write `--from-folder=DIR`."]);
    }
    failed(project.run("migrate --run-syncdb"), &["--run-syncdb has nothing to do"]);
    for line in ["migrate --fake --fake-initial", "migrate sales --prune --plan", "migrate --redo --fake"] {
        assert_eq!(project.run(line).exit.0, 2, "{line}");
    }
    assert_eq!(crate::migrating::tables(&database), 0, "nothing was done");
}

#[case(on_each_backend)]
fn lists_name_times_order_and_dependencies(database: TestDatabase) {
    let project = both(&database);
    done(&project, "migrate accounts create_users");
    assert_eq!(
        whole(&project, "showmigrations sales accounts"),
        "sales\n [ ] 2026-01-02-000000_create_items\n [ ] 2026-02-01-000000_create_orders\n\
         accounts\n [X] 2026-01-01-000000_create_users\n [ ] 2026-03-01-000000_create_teams\n"
    );
    let list = whole(&project, "showmigrations --list accounts -v 2");
    let applied = list.lines().nth(1).unwrap_or_default();
    assert!(applied.starts_with(" [X] 2026-01-01-000000_create_users (applied at 20"), "{list}");
    assert!(list.ends_with(" [ ] 2026-03-01-000000_create_teams\n"), "{list}");
    let plan = format!("[X]  {USERS}\n[ ]  {ITEMS}\n[ ]  {TEAMS}\n[ ]  {ORDERS}");
    assert_eq!(whole(&project, "showmigrations -p"), format!("{plan}\n"));
    assert_eq!(whole(&project, "showmigrations --plan -v 2"), format!("{plan} ... ({USERS}, {TEAMS})\n"));
    assert_eq!(whole(&project, "showmigrations --plan sales"), format!("[ ]  {ITEMS}\n[ ]  {ORDERS}\n"));
    assert_eq!(project.run("showmigrations --plan --list").exit.0, 2);

    let json = whole(&project, "showmigrations --format json sales accounts");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let rows = json["migrations"].as_array().expect("migrations");
    let names: Vec<_> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names.len(), 4);
    assert!(rows[0]["applied_at"].as_str().is_some_and(|at| at.starts_with("20")), "{json}");
    let expected = serde_json::json!({
        "app": "sales", "version": "20260201000000", "name": "2026-02-01-000000_create_orders",
        "applied": false, "applied_at": null, "edited": false, "out_of_order": false,
        "newer_than_program": false, "progress": null, "reversible": true, "dependencies": [USERS, TEAMS],
    });
    assert_eq!(rows[3], expected);
}

#[case(on_each_backend)]
fn faked_migrations_are_recorded_and_not_run(database: TestDatabase) {
    let project = project_of(&["accounts", "without_way_back"], &database);
    let out = done(&project, "migrate accounts --fake");
    assert_eq!(
        out,
        format!("Running migrations:\n  Applying {USERS}... FAKED\n  Applying {TEAMS}... FAKED\n")
    );
    assert!(!is_there(&database, "users"));
    assert_eq!(done(&project, "showmigrations accounts").matches("[X]").count(), 2);
    done(&project, "migrate accounts zero --fake");
    assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 0);
    done(&project, "migrate");
    assert!(is_there(&database, "users") && is_there(&database, "one_way"));
    // What has no way back can be recorded as reverted.
    failed(project.run("migrate without_way_back zero"), &["2026-05-01-000000_a cannot be reverted"]);
    assert!(done(&project, "migrate zero --plan").contains("_a IRREVERSIBLE\n"));
    done(&project, "migrate without_way_back zero --fake");
    assert!(is_there(&database, "one_way"));
    assert_eq!(done(&project, "showmigrations without_way_back").matches("[ ]").count(), 1);
}

app!(
    "initial",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE first_one (id INTEGER);\nCREATE TABLE IF NOT EXISTS second_one (id INTEGER);",
        Some("DROP TABLE first_one;"),
        true
    ),
    ("2026-01-02-000000_b", "CREATE TABLE third_one (id INTEGER);", Some("DROP TABLE third_one;"), true),
);

#[case(on_each_backend)]
fn a_first_migration_is_faked_if_its_tables_exist(database: TestDatabase) {
    let project = project_of(&["initial"], &database);
    let create = "CREATE TABLE first_one (id INTEGER)";
    connect(&database).batch_execute(create).expect("a table");
    failed(project.run("migrate --fake-initial"), &["could not be applied"]);
    connect(&database).batch_execute("CREATE TABLE second_one (id INTEGER)").expect("a table");
    let out = done(&project, "migrate --fake-initial");
    // MariaDB has begun it, and done nothing of it.
    let verb = if database.backend() == Backend::MariaDb { "Continuing" } else { "Applying" };
    let applied = format!(
        "  {verb} initial.2026-01-01-000000_a... FAKED\n  Applying initial.2026-01-02-000000_b... OK\n"
    );
    assert_eq!(out, format!("Running migrations:\n{applied}"));
    assert!(is_there(&database, "third_one"));
    assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 2);
}

app!(
    "initial_half",
    (
        "2026-01-01-000000_a",
        "CREATE TABLE first_one (id INTEGER);\nINSERT INTO nowhere VALUES (1);",
        None,
        false
    ),
);

/// Its tables are those of the run that was interrupted.
#[case(on_each_backend)]
fn a_half_done_migration_is_continued_and_not_faked(database: TestDatabase) {
    let project = project_of(&["initial_half"], &database);
    failed(project.run("migrate"), &["1 of its 2 statements"]);
    failed(project.run("migrate --fake-initial"), &["\nLINE 2: INSERT INTO nowhere"]);
    connect(&database).batch_execute("CREATE TABLE nowhere (id INTEGER)").expect("a table");
    let out = done(&project, "migrate --fake-initial");
    let note = "    It is continued and not faked, because an earlier run has begun it. If its tables are not of that \
        run, run `migrate --resume 20260101000000=restart --fake-initial`.\n";
    assert_eq!(
        out,
        format!("Running migrations:\n  Continuing initial_half.2026-01-01-000000_a... OK\n{note}")
    );
    let rows = |table: &str| {
        let query = format!("SELECT COUNT(*) AS n FROM {table}");
        crate::migration_files::number(&mut connect(&database), &query)
    };
    assert_eq!((rows("nowhere"), rows("first_one")), (1, 0));
}

#[case(on_each_backend)]
fn a_half_done_migration_can_be_faked_on_request(database: TestDatabase) {
    let project = project_of(&["initial_half"], &database);
    failed(project.run("migrate"), &["1 of its 2 statements"]);
    let out = done(&project, "migrate --resume 20260101000000=restart --fake-initial");
    assert_eq!(out, "Running migrations:\n  Applying initial_half.2026-01-01-000000_a... FAKED\n");
    assert_eq!(done(&project, "showmigrations").matches("[X]").count(), 1);
}

app!("pruned", ("2026-04-01-000000_a", "", Some(""), true), ("2026-04-02-000000_b", "", Some(""), true));

/// As if the program had had another migration, which it applied.
const GONE: [&str; 2] = [
    "UPDATE __manage_migrations SET version = '20251231000000', name = '2025-12-31-000000_gone' WHERE version = '20260402000000'",
    "UPDATE __diesel_schema_migrations SET version = '20251231000000' WHERE version = '20260402000000'",
];

#[case(on_each_backend)]
fn records_of_what_no_longer_exists_are_pruned(database: TestDatabase) {
    let project = project_of(&["accounts", "pruned"], &database);
    done(&project, "migrate");
    assert_eq!(done(&project, "migrate pruned --prune"), "Pruning migrations:\n  No migrations to prune.\n");
    let connection = &mut connect(&database);
    GONE.iter().for_each(|sql| connection.batch_execute(sql).expect("the records"));
    let unknown = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20250101000000')";
    connection.batch_execute(unknown).expect("Diesel's tools");
    let other = project.run("migrate accounts --prune");
    assert!(other.out.ends_with("  No migrations to prune.\n"), "{}", other.all());
    let ran = project.run("migrate pruned --prune");
    assert_eq!(ran.out, "Pruning migrations:\n  Pruning pruned.2025-12-31-000000_gone OK\n", "{}", ran.all());
    assert!(ran.err.ends_with("of which app they are: 20250101000000.\n"), "{}", ran.all());
    let list = done(&project, "showmigrations");
    assert!(!list.contains("20251231000000") && list.contains("[?] 20250101000000"), "{list}");
    assert_eq!(list.matches("[ ] 2026-04-02-000000_b").count(), 1, "{list}");
}

#[case(on_each_backend)]
fn the_last_migrations_are_done_again(database: TestDatabase) {
    let project = both(&database);
    assert!(done(&project, "migrate --redo").ends_with("  No migrations to apply.\n"));
    done(&project, "migrate");
    connect(&database).batch_execute("INSERT INTO orders VALUES (1)").expect("a row");
    let output =
        ran("Unapply and apply again: 2026-02-01-000000_create_orders", &[('-', ORDERS), ('+', ORDERS)]);
    assert_eq!(whole(&project, "migrate --redo"), output);
    let rows = crate::migration_files::number(&mut connect(&database), "SELECT COUNT(*) AS n FROM orders");
    assert_eq!(rows, 0, "the table is a new one");
    let steps = [('-', ORDERS), ('-', TEAMS), ('+', TEAMS), ('+', ORDERS)];
    let output = ran("Unapply and apply again: 2026-03-01-000000_create_teams", &steps);
    assert_eq!(whole(&project, "migrate accounts --redo=1"), output);
    assert!(done(&project, "migrate --redo=4 --plan").matches("Revert").count() == 4);
    let project = project_of(&["without_way_back"], &database);
    done(&project, "migrate");
    failed(project.run("migrate --redo"), &["2026-05-01-000000_a cannot be reverted"]);
    assert!(is_there(&database, "one_way"));
}

app!("dep_unknown", ("2026-01-01-000009_a", "", None, true, needs & [("accounts.create_user", 3)]));
app!("dep_app", ("2026-01-01-000001_a", "", None, true, needs & [("account.create_users", 3)]));
app!("dep_itself", ("2026-01-01-000002_a", "", None, true, needs & [("dep_itself.a", 3)]));
app!(
    "dep_cycle",
    ("2026-01-01-000003_a", "", None, true, needs & [("dep_cycle.b", 3)]),
    ("2026-01-01-000004_b", "", None, true)
);

#[case(on_each_backend)]
fn wrong_dependencies_are_errors(database: TestDatabase) {
    let place = |app: &str, name: &str| format!("{app}/migrations/{name}/metadata.toml, line 3: ");
    let cases: [(&[&'static str], &str, &str); 4] = [
        (
            &["dep_unknown", "accounts"],
            "2026-01-01-000009_a",
            "there is no migration \"accounts.create_user\" to depend on.",
        ),
        (
            &["dep_app"],
            "2026-01-01-000001_a",
            "\"account.create_users\" is of an app that has no migrations here.",
        ),
        (&["dep_itself"], "2026-01-01-000002_a", "the migration depends on itself (\"dep_itself.a\")."),
        (
            &["dep_cycle"],
            "2026-01-01-000003_a",
            "the dependencies form a cycle: dep_cycle.2026-01-01-000003_a → dep_cycle.2026-01-01-000004_b → \
             dep_cycle.2026-01-01-000003_a.",
        ),
    ];
    for (apps, name, problem) in cases {
        let project = project_of(apps, &database);
        failed(project.run("migrate --skip-checks"), &[&place(apps[0], name), problem]);
        let ran = project.run("check");
        assert!(ran.exit.0 == 1 && ran.all().contains("(manage.E011)"), "{}", ran.all());
        assert!(ran.all().contains(problem), "{}", ran.all());
    }
}

#[case(on_each_backend)]
fn migrations_are_read_from_a_directory(database: TestDatabase) {
    let project = both(&database);
    done(&project, "migrate");
    let folder = project.folder().join("new");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    write("2026-01-01-000000_create_users/up.sql", "CREATE TABLE users (id INTEGER);");
    write("2026-03-01-000000_create_teams/up.sql", "CREATE TABLE teams (id INTEGER);");
    write("2026-06-01-000000_tried/up.sql", "CREATE TABLE tried (id INTEGER);");
    write("2026-06-01-000000_tried/down.sql", "DROP TABLE tried;");
    let line = format!("migrate accounts --from-folder={}", folder.display());
    let ran = project.run(&line);
    assert_eq!(ran.exit.0, 0, "{}", ran.all());
    assert!(ran.out.ends_with("  Applying accounts.2026-06-01-000000_tried... OK\n"), "{}", ran.all());
    let source =
        format!("Using the migrations of accounts in {}, not those in the program.\n", folder.display());
    assert!(ran.out.starts_with(&source), "{}", ran.all());
    assert!(is_there(&database, "tried"));
    assert!(
        done(&project, "showmigrations").contains("[?] 2026-06-01-000000_tried (newer than this program)")
    );
    let show = format!("showmigrations accounts --from-folder={}", folder.display());
    let list = whole(&project, &show);
    let applied = [" [X] 2026-01-01-000000_create_users\n", " [X] 2026-06-01-000000_tried\n"];
    assert!(list.starts_with(&format!("{source}accounts\n")), "{list}");
    assert!(applied.iter().all(|line| list.contains(line)), "{list}");
    // The object is alone on stdout.
    let ran = project.run(&format!("{show} --format json"));
    assert_eq!((ran.exit.0, ran.err.as_str()), (0, source.as_str()), "{}", ran.all());
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["migrations"][2]["name"], "2026-06-01-000000_tried", "{json}");
    assert_eq!(project.run(&format!("{line} --redo")).exit.0, 0);

    let metadata = "run_in_transaction = true\n[manage]\ndependencies = [\n  \"accounts.nothing\",\n]\n";
    write("2026-06-01-000000_tried/metadata.toml", metadata);
    failed(project.run(&line), &["metadata.toml, line 4: there is no migration \"accounts.nothing\""]);
    write("2026-06-01-000000_tried/metadata.toml", "dependencies = []\n");
    failed(project.run(&line), &["metadata.toml: ", "run_in_transaction"]);
    write("2026-06-01-000000_tried/metadata.toml", "run_in_transaction = true\ndependencies = []\n");
    failed(project.run(&line), &["metadata.toml: `dependencies` belongs into the table `[manage]`"]);
    std::fs::remove_file(folder.join("2026-06-01-000000_tried/up.sql")).expect("removed");
    let ran = project.run(&line);
    assert!(!ran.err.contains("--traceback"), "{}", ran.all());
    failed(ran, &["Error: ", "up.sql: the file does not exist"]);
    // A message about SQL names the directory from which it was read.
    write("2026-06-01-000000_tried/up.sql", "CREATE TABLE tried (id INTEGER);");
    std::fs::remove_file(folder.join("2026-06-01-000000_tried/metadata.toml")).expect("removed");
    write("2026-07-01-000000_wrong/up.sql", "CREATE TABLE;");
    let file = format!("{}/2026-07-01-000000_wrong/up.sql", folder.display());
    failed(project.run(&line), &[&file]);
    let words = ["A directory has the migrations of one app, which is not named."];
    for line in [
        "migrate --from-folder=new",
        "showmigrations --from-folder=new",
        "showmigrations sales accounts --from-folder=new",
    ] {
        failed(project.run(line), &words);
    }
    failed(project.run("showmigrations --from-folder"), &["/srv/sales/migrations: "]);
    // The directory of these apps, as it is registered, does not exist on this machine.
    failed(project.run("migrate --from-folder"), &["/srv/sales/migrations: "]);
}

#[case(on_postgres)]
fn schemas_are_migrated_one_after_the_other() {
    let database = TestDatabase::postgres();
    let project = both(&database);
    let sql = "CREATE SCHEMA tenant_a; CREATE SCHEMA \"Tenant C\"";
    connect(&database).batch_execute(sql).expect("schemas");
    let words = |extra: &[&'static str]| {
        let all = ["migrate", "--schema", "tenant_a", "--schema", "tenant_b", "--schema", "Tenant C"];
        project.run_words(&[&all, extra].concat())
    };
    let ran = words(&[]);
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for (number, schema) in [(1, "tenant_a"), (3, "Tenant C")] {
        let heading = format!("[{number}/3] {schema}\nOperations to perform:\n");
        assert!(ran.out.contains(&heading), "{}", ran.all());
    }
    assert_eq!(ran.out.matches("create_orders... OK").count(), 2, "{}", ran.all());
    assert!(ran.err.contains("Error: The database has no schema 'tenant_b'."), "{}", ran.all());
    assert!(ran.err.ends_with("1 of 3 schema(s) failed: tenant_b.\n"), "{}", ran.all());
    let count = |table: &str| {
        let query = format!("SELECT COUNT(*) AS n FROM {table}");
        crate::migration_files::number(&mut connect(&database), &query)
    };
    assert_eq!(count("tenant_a.__diesel_schema_migrations"), 4);
    assert_eq!(count("\"Tenant C\".__manage_migrations"), 4);
    assert_eq!(count("tenant_a.orders"), 0);
    assert_eq!(count("pg_tables WHERE schemaname = 'public'"), 0);

    let schemas = ["--schema", "tenant_a", "--schema", "tenant_b"];
    let shown = project.run_words(&[&["showmigrations", "accounts"][..], &schemas].concat());
    let list = "[1/2] tenant_a\naccounts\n [X] 2026-01-01-000000_create_users\n [X] 2026-03-01-000000_create_teams\n[2/2] tenant_b\n";
    assert_eq!((shown.exit.0, shown.out.as_str()), (1, list), "{}", shown.all());
    for words in ["Error: The database has no schema 'tenant_b'.", "1 of 2 schema(s) failed: tenant_b."] {
        assert!(shown.err.contains(words), "{words}\n{}", shown.all());
    }
    let shown = project.run_words(&[&["showmigrations", "--format", "json"][..], &schemas].concat());
    let json: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(shown.exit.0, 1, "{}", shown.all());
    let listed = json["schemas"].as_array().expect("schemas");
    assert_eq!(
        (&listed[0]["schema"], &listed[0]["migrations"][3]["applied"]),
        (&"tenant_a".into(), &true.into())
    );
    assert_eq!(listed[1]["error"], "The database has no schema 'tenant_b'.", "{json}");
    // The schema that the search path leads to has nothing of it.
    assert_eq!(done(&project, "showmigrations").matches("[ ]").count(), 4);
    let checked = project.run_words(&[&["check", "--database", "default"][..], &schemas].concat());
    assert_eq!(checked.exit.0, 1, "{}", checked.all());
    let missing = "database default, schema tenant_b: (manage.E006) The database has no schema 'tenant_b'.";
    assert!(checked.all().contains(missing), "{}", checked.all());
    assert!(!checked.all().contains("not applied"), "{}", checked.all());

    connect(&database).batch_execute("CREATE SCHEMA tenant_b").expect("a schema");
    assert_eq!(words(&["--check", "-v", "0"]).exit.0, 1);
    let checked = project.run_words(&[&["check", "--database", "default"][..], &schemas].concat());
    let unapplied = "database default, schema tenant_b: ";
    assert!(checked.all().contains(unapplied), "{}", checked.all());
    assert_eq!(checked.all().matches("4 migration(s) are not applied.").count(), 1, "{}", checked.all());
    assert!(checked.all().contains("migrate --schema tenant_b`"), "{}", checked.all());
    let ran = words(&[]);
    assert_eq!((ran.exit.0, ran.err.as_str()), (0, ""), "{}", ran.all());
    assert_eq!(ran.out.matches("No migrations to apply.").count(), 2, "{}", ran.all());
    assert!(ran.out.ends_with("All 3 schema(s) are done.\n"), "{}", ran.all());
    assert_eq!(words(&["--check"]).exit.0, 0);
}

#[case(on_sqlite)]
fn sqlite_has_no_schemas() {
    let project = both(&TestDatabase::sqlite());
    for line in ["migrate --schema a", "showmigrations --schema a", "check --database default --schema a"] {
        failed(project.run(line), &["--schema is for PostgreSQL", "Name the database with --database."]);
    }
    assert_eq!(project.run("check --schema a").exit.0, 2);
}

#[case(on_mariadb)]
fn mariadb_has_no_schemas() {
    let project = both(&TestDatabase::mariadb());
    failed(project.run("migrate --schema a"), &["--schema is for PostgreSQL"]);
}
