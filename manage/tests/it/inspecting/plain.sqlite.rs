// @generated automatically by Diesel CLI.

diesel::table! {
    #[sql_name = "Mixed-Case Table"]
    Mixed_Case_Table (Id) {
        Id -> Integer,
        #[sql_name = "type"]
        type_ -> Nullable<Text>,
        #[sql_name = "struct"]
        struct_ -> Nullable<Text>,
        #[sql_name = "columns"]
        columns_ -> Nullable<Text>,
        #[sql_name = "2fa"]
        _2fa -> Nullable<Text>,
        #[sql_name = "with space"]
        with_space -> Nullable<Text>,
        #[sql_name = "größe"]
        gr_e -> Nullable<Text>,
        #[sql_name = r#"quo"te"#]
        quo_te -> Nullable<Text>,
        #[sql_name = "__hidden"]
        __hidden_ -> Nullable<Text>,
        #[sql_name = "Mixed_Case_Table"]
        Mixed_Case_Table_ -> Nullable<Text>,
    }
}

diesel::table! {
    all_types (id) {
        id -> Nullable<Integer>,
        flag -> Bool,
        other_flag -> Nullable<Bool>,
        tiny -> Nullable<Bool>,
        small -> Nullable<SmallInt>,
        small2 -> Nullable<SmallInt>,
        number -> Integer,
        number4 -> Nullable<Integer>,
        medium -> Nullable<Integer>,
        big -> Nullable<BigInt>,
        big8 -> Nullable<BigInt>,
        big_unsigned -> Nullable<BigInt>,
        fixed -> Nullable<Text>,
        limited -> Nullable<Text>,
        native -> Nullable<Text>,
        plain -> Nullable<Text>,
        large -> Nullable<Text>,
        bytes -> Nullable<Binary>,
        typed_bytes -> Nullable<Binary>,
        untyped -> Nullable<Binary>,
        real4 -> Nullable<Float>,
        float_number -> Nullable<Float>,
        real8 -> Nullable<Double>,
        precise -> Nullable<Double>,
        exact -> Nullable<Double>,
        price -> Nullable<Double>,
        day -> Nullable<Date>,
        clock -> Nullable<Time>,
        moment -> Nullable<Timestamp>,
        stamped -> Timestamp,
        place -> Nullable<Integer>,
        doubled -> Nullable<Integer>,
        tripled -> Nullable<Binary>,
    }
}

diesel::table! {
    child_of_missing (id) {
        id -> Nullable<Integer>,
        missing_id -> Nullable<Integer>,
    }
}

diesel::table! {
    child_of_row_id (id) {
        id -> Nullable<Integer>,
        parent -> Nullable<Integer>,
    }
}

diesel::table! {
    composite_children (id) {
        id -> Nullable<Integer>,
        a -> Nullable<Integer>,
        b -> Nullable<Integer>,
    }
}

diesel::table! {
    composite_implicit (id) {
        id -> Nullable<Integer>,
        a -> Nullable<Integer>,
        b -> Nullable<Integer>,
    }
}

diesel::table! {
    composites (b, a) {
        b -> Integer,
        a -> Integer,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    int_key (id) {
        id -> Nullable<Integer>,
        user_id -> Nullable<Integer>,
    }
}

diesel::table! {
    labels (id) {
        id -> Text,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    posts (id) {
        id -> Integer,
        author_id -> Integer,
        editor_id -> Nullable<Integer>,
    }
}

diesel::table! {
    #[sql_name = "table"]
    table_ (id) {
        id -> Integer,
        user_id -> Integer,
    }
}

diesel::table! {
    tags (id) {
        id -> Nullable<Integer>,
        #[sql_name = "type"]
        type_ -> Integer,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    users (id) {
        id -> Integer,
        name -> Text,
        manager_id -> Nullable<Integer>,
    }
}

diesel::table! {
    without_key (oid) {
        oid -> Integer,
        name -> Nullable<Text>,
        rowid -> Nullable<Text>,
    }
}

diesel::table! {
    without_row_id (id) {
        id -> Integer,
        name -> Nullable<Text>,
    }
}

diesel::joinable!(child_of_row_id -> without_key (parent));
diesel::joinable!(int_key -> users (user_id));
diesel::joinable!(table_ -> users (user_id));
diesel::joinable!(tags -> posts (type_));

diesel::allow_tables_to_appear_in_same_query!(
    Mixed_Case_Table,
    all_types,
    child_of_missing,
    child_of_row_id,
    composite_children,
    composite_implicit,
    composites,
    int_key,
    labels,
    posts,
    table_,
    tags,
    users,
    without_key,
    without_row_id,
);
