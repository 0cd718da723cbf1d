//! The framework from the outside: command lines in, text and exit codes out, and real databases below.

mod arguments;
#[cfg(feature = "terminal")]
mod asking;
#[cfg(feature = "terminal")]
mod asking_terminal;
mod backends;
mod calling;
#[cfg(feature = "async")]
mod calling_async;
mod certificates;
mod checks;
mod checks_deploy;
mod checks_docs;
mod checks_selection;
mod completing;
mod connecting;
mod database_urls;
mod databases;
mod default_database;
mod dispatch;
mod elsewhere;
mod env_files;
mod env_files_compared;
mod errors;
mod help;
mod hooks;
mod isolating;
mod isolation_rounds;
mod kitchen;
#[cfg(unix)]
mod libpq;
#[cfg(all(unix, feature = "postgres"))]
mod libpq_servers;
mod locking;
mod management;
mod migrating;
mod migration_failures;
mod migration_files;
mod migration_keys;
mod migration_sessions;
#[cfg(feature = "mysql")]
mod mysql_sessions;
mod origins;
mod output;
mod pooling;
mod pools;
mod printing;
mod profiling;
mod project;
mod random;
mod reference;
mod refusals;
#[cfg(feature = "async")]
mod runtimes;
mod secrets;
mod server_errors;
#[cfg(feature = "runserver")]
mod serving;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite_writers;
mod startcommand;
mod stopping;
mod test_databases;
mod testing;
mod things;
mod tls;
mod transactions;
mod unmigrated;
mod waiting;

fn main() -> std::process::ExitCode {
    if test_databases::hold() {
        return std::process::ExitCode::SUCCESS;
    }
    // Tests of what ends a process start this program again, as a project's own.
    if stopping::is_program() || std::env::var_os(project::AS_PROGRAM).is_some() {
        return manage::Program::new(&["it"]).main();
    }
    let mut suite = manage_test_servers::Suite::new();
    #[cfg(feature = "terminal")]
    {
        asking::add(&mut suite);
        asking_terminal::add(&mut suite);
    }
    arguments::add(&mut suite);
    calling::add(&mut suite);
    #[cfg(feature = "async")]
    calling_async::add(&mut suite);
    certificates::add(&mut suite);
    checks::add(&mut suite);
    checks_deploy::add(&mut suite);
    checks_docs::add(&mut suite);
    checks_selection::add(&mut suite);
    completing::add(&mut suite);
    connecting::add(&mut suite);
    database_urls::add(&mut suite);
    databases::add(&mut suite);
    default_database::add(&mut suite);
    dispatch::add(&mut suite);
    elsewhere::add(&mut suite);
    env_files::add(&mut suite);
    env_files_compared::add(&mut suite);
    errors::add(&mut suite);
    help::add(&mut suite);
    hooks::add(&mut suite);
    isolating::add(&mut suite);
    isolation_rounds::add(&mut suite);
    #[cfg(unix)]
    libpq::add(&mut suite);
    #[cfg(all(unix, feature = "postgres"))]
    libpq_servers::add(&mut suite);
    locking::add(&mut suite);
    migrating::add(&mut suite);
    migration_failures::add(&mut suite);
    migration_files::add(&mut suite);
    migration_keys::add(&mut suite);
    migration_sessions::add(&mut suite);
    origins::add(&mut suite);
    #[cfg(feature = "mysql")]
    mysql_sessions::add(&mut suite);
    output::add(&mut suite);
    printing::add(&mut suite);
    pools::add(&mut suite);
    reference::add(&mut suite);
    profiling::add(&mut suite);
    refusals::add(&mut suite);
    #[cfg(feature = "async")]
    runtimes::add(&mut suite);
    secrets::add(&mut suite);
    #[cfg(feature = "runserver")]
    serving::add(&mut suite);
    server_errors::add(&mut suite);
    settings::add(&mut suite);
    #[cfg(feature = "sqlite")]
    sqlite_writers::add(&mut suite);
    startcommand::add(&mut suite);
    test_databases::add(&mut suite);
    testing::add(&mut suite);
    stopping::add(&mut suite);
    tls::add(&mut suite);
    transactions::add(&mut suite);
    unmigrated::add(&mut suite);
    waiting::add(&mut suite);
    suite.run()
}
