//! Files and records that do not fit together: edited, gone, out of order, ahead; and Diesel in between.

use diesel::connection::SimpleConnection;
use manage_test_support::{Backend, TestDatabase, case};

use crate::backends::{connect, on_each_backend};
use crate::migrating::{done, without_operations};
use crate::migration_files::{app, is_there, number, project_of};
use crate::project::Ran;

const CREATE: &str = "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\n";
const DIFFERENT: &str = "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (2);\n";
const LOOKS_DIFFERENT: &str =
    "\u{feff}-- © the owners\r\nCREATE TABLE a\r\n  ( id INTEGER ); /* ; */\r\n\r\nINSERT INTO a VALUES (1)";

app!("edit_before", ("2026-01-01-000000_a", CREATE, Some("DROP TABLE a;"), true));
app!("edit_after", ("2026-01-01-000000_a", DIFFERENT, Some("DROP TABLE a;"), true));
app!("edit_looks", ("2026-01-01-000000_a", LOOKS_DIFFERENT, Some("DROP TABLE a;"), true));
app!("edit_more", ("2026-01-02-000000_b", "CREATE TABLE b (id INTEGER);", Some("DROP TABLE b;"), true));

/// Expects a run that failed, with these words on stderr.
#[track_caller]
pub(crate) fn failed(ran: Ran, words: &[&str]) {
    assert_eq!(ran.exit.0, 1, "{}", ran.all());
    for words in words {
        assert!(ran.err.contains(words), "{words}\n--- is not in\n{}", ran.all());
    }
}

#[case(on_each_backend)]
fn an_edit_is_found_until_it_is_accepted(database: TestDatabase) {
    done(&project_of(&["edit_before"], &database), "migrate");
    let looks = project_of(&["edit_looks"], &database);
    assert_eq!(done(&looks, "showmigrations"), "edit_looks\n [X] 2026-01-01-000000_a\n");
    assert_eq!(looks.run("migrate").err, "");

    let after = project_of(&["edit_after"], &database);
    let shown = "edit_after\n [!] 2026-01-01-000000_a (edited after it was applied)\n";
    assert_eq!(done(&after, "showmigrations"), shown);
    let file = "edit_after/migrations/2026-01-01-000000_a/up.sql";
    let ran = after.run("check --database default");
    let message = format!("(manage.E012) {file} was edited after it was applied.");
    assert!(ran.exit.0 == 1 && ran.all().contains(&message), "{}", ran.all());
    // With nothing to do the program starts: an edit must not stop a running application.
    for line in ["migrate", "migrate --check", "migrate --plan"] {
        let ran = after.run(line);
        assert_eq!(ran.exit.0, 0, "{line}: {}", ran.all());
        let hint = "Hint: Write the change into a new migration, or accept it: `manage migrate --accept 20260101000000`.";
        let warning = format!("Warning: {file} was edited after it was applied.\n{hint}\n");
        assert_eq!(ran.err, warning, "{line}");
    }
    let more = project_of(&["edit_after", "edit_more"], &database);
    failed(more.run("migrate"), &[&format!("Error: {file} was edited"), "`migrate --accept 20260101000000`"]);
    assert!(!is_there(&database, "b"), "nothing was done");
    // What was edited may be reverted, as while it is being written.
    assert!(done(&after, "migrate zero --plan").contains("Revert"));

    let accepted = "Accepted the text of 2026-01-01-000000_a.\n";
    let applied = "Running migrations:\n  Applying edit_more.2026-01-02-000000_b... OK\n";
    let ran = done(&more, "migrate --accept 2026-01-01");
    assert_eq!(ran.strip_prefix(accepted).map(without_operations).as_deref(), Some(applied), "{ran}");
    assert_eq!(done(&after, "showmigrations").matches("[X]").count(), 1);
    let again = done(&after, "migrate --accept 20260101000000");
    assert_eq!(again, "Running migrations:\n  No migrations to apply.\n", "it is accepted already");
    assert_eq!(number(&mut connect(&database), "SELECT COUNT(*) AS n FROM a WHERE id = 1"), 1);

    let before = project_of(&["edit_before"], &database);
    assert_eq!(done(&before, "showmigrations").matches("[!]").count(), 1);
    done(&before, "migrate zero");
    done(&before, "migrate");
    assert_eq!(done(&before, "showmigrations").matches("[X]").count(), 1);
}

#[case(on_each_backend)]
fn what_cannot_be_accepted(database: TestDatabase) {
    let project = project_of(&["edit_before"], &database);
    failed(
        project.run("migrate --accept 20260101000000"),
        &["The migration 2026-01-01-000000_a is not applied, so there is nothing to accept."],
    );
    assert!(!is_there(&database, "a"));
    failed(project.run("migrate --accept 1999"), &["There is no migration '1999'."]);
    assert_eq!(project.run("migrate --accept 20260101000000 --plan").exit.0, 2);
}

#[case(on_each_backend)]
fn what_diesel_applied_has_no_checksum(database: TestDatabase) {
    use diesel::migration::MigrationConnection;

    let connection = &mut connect(&database);
    connection.setup().expect("Diesel's table");
    connection.batch_execute(CREATE).expect("its table");
    let record = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20260101000000')";
    connection.batch_execute(record).expect("its record");
    let project = project_of(&["edit_after"], &database);
    for line in ["showmigrations", "migrate", "migrate --check", "check --database default"] {
        let ran = project.run(line);
        assert!(ran.exit.0 == 0 && !ran.all().contains("edited"), "{line}: {}", ran.all());
    }
    assert!(!is_there(&database, "__manage_migrations"), "nothing needed the journal");
    // Its present text may be accepted, and is compared from then on.
    done(&project, "migrate --accept 20260101000000");
    assert_eq!(done(&project_of(&["edit_before"], &database), "showmigrations").matches("[!]").count(), 1);
}

/// Reverted and applied again by Diesel's tools: the journal's row is one of an earlier time.
#[case(on_each_backend)]
fn a_record_of_an_earlier_time_does_not_count(database: TestDatabase) {
    let (before, after) = (project_of(&["edit_before"], &database), project_of(&["edit_after"], &database));
    done(&before, "migrate");
    let connection = &mut connect(&database);
    connection.batch_execute("DELETE FROM __diesel_schema_migrations; DROP TABLE a").expect("reverted");
    assert_eq!(done(&after, "showmigrations"), "edit_after\n [ ] 2026-01-01-000000_a\n");
    connection.batch_execute(DIFFERENT).expect("applied");
    let record = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('20260101000000', '2026-11-01 00:00:00')";
    connection.batch_execute(record).expect("recorded");
    assert_eq!(done(&after, "showmigrations"), "edit_after\n [X] 2026-01-01-000000_a\n");
    // What manage itself reverts and applies again is recorded again.
    done(&after, "migrate zero");
    done(&after, "migrate");
    assert_eq!(done(&before, "showmigrations").matches("[!]").count(), 1);
}

app!("order_old", ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", Some("DROP TABLE a;"), true));
app!(
    "order_new",
    ("2026-01-03-000000_c", "CREATE TABLE c (id INTEGER);", Some("DROP TABLE c;"), true),
    ("2026-01-04-000000_d", "CREATE TABLE d (id INTEGER);", Some("DROP TABLE d;"), true)
);

app!(
    "order_merged",
    ("2026-01-01-000000_a", "CREATE TABLE a (id INTEGER);", Some("DROP TABLE a;"), true),
    ("2026-01-03-000000_c", "CREATE TABLE c (id INTEGER);", Some("DROP TABLE c;"), true),
    ("2026-01-04-000000_d", "CREATE TABLE d (id INTEGER);", Some("DROP TABLE d;"), true)
);

#[case(on_each_backend)]
fn a_late_migration_is_applied_unless_the_order_is_strict(database: TestDatabase) {
    done(&project_of(&["order_new"], &database), "migrate 20260103");
    let apps = project_of(&["order_old", "order_new"], &database);
    assert!(!done(&apps, "showmigrations").contains("out of order"), "the apps do not depend on one another");
    let project = project_of(&["order_merged"], &database);
    let shown =
        " [ ] 2026-01-01-000000_a (out of order)\n [X] 2026-01-03-000000_c\n [ ] 2026-01-04-000000_d\n";
    assert_eq!(done(&project, "showmigrations"), format!("order_merged\n{shown}"));
    let plan = "Planned operations:\n  Apply 2026-01-01-000000_a OUT OF ORDER\n  Apply 2026-01-04-000000_d\n";
    assert_eq!(done(&project, "migrate --plan"), plan);
    let ran = project.run("check --database default");
    let message = "(manage.W016) Not applied, although newer migrations are: 2026-01-01-000000_a.";
    assert!(ran.exit.0 == 0 && ran.all().contains(message), "{}", ran.all());
    let text = "Out of order, since newer migrations are applied already: 2026-01-01-000000_a.";
    failed(project.run("migrate --strict-order"), &[&format!("Error: {text}")]);
    assert!(!is_there(&database, "a") && !is_there(&database, "d"), "nothing was done");
    let ran = project.run("migrate");
    assert_eq!((ran.exit.0, ran.err.as_str()), (0, &*format!("Warning: {text}\n")), "{}", ran.all());
    assert_eq!(project.run("migrate --strict-order").err, "");
}

#[case(on_each_backend)]
fn gone_is_a_warning_and_ahead_is_told(database: TestDatabase) {
    done(&project_of(&["order_old", "order_new"], &database), "migrate");
    // An image that was rolled back.
    let old = project_of(&["order_old"], &database);
    let text = "The database is ahead of this program: 2 newer migration(s) are applied, the last is 2026-01-04-000000_d.";
    for line in ["migrate --check", "migrate"] {
        let ran = old.run(line);
        assert_eq!((ran.exit.0, ran.err), (0, format!("{text}\n")), "{line}");
    }
    assert_eq!(old.run("migrate -v 0").err, "");
    assert!(done(&old, "showmigrations").contains(" [?] 2026-01-04-000000_d (newer than this program)\n"));
    let ran = old.run("check --database default");
    assert!(ran.exit.0 == 0 && ran.all().contains(&format!("(manage.I003) {text}")), "{}", ran.all());
    // A directory that was deleted.
    let new = project_of(&["order_new"], &database);
    let text = "1 applied migration(s) are not in this program: 2026-01-01-000000_a.";
    let hint = "Restore their directories: without them they cannot be reverted.";
    let ran = new.run("migrate");
    assert_eq!((ran.exit.0, ran.err), (0, format!("Warning: {text}\nHint: {hint}\n")));
    assert!(done(&new, "showmigrations").contains(" [?] 2026-01-01-000000_a\n"));
    let ran = new.run("check --database default");
    assert!(ran.exit.0 == 0 && ran.all().contains(&format!("(manage.W017) {text}")), "{}", ran.all());
}

#[case(on_each_backend)]
fn the_journal_says_who_and_when(database: TestDatabase) {
    let project = project_of(&["edit_before"], &database);
    done(&project, "migrate");
    let is_since = match database.backend() {
        Backend::Sqlite => {
            "started > datetime('now', '-1 minute') AND finished <= datetime('now', '+1 minute')"
        }
        Backend::Postgres => {
            "started > now() - interval '1 minute' AND finished <= now() + interval '1 minute'"
        }
        Backend::MariaDb => {
            "started > UTC_TIMESTAMP() - INTERVAL 1 MINUTE AND finished <= UTC_TIMESTAMP() + INTERVAL 1 MINUTE"
        }
    };
    let row = |direction: &str| {
        format!(
            "SELECT COUNT(*) AS n FROM __manage_migrations WHERE version = '20260101000000' AND app = 'edit_before' \
             AND name = '2026-01-01-000000_a' AND direction = '{direction}' AND state = 'finished' AND statement = statements \
             AND checksum LIKE 'sql-1-sha256:%' AND migrated_by LIKE '%@% {}%' AND started <= finished AND {is_since}",
            std::process::id()
        )
    };
    let connection = &mut connect(&database);
    assert_eq!(number(connection, &row("apply")), 1);
    done(&project, "migrate zero");
    assert_eq!(number(connection, &row("revert")), 1);
    assert_eq!(number(connection, "SELECT COUNT(*) AS n FROM __manage_migrations"), 1);
}
