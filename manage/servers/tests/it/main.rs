//! The servers, the suite and the program runner, tried on themselves.

#[cfg(unix)]
mod ends;
#[cfg(unix)]
mod inside;
#[cfg(unix)]
mod mariadb;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod proxy;
#[cfg(unix)]
mod suite;
#[cfg(unix)]
mod tls;

/// Which other program than the tests this one shall be, for the tests that start it.
#[cfg(unix)]
const ROLE: &str = "MANAGE_SERVERS_ROLE";

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("holder") => return ends::hold(),
        Ok("small suite") => return suite::small(),
        _ => {}
    }
    let mut suite = manage_test_servers::Suite::new();
    postgres::add(&mut suite);
    mariadb::add(&mut suite);
    tls::add(&mut suite);
    inside::add(&mut suite);
    ends::add(&mut suite);
    program::add(&mut suite);
    proxy::add(&mut suite);
    suite::add(&mut suite);
    suite.run()
}

#[cfg(not(unix))]
fn main() {}
