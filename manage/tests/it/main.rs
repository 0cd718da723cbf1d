//! The framework from the outside: command lines in, text and exit codes out, and real databases below.

mod backends;
mod checks;
mod connecting;
mod databases;
mod dispatch;
mod errors;
mod help;
mod locking;
mod management;
mod migrating;
mod output;
mod pools;
mod project;
mod refusals;
#[cfg(feature = "async")]
mod runtimes;
mod settings;
mod startcommand;
mod things;
mod tls;
mod transactions;
mod waiting;

fn main() -> std::process::ExitCode {
    let mut suite = manage_test_servers::Suite::new();
    checks::add(&mut suite);
    connecting::add(&mut suite);
    databases::add(&mut suite);
    dispatch::add(&mut suite);
    errors::add(&mut suite);
    help::add(&mut suite);
    locking::add(&mut suite);
    migrating::add(&mut suite);
    output::add(&mut suite);
    pools::add(&mut suite);
    refusals::add(&mut suite);
    #[cfg(feature = "async")]
    runtimes::add(&mut suite);
    settings::add(&mut suite);
    startcommand::add(&mut suite);
    tls::add(&mut suite);
    transactions::add(&mut suite);
    waiting::add(&mut suite);
    suite.run()
}
