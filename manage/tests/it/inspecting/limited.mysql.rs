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
        #[max_length = 1]
        gr_e -> Nullable<Enum>,
        #[sql_name = r#"quo"te"#]
        quo_te -> Nullable<Text>,
        #[sql_name = "__hidden"]
        __hidden_ -> Nullable<Text>,
        #[sql_name = "Mixed_Case_Table"]
        Mixed_Case_Table_ -> Nullable<Text>,
        doubled -> Nullable<Integer>,
    }
}

diesel::table! {
    all_types (id) {
        id -> Unsigned<Bigint>,
        flag -> Bool,
        tiny -> Nullable<Tinyint>,
        tiny_unsigned -> Nullable<Unsigned<Tinyint>>,
        small -> Nullable<Smallint>,
        medium -> Nullable<Mediumint>,
        number -> Integer,
        number_unsigned -> Nullable<Unsigned<Integer>>,
        number_filled -> Nullable<Unsigned<Integer>>,
        big -> Nullable<Bigint>,
        real4 -> Nullable<Float>,
        real8 -> Nullable<Double>,
        real_unsigned -> Nullable<Unsigned<Double>>,
        exact -> Nullable<Decimal>,
        exact_unsigned -> Nullable<Unsigned<Decimal>>,
        flags -> Nullable<Bit>,
        #[max_length = 3]
        fixed -> Nullable<Char>,
        #[max_length = 20]
        limited -> Varchar,
        tiny_text -> Nullable<Tinytext>,
        plain -> Nullable<Text>,
        medium_text -> Nullable<Mediumtext>,
        long_text -> Nullable<Longtext>,
        #[max_length = 16]
        fixed_bytes -> Nullable<Binary>,
        #[max_length = 20]
        limited_bytes -> Nullable<Varbinary>,
        tiny_bytes -> Nullable<Tinyblob>,
        bytes -> Nullable<Blob>,
        medium_bytes -> Nullable<Mediumblob>,
        long_bytes -> Nullable<Longblob>,
        day -> Nullable<Date>,
        clock -> Nullable<Time>,
        moment -> Nullable<Datetime>,
        stamped -> Timestamp,
        in_year -> Nullable<Year>,
        document -> Nullable<Longtext>,
        #[max_length = 10]
        kind -> Enum,
        #[max_length = 3]
        options -> Nullable<Set>,
        place -> Nullable<Point>,
        shape -> Nullable<Geometry>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(Mixed_Case_Table, all_types,);
