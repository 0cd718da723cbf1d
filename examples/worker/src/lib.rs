//! A worker.

manage::commands!();
manage::migrations!("migrations");

diesel::table! {
    jobs (id) {
        id -> Integer,
        text -> Text,
        done -> Bool,
    }
}
