//! The customers.

manage::commands!();
manage::migrations!("migrations");

diesel::table! {
    customers (id) {
        id -> Integer,
        name -> Text,
    }
}
