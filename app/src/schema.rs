// @generated automatically by Diesel CLI.

diesel::table! {
    articles (id) {
        id -> Int4,
        #[max_length = 200]
        slug -> Varchar,
        #[max_length = 200]
        title -> Varchar,
        body -> Text,
        published_at -> Nullable<Timestamp>,
        source_file -> Nullable<Text>,
    }
}
