//! `makemigrations`: decimal numbers, whose precision `schema.rs` does not have.

use manage_test_support::{Backend, case};

use super::{done, emptied, newest, package, project, text, with_schema};

#[case]
fn their_precision_on_mysql_is_left_to_the_author() {
    let database = emptied(Backend::Sqlite);
    let schema =
        "table! { items { id -> Text, price -> Numeric, tax -> Nullable<Decimal>, size -> Double, } }";
    with_schema("decimals", schema);
    let project = project(&["decimals"], &database);
    let ran = done(&project, "makemigrations");
    let notes: Vec<&str> = ran.out.lines().filter_map(|line| line.strip_prefix("    Note: ")).collect();
    let note =
        |column| format!("MySQL's DECIMAL is DECIMAL(10,0): write the precision and the scale of {column}.");
    assert_eq!(notes, [note("price"), note("tax")], "{}", ran.out);
    let migration = newest(&package("decimals").join("migrations/mysql"));
    assert!(
        text(&migration, "up.sql").contains("`price` NUMERIC NOT NULL"),
        "{}",
        text(&migration, "up.sql")
    );
}
