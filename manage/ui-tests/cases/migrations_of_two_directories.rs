manage::migrations!("migrations/sqlite", "migrations/mysql");

fn main() {}
