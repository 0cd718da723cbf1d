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

diesel::allow_tables_to_appear_in_same_query!(Mixed_Case_Table, all_types,);
