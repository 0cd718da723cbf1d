//! One query with Diesel's own connection, as a process: connect, read a row, print it, end.

use diesel::prelude::*;

diesel::table! {
    items (id) {
        id -> Integer,
        title -> Text,
    }
}

fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL is set");
    let title = match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres") => {
            let mut connection = PgConnection::establish(&url).expect("a connection");
            items::table.find(1).select(items::title).first::<String>(&mut connection)
        }
        Some("mysql") => {
            let mut connection = MysqlConnection::establish(&url).expect("a connection");
            items::table.find(1).select(items::title).first::<String>(&mut connection)
        }
        _ => {
            let file = url.trim_start_matches("sqlite://");
            let mut connection = SqliteConnection::establish(file).expect("a connection");
            items::table.find(1).select(items::title).first::<String>(&mut connection)
        }
    };
    println!("{}", title.expect("a row"));
}
