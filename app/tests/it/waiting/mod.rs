//! The fault matrix of `wait_for_db`: the program itself, on real servers, with everything that goes wrong on
//! the way to one.
//!
//! Each case says what is broken and what the program must make of it: its exit code, its reason, and that it
//! neither hangs, nor is ready too early, nor shows a secret. What holds for every case is checked in
//! [`bench::Ended`].

mod arriving;
mod bench;
mod encrypting;
mod ending;
mod handing_over;
mod linking;
mod logging_in;
mod pooling;
mod reading;
mod refusing;
mod several;

use manage_test_support::{Backend, CaseName, Need, Suite};

/// Adds a case for each kind of server that the program was built for.
fn on_both(suite: &mut Suite, name: &CaseName, case: fn(Backend)) {
    on_postgres(suite, name, move || case(Backend::Postgres));
    on_mariadb(suite, name, move || case(Backend::MariaDb));
}

fn on_postgres(suite: &mut Suite, name: &CaseName, case: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "postgres") {
        suite.needs(Need::Postgres, name.on("postgres"), case);
    }
}

fn on_postgres_with_tls(suite: &mut Suite, name: &CaseName, case: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "postgres") {
        suite.needs(Need::PostgresTls, name.on("postgres"), case);
    }
}

fn on_mariadb(suite: &mut Suite, name: &CaseName, case: impl FnOnce() + Send + 'static) {
    if cfg!(feature = "mysql") {
        suite.needs(Need::MariaDb, name.on("mariadb"), case);
    }
}
