//! The program, from the outside, on every kind of database. MariaDB takes part with the feature `mysql`.

#[cfg(unix)]
mod audit;
mod blog;
#[cfg(unix)]
mod check_pages;
#[cfg(unix)]
mod completion;
#[cfg(unix)]
mod compose;
#[cfg(unix)]
mod delete_drafts;
mod documents;
mod from_django;
#[cfg(unix)]
mod import_posts;
#[cfg(unix)]
mod network;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod project;
#[cfg(unix)]
mod publish;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod rounds;
mod services;
mod waiting;
#[cfg(unix)]
mod writers;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let mut suite = manage_test_servers::Suite::new();
    audit::add(&mut suite);
    blog::add(&mut suite);
    delete_drafts::add(&mut suite);
    import_posts::add(&mut suite);
    publish::add(&mut suite);
    completion::add(&mut suite);
    check_pages::add(&mut suite);
    compose::add(&mut suite);
    program::add(&mut suite);
    network::add(&mut suite);
    from_django::add(&mut suite);
    readme::add(&mut suite);
    rounds::add(&mut suite);
    services::add(&mut suite);
    waiting::add(&mut suite);
    writers::add(&mut suite);
    suite.run()
}

#[cfg(not(unix))]
fn main() {}
