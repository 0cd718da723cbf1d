manage::migrations!("nowhere/migrations");

fn main() {}
