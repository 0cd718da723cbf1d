//! Commands alone, on SQLite.

manage::commands!();
manage::migrations!("migrations");

diesel::table! {
    notes (id) {
        id -> Integer,
        text -> Text,
    }
}
