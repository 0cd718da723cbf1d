//! The program, from the outside, on every kind of database. MariaDB takes part with the feature `mysql`.

#[cfg(unix)]
mod blog;
#[cfg(unix)]
mod check_pages;
#[cfg(unix)]
mod import_posts;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod project;
#[cfg(unix)]
mod publish;
#[cfg(unix)]
mod readme;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let mut suite = manage_test_servers::Suite::new();
    blog::add(&mut suite);
    import_posts::add(&mut suite);
    publish::add(&mut suite);
    check_pages::add(&mut suite);
    program::add(&mut suite);
    readme::add(&mut suite);
    suite.run()
}

#[cfg(not(unix))]
fn main() {}
