//! The framework from the outside: command lines in, text and exit codes out, and real databases below.

mod arguments;
#[cfg(feature = "terminal")]
mod asking;
#[cfg(all(feature = "runserver", feature = "sqlite", feature = "postgres"))]
mod async_pools;
mod backends;
mod batches;
mod book;
#[cfg(all(feature = "runserver", feature = "sqlite", feature = "postgres", debug_assertions))]
mod browsing;
mod calling;
#[cfg(feature = "async")]
mod calling_async;
mod certificates;
mod checks;
mod checks_deploy;
mod checks_docs;
mod checks_selection;
mod common_options;
mod completing;
mod connecting;
#[cfg(feature = "postgres")]
mod copying;
mod database_urls;
mod databases;
mod default_database;
mod dependencies;
#[cfg(all(unix, feature = "runserver", feature = "sqlite"))]
mod deploying;
mod dispatch;
mod elsewhere;
mod env_arguments;
mod env_files;
mod env_files_compared;
mod errors;
mod exit_codes;
#[cfg(feature = "sqlite")]
mod foreign_texts;
mod fuzz;
#[cfg(all(feature = "runserver", feature = "sqlite", feature = "postgres"))]
mod handlers;
#[cfg(all(feature = "runserver", feature = "sqlite", feature = "postgres"))]
mod health;
mod help;
mod hooks;
#[cfg(feature = "postgres")]
mod idle_sessions;
#[cfg(all(feature = "schema", feature = "sqlite"))]
mod inspecting;
mod isolating;
mod isolation_rounds;
#[cfg(feature = "postgres")]
mod kept_statements;
mod kitchen;
mod layers;
#[cfg(unix)]
mod libpq;
#[cfg(all(unix, feature = "postgres"))]
mod libpq_servers;
mod linting;
#[cfg(all(feature = "lint", feature = "mysql"))]
mod linting_mariadb;
mod linting_marks;
#[cfg(all(feature = "postgres", feature = "squawk"))]
mod linting_squawk;
#[cfg(feature = "sqlite")]
mod lock_files;
mod locking;
mod macro_pages;
#[cfg(all(feature = "schema", feature = "sqlite"))]
mod making;
mod management;
#[cfg(all(unix, feature = "postgres"))]
mod middle;
mod migrating;
mod migration_apps;
mod migration_databases;
mod migration_deadlocks;
mod migration_dumps;
mod migration_failures;
mod migration_files;
mod migration_integrity;
mod migration_keys;
mod migration_locks;
mod migration_reindexing;
mod migration_resuming;
#[cfg(unix)]
mod migration_rounds;
mod migration_sessions;
#[cfg(unix)]
mod migration_signals;
mod misplaced;
#[cfg(feature = "mysql")]
mod mysql_sessions;
#[cfg(feature = "mysql")]
mod mysql_statements;
#[cfg(all(feature = "runserver", not(debug_assertions)))]
mod no_pages;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod one_database;
mod origins;
mod output;
mod own_main;
#[cfg(all(feature = "runserver", feature = "sqlite", feature = "postgres", debug_assertions))]
mod pages;
mod pool_checks;
mod pool_limits;
mod pooling;
mod pools;
mod printing;
mod profiling;
mod project;
mod public_api;
mod random;
mod reference;
mod refusals;
#[cfg(feature = "reload")]
mod reloading;
mod reused_databases;
#[cfg(feature = "runserver")]
mod routing;
#[cfg(feature = "async")]
mod runtimes;
mod rust_version;
mod secret_arguments;
#[cfg(unix)]
mod secret_files;
mod secrets;
mod security_document;
mod server_errors;
mod service_secrets;
#[cfg(feature = "runserver")]
mod serving;
#[cfg(all(target_os = "linux", feature = "runserver"))]
mod serving_deployed;
#[cfg(feature = "runserver")]
mod serving_hosts;
#[cfg(feature = "http2")]
mod serving_http2;
#[cfg(feature = "runserver")]
mod serving_json;
#[cfg(feature = "runserver")]
mod serving_limits;
#[cfg(feature = "runserver")]
mod serving_production;
#[cfg(all(unix, feature = "runserver"))]
mod serving_socket;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite_statements;
#[cfg(feature = "sqlite")]
mod sqlite_writers;
#[cfg(feature = "sqlite")]
mod sqlmigrate;
#[cfg(all(feature = "schema", feature = "sqlite"))]
mod squashing;
#[cfg(all(unix, feature = "startapp"))]
mod startapp;
mod startcommand;
#[cfg(feature = "postgres")]
mod statement_sessions;
#[cfg(all(feature = "runserver", feature = "sqlite", feature = "postgres"))]
mod statement_time;
#[cfg(feature = "postgres")]
mod statements;
#[cfg(feature = "static")]
mod static_files;
mod stopping;
mod test_databases;
mod testing;
mod things;
mod tls;
#[cfg(all(feature = "runserver", feature = "tracing"))]
mod traced_events;
mod transactions;
#[cfg(all(unix, feature = "postgres"))]
mod trust;
mod unmigrated;
mod waiting;
mod written_files;

// Where the printed structs look for their tables.
#[cfg(all(feature = "schema", feature = "sqlite", feature = "postgres"))]
use inspecting::schema;

#[manage_test_support::case]
fn every_file_is_named() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    assert_eq!(manage_test_support::unnamed_files(&tests), [] as [std::path::PathBuf; 0]);
}

fn main() -> std::process::ExitCode {
    if test_databases::hold() {
        return std::process::ExitCode::SUCCESS;
    }
    // Tests of what ends a process start this program again, as a project's own.
    if stopping::is_program() || std::env::var_os(project::AS_PROGRAM).is_some() {
        let is_bare = std::env::var_os(project::AS_PROGRAM).is_some_and(|value| value == "bare");
        #[cfg(all(feature = "runserver", feature = "tracing"))]
        traced_events::subscribe();
        return manage::Program::new(if is_bare { &[] } else { &["it"] }).main();
    }
    if let Some(exit) = own_main::run() {
        return exit;
    }
    #[cfg(unix)]
    if let Some(exit) = migration_rounds::run() {
        return exit;
    }
    manage_test_support::Suite::of_cases().run()
}
