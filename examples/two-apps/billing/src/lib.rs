//! An app of its own: its tables, and a command that works with them.

manage::commands!();
manage::migrations!("migrations");

diesel::table! {
    invoices (id) {
        id -> Integer,
        customer_id -> Integer,
        cents -> Integer,
    }
}
