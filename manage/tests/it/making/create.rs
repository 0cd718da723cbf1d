diesel::table! {
    kept (id) {
        id -> Integer,
        title -> Text,
    }
}

diesel::table! {
    posts (post_id) {
        post_id -> Integer,
        user_id -> Integer,
        title -> Text,
        body -> Nullable<Text>,
        #[max_length = 50]
        slug -> Varchar,
        is_public -> Bool,
        views -> BigInt,
        rank -> Nullable<SmallInt>,
        day -> Nullable<Date>,
        clock -> Nullable<Time>,
        published_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        #[sql_name = "type"]
        type_ -> Integer,
    }
}

diesel::table! {
    memberships (user_id, group_id) {
        user_id -> BigInt,
        group_id -> Integer,
    }
}

diesel::table! {
    groups {
        id -> Integer,
    }
}

diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(memberships -> groups (group_id));
diesel::joinable!(posts -> kept (user_id));

diesel::allow_tables_to_appear_in_same_query!(kept, posts, users, memberships, groups,);
