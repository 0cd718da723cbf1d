// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Mood;

    books (id) {
        id -> Uuid,
        details -> Jsonb,
        added_at -> Timestamptz,
        tags -> Array<Nullable<Text>>,
        cover -> Nullable<Bytea>,
        pages -> Int4range,
        weight -> Nullable<Float4>,
        feeling -> Nullable<Mood>,
    }
}

diesel::table! {
    labels (id) {
        id -> Int4,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    posts (id) {
        id -> Int4,
        author_id -> Int4,
        editor_id -> Nullable<Int4>,
    }
}

diesel::table! {
    #[sql_name = "table"]
    table_ (id) {
        id -> Int4,
        user_id -> Int4,
    }
}

diesel::table! {
    tags (id) {
        id -> Int4,
        #[sql_name = "type"]
        type_ -> Int4,
        label -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Int4,
        name -> Text,
        manager_id -> Nullable<Int4>,
    }
}

diesel::joinable!(table_ -> users (user_id));
diesel::joinable!(tags -> posts (type_));

diesel::allow_tables_to_appear_in_same_query!(books, labels, posts, table_, tags, users,);
