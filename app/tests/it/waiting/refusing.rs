//! The server is up and refuses: by every code that a login can be refused with.

use manage_test_support::{Backend, CaseName, DatabaseServer, MariaDb, Postgres, Suite, case, execute};

use super::bench::{LONG, WRONG, Wait, session, shared_url};
use super::{on_both, on_mariadb, on_postgres};

/// A login that is refused.
struct Refusal {
    name: &'static str,
    /// What makes it so, as the superuser.
    made_by: &'static [&'static str],
    user: &'static str,
    password: &'static str,
    database: &'static str,
    reason: &'static str,
    code: &'static str,
    /// Whether it is waited for.
    transient: bool,
}

const PASSWORD: &str = "right-Passw0rd";
const FINAL: bool = false;
const TRANSIENT: bool = true;

macro_rules! refusals {
    ($($name:ident: $made_by:expr, $user:literal $password:ident $database:literal => $reason:literal $code:literal $transient:ident;)+) => {
        &[$(Refusal {
            name: stringify!($name), made_by: &$made_by, user: $user, password: $password, database: $database,
            reason: $reason, code: $code, transient: $transient,
        }),+]
    };
}

#[rustfmt::skip]
const POSTGRES: &[Refusal] = refusals! {
    a_wrong_password: ["CREATE ROLE r_wrong LOGIN PASSWORD 'right-Passw0rd'"],
        "r_wrong" WRONG "postgres" => "credentials" "28P01" FINAL;
    an_unknown_user: [],
        "r_nobody" PASSWORD "postgres" => "credentials" "28P01" FINAL;
    a_missing_database: ["CREATE ROLE r_nodb LOGIN PASSWORD 'right-Passw0rd'"],
        "r_nodb" PASSWORD "r_no_such_database" => "no_database" "3D000" FINAL;
    no_right_to_connect: ["CREATE ROLE r_noright LOGIN PASSWORD 'right-Passw0rd'", "CREATE DATABASE r_closed", "REVOKE CONNECT ON DATABASE r_closed FROM PUBLIC"],
        "r_noright" PASSWORD "r_closed" => "permission" "42501" FINAL;
    a_role_that_may_not_log_in: ["CREATE ROLE r_nologin NOLOGIN PASSWORD 'right-Passw0rd'"],
        "r_nologin" PASSWORD "postgres" => "credentials" "28000" FINAL;
    a_role_that_has_expired: ["CREATE ROLE r_expired LOGIN PASSWORD 'right-Passw0rd' VALID UNTIL '2001-01-01'"],
        "r_expired" PASSWORD "postgres" => "credentials" "28P01" FINAL;
    a_role_without_a_password: ["CREATE ROLE r_empty LOGIN"],
        "r_empty" PASSWORD "postgres" => "credentials" "28P01" FINAL;
    a_role_that_may_have_no_connection: ["CREATE ROLE r_limit LOGIN PASSWORD 'right-Passw0rd' CONNECTION LIMIT 0"],
        "r_limit" PASSWORD "postgres" => "too_many_connections" "53300" TRANSIENT;
    a_database_that_may_have_no_connection: ["CREATE ROLE r_dblimit LOGIN PASSWORD 'right-Passw0rd'", "CREATE DATABASE r_full CONNECTION LIMIT 0"],
        "r_dblimit" PASSWORD "r_full" => "too_many_connections" "53300" TRANSIENT;
    a_database_that_allows_no_connections: ["CREATE ROLE r_noconn LOGIN PASSWORD 'right-Passw0rd'", "CREATE DATABASE r_shut ALLOW_CONNECTIONS false"],
        "r_noconn" PASSWORD "r_shut" => "permission" "55000" FINAL;
    a_template_that_allows_no_connections: ["CREATE ROLE r_template LOGIN PASSWORD 'right-Passw0rd'"],
        "r_template" PASSWORD "template0" => "permission" "55000" FINAL;
};

#[rustfmt::skip]
const MARIADB: &[Refusal] = refusals! {
    a_wrong_password: ["CREATE USER r_wrong IDENTIFIED BY 'right-Passw0rd'"],
        "r_wrong" WRONG "mysql" => "credentials" "1045" FINAL;
    an_unknown_user: [],
        "r_nobody" PASSWORD "mysql" => "credentials" "1045" FINAL;
    a_missing_database: ["CREATE USER r_nodb IDENTIFIED BY 'right-Passw0rd'", "GRANT ALL ON *.* TO r_nodb"],
        "r_nodb" PASSWORD "r_no_such_database" => "no_database" "1049" FINAL;
    no_right_to_the_database: ["CREATE USER r_noright IDENTIFIED BY 'right-Passw0rd'", "CREATE DATABASE r_closed"],
        "r_noright" PASSWORD "r_closed" => "permission" "1044" FINAL;
    an_account_that_is_locked: ["CREATE USER r_locked IDENTIFIED BY 'right-Passw0rd' ACCOUNT LOCK"],
        "r_locked" PASSWORD "mysql" => "credentials" "4151" FINAL;
    a_password_that_has_expired: ["CREATE USER r_expired IDENTIFIED BY 'right-Passw0rd' PASSWORD EXPIRE", "GRANT ALL ON *.* TO r_expired"],
        "r_expired" PASSWORD "mysql" => "credentials" "1820" FINAL;
    an_account_of_another_host: ["CREATE USER r_host@'10.1.2.3' IDENTIFIED BY 'right-Passw0rd'"],
        "r_host" PASSWORD "mysql" => "credentials" "1045" FINAL;
    an_account_that_demands_encryption: ["CREATE USER r_ssl IDENTIFIED BY 'right-Passw0rd' REQUIRE SSL"],
        "r_ssl" PASSWORD "mysql" => "credentials" "1045" FINAL;
    an_account_of_the_system: ["CREATE USER r_socket IDENTIFIED VIA unix_socket"],
        "r_socket" PASSWORD "mysql" => "credentials" "1698" FINAL;
};

/// A test for each row of the tables.
fn for_each_refusal(suite: &mut Suite, name: &CaseName, test: fn(Backend, &Refusal)) {
    for refusal in POSTGRES {
        on_postgres(suite, &name.row(refusal.name), move || test(Backend::Postgres, refusal));
    }
    for refusal in MARIADB {
        on_mariadb(suite, &name.row(refusal.name), move || test(Backend::MariaDb, refusal));
    }
}

#[case(for_each_refusal)]
fn is_reported(backend: Backend, refusal: &Refusal) {
    refusal.made_by.iter().for_each(|sql| execute(backend, sql));
    let url = shared_url(backend, refusal.user, refusal.password, refusal.database);
    let once = Wait::new(&url, "--once").end();
    let (reason, code) = (refusal.reason, refusal.code);
    if refusal.transient {
        once.not_ready(reason, code);
        Wait::new(&url, "").waits(reason, code);
    } else {
        once.misconfigured(reason, code);
        Wait::new(&url, "--timeout 30 --fail-fast-after 0").end().misconfigured(reason, code);
        let text = Wait::text(&url, "--timeout 30 --fail-fast-after 0").end();
        assert_eq!(text.transcript.code(), Some(78), "{}", text.transcript);
        text.says(&format!("{code}: the server is up, but ")).says("Hint: ");
    }
}

fn is_postgres(backend: Backend) -> bool {
    backend == Backend::Postgres
}

fn own_database(backend: Backend) -> &'static str {
    if is_postgres(backend) { "postgres" } else { "mysql" }
}

fn create_user(backend: Backend, user: &str, password: &str) {
    if is_postgres(backend) {
        execute(backend, &format!("CREATE ROLE {user} LOGIN PASSWORD '{}'", password.replace('\'', "''")));
    } else {
        let password = password.replace('\\', "\\\\").replace('\'', "''");
        execute(backend, &format!("CREATE USER {user} IDENTIFIED BY '{password}'"));
        execute(backend, &format!("GRANT ALL ON *.* TO {user}"));
    }
}

#[case(on_both)]
fn a_wrong_password_ends_in_each_way(backend: Backend) {
    create_user(backend, "w_each", PASSWORD);
    let url = shared_url(backend, "w_each", WRONG, own_database(backend));
    let code = if is_postgres(backend) { "28P01" } else { "1045" };
    let at_once = Wait::new(&url, "--fail-fast-after 0").end().misconfigured("credentials", code);
    assert_eq!(at_once.attempts(), 1);
    let later = Wait::new(&url, "--fail-fast-after 0.5").end().misconfigured("credentials", code);
    assert!(later.transcript.duration.as_secs_f64() >= 0.5 && later.attempts() > 1);
    // A known error is reported as such on timeout.
    Wait::new(&url, "--timeout 2").end().misconfigured("credentials", code);
    // Unless it was to be waited for like anything else.
    Wait::new(&url, "--timeout 2 --fail-fast-after never").end().failed(124, "credentials", code, false);
}

#[case(on_both)]
fn a_password_that_is_set_right_is_found(backend: Backend) {
    create_user(backend, "w_reset", "another-Passw0rd");
    let url = shared_url(backend, "w_reset", PASSWORD, own_database(backend));
    let set = if is_postgres(backend) {
        format!("ALTER ROLE w_reset PASSWORD '{PASSWORD}'")
    } else {
        format!("ALTER USER w_reset IDENTIFIED BY '{PASSWORD}'")
    };
    Wait::new(&url, "--fail-fast-after 60").end_after("credentials", || execute(backend, &set)).ready();
}

#[case(on_both)]
fn a_user_who_is_created_later_is_found(backend: Backend) {
    let url = shared_url(backend, "w_later", PASSWORD, own_database(backend));
    let wait = Wait::new(&url, "--fail-fast-after 60");
    wait.end_after("credentials", || create_user(backend, "w_later", PASSWORD)).ready();
}

#[case(on_both)]
fn a_database_that_is_created_later_is_found(backend: Backend) {
    create_user(backend, "w_dblater", PASSWORD);
    let url = shared_url(backend, "w_dblater", PASSWORD, "w_later");
    let wait = Wait::new(&url, "--fail-fast-after 60");
    wait.end_after("no_database", || execute(backend, "CREATE DATABASE w_later")).ready();
}

#[case(on_both)]
fn a_full_server_is_waited_for(backend: Backend) {
    let server = match backend {
        Backend::Postgres => {
            let builder = Postgres::builder().max_connections(4).setting("max_wal_senders = 0");
            DatabaseServer::Postgres(builder.setting("superuser_reserved_connections = 1").start().unwrap())
        }
        _ => DatabaseServer::MariaDb(MariaDb::builder().max_connections(10).start().unwrap()),
    };
    let (sql, code, count) = if is_postgres(backend) {
        (format!("CREATE ROLE crowd LOGIN PASSWORD '{PASSWORD}'"), "53300", 3)
    } else {
        (format!("CREATE USER crowd IDENTIFIED BY '{PASSWORD}'"), "1040", 10)
    };
    server.execute(&sql);
    if !is_postgres(backend) {
        server.execute("GRANT SELECT ON mysql.* TO crowd");
    }
    let url = server.url_as("127.0.0.1", "crowd", PASSWORD, server.own_database());
    let held: Vec<_> = (0..count).map(|_| session(&url)).collect();
    Wait::new(&url, "").waits("too_many_connections", code);
    Wait::new(&url, "").end_after("too_many_connections", || drop(held)).ready();
}

#[case(on_postgres)]
fn a_place_for_superusers_is_not_ours() {
    let builder = Postgres::builder().max_connections(4).setting("max_wal_senders = 0");
    let server = builder.setting("superuser_reserved_connections = 3").start().unwrap();
    server.execute(&format!("CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'"));
    let url = server.url_as("127.0.0.1", "plain", PASSWORD, "postgres");
    Wait::new(&url, "").end().ready();
    let held = session(&url);
    Wait::new(&url, "--once").end().not_ready("too_many_connections", "53300");
    Wait::new(&url, "").end_after("too_many_connections", || drop(held)).ready();
}

#[case(on_postgres)]
fn a_rule_that_rejects_is_reported() {
    let rules = ["host all plain all reject", "host postgres tester 127.0.0.1/32 scram-sha-256"];
    let server = Postgres::builder().hba(rules).start().unwrap();
    server.execute(&format!("CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'"));
    Wait::new(&server.url("postgres"), "").end().ready();
    for (user, database) in [("plain", "postgres"), ("tester", "template1")] {
        let url = server.url_as("127.0.0.1", user, PASSWORD, database);
        Wait::new(&url, "--fail-fast-after 0")
            .end()
            .misconfigured("credentials", "28000")
            .says("pg_hba.conf");
    }
}

#[case(on_both)]
fn a_password_may_have_any_character(backend: Backend) {
    for (i, password) in [":@/?#% &=+", "漢字-ünï-👍 \\'\"`$(x)"].iter().enumerate() {
        let user = format!("w_odd_{i}");
        create_user(backend, &user, password);
        Wait::new(&shared_url(backend, &user, password, own_database(backend)), "--fail-fast-after 0")
            .end()
            .ready();
        let wrong = shared_url(backend, &user, &format!("{password}x"), own_database(backend));
        let reason = if is_postgres(backend) { "28P01" } else { "1045" };
        Wait::new(&wrong, "--fail-fast-after 0").end().misconfigured("credentials", reason);
    }
}

/// A limit on statements, odd isolation levels, limits on idle sessions: none makes a ready database look
/// permanently broken.
#[case(on_both)]
fn settings_of_a_role_do_not_hinder(backend: Backend) {
    create_user(backend, "w_odd_role", PASSWORD);
    let url = shared_url(backend, "w_odd_role", PASSWORD, own_database(backend));
    if is_postgres(backend) {
        for setting in [
            "statement_timeout = '1ms'",
            "default_transaction_isolation = 'serializable'",
            "default_transaction_deferrable = on",
            // A command's own session takes several questions and answers until it can be used.
            "idle_session_timeout = '20ms'",
            "idle_in_transaction_session_timeout = '1ms'",
            "lock_timeout = '1ms'",
            "search_path = ''",
            "client_encoding = 'LATIN1'",
            "DateStyle = 'German'",
        ] {
            execute(backend, &format!("ALTER ROLE w_odd_role SET {setting}"));
        }
    } else {
        execute(backend, "ALTER USER w_odd_role WITH MAX_STATEMENT_TIME 0.001");
    }
    // A statement that the server cuts short is tried again, also where configuration error end it at once.
    Wait::new(&url, "--timeout 30 --fail-fast-after 0").end().ready();
    let mut writable = Wait::new(&url, "--timeout 600 --fail-fast-after 0 --writable").start();
    if !is_postgres(backend) {
        // There this question may take more than the millisecond each time: that is waited for until it is
        // allowed to.
        writable.running.wait_for_line("waiting", LONG);
        execute(backend, "ALTER USER w_odd_role WITH MAX_STATEMENT_TIME 0");
    }
    writable.end().ready();
}

/// Also where the server offers no encryption, which is asked for once.
#[case(on_mariadb)]
fn an_attempt_is_one_login() {
    let server = MariaDb::start().unwrap();
    let url = server.url_as("127.0.0.1", server.user(), WRONG, "mysql");
    let ended = Wait::new(&url, "--fail-fast-after 1").end().misconfigured("credentials", "1045");
    let log = server.log();
    let (denied, aborted) = (log.matches("Access denied").count(), log.matches("Aborted connection").count());
    assert!(
        denied <= usize::try_from(ended.attempts()).expect("few") && aborted <= 1,
        "{}\n{log}",
        ended.transcript
    );
    assert!(ended.attempts() > 5, "{}", ended.transcript);
}

#[case(on_mariadb)]
fn an_empty_password_is_one() {
    execute(Backend::MariaDb, "CREATE USER w_empty IDENTIFIED BY ''");
    execute(Backend::MariaDb, "GRANT ALL ON *.* TO w_empty");
    for login in ["w_empty", "w_empty:"] {
        let url = shared_url(Backend::MariaDb, "w_empty", "", "mysql").replace("w_empty:", login);
        Wait::new(&url, "--fail-fast-after 0").end().ready();
    }
}

/// The way to log in that MariaDB advises.
#[case(on_mariadb)]
fn a_login_by_ed25519() {
    let server = MariaDb::builder().setting("plugin-load-add = auth_ed25519").start().unwrap();
    server.execute(&format!("CREATE USER ed IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}')"));
    server.execute("GRANT ALL ON *.* TO ed");
    Wait::new(&server.url_as("127.0.0.1", "ed", PASSWORD, "mysql"), "--fail-fast-after 0").end().ready();
    let wrong = server.url_as("127.0.0.1", "ed", WRONG, "mysql");
    Wait::new(&wrong, "--fail-fast-after 0").end().misconfigured("credentials", "1045");
}
