manage::migrations! { sqlite3: "migrations/sqlite" }

fn main() {}
