// @generated automatically by Diesel CLI.

diesel::table! {
    #[sql_name = "Mixed-Case Table"]
    Mixed_Case_Table (Id) {
        Id -> Int4,
        #[sql_name = "type"]
        type_ -> Nullable<Text>,
        #[sql_name = "struct"]
        struct_ -> Nullable<Text>,
        #[sql_name = "columns"]
        columns_ -> Nullable<Text>,
        #[sql_name = "is_nullable"]
        is_nullable_ -> Nullable<Text>,
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
        #[sql_name = "Mixed-Case Table"]
        Mixed_Case_Table_ -> Nullable<Text>,
        #[sql_name = "Mixed_Case_Table"]
        Mixed_Case_Table_ -> Nullable<Text>,
    }
}

diesel::table! {
    all_types (id) {
        id -> Int8,
        small -> Int2,
        number -> Nullable<Int4>,
        big -> Nullable<Int8>,
        real4 -> Nullable<Float4>,
        real8 -> Nullable<Float8>,
        exact -> Nullable<Numeric>,
        price -> Nullable<Money>,
        flag -> Bool,
        plain -> Nullable<Text>,
        #[max_length = 20]
        limited -> Varchar,
        unlimited -> Nullable<Varchar>,
        #[max_length = 3]
        fixed -> Nullable<Bpchar>,
        #[max_length = 1]
        one -> Nullable<Bpchar>,
        internal -> Nullable<Char>,
        called -> Nullable<Name>,
        raw -> Nullable<Bytea>,
        day -> Nullable<Date>,
        moment -> Nullable<Timestamp>,
        moment_with_zone -> Timestamptz,
        clock -> Nullable<Time>,
        clock_with_zone -> Nullable<Timetz>,
        span -> Nullable<Interval>,
        unique_id -> Nullable<Uuid>,
        old_json -> Nullable<Json>,
        new_json -> Nullable<Jsonb>,
        markup -> Nullable<Xml>,
        host -> Nullable<Inet>,
        network -> Nullable<Cidr>,
        mac -> Nullable<Macaddr>,
        mac8 -> Nullable<Macaddr8>,
        object -> Nullable<Oid>,
        class -> Nullable<Regclass>,
        position -> Nullable<PgLsn>,
        #[max_length = 4]
        flags -> Nullable<Bit>,
        #[max_length = 8]
        more_flags -> Nullable<Varbit>,
        words -> Nullable<Tsvector>,
        search -> Nullable<Tsquery>,
        place -> Nullable<Point>,
        shape -> Nullable<Polygon>,
        numbers -> Nullable<Int4range>,
        bigs -> Nullable<Int8range>,
        exacts -> Nullable<Numrange>,
        days -> Nullable<Daterange>,
        moments -> Nullable<Tsrange>,
        moments_with_zone -> Nullable<Tstzrange>,
        floats -> Nullable<FloatRange>,
        feeling -> Mood,
        odd -> Nullable<OddName>,
        home -> Nullable<Address>,
        #[max_length = 80]
        contact -> Varchar,
        points -> Nullable<Int4>,
        order -> Nullable<State>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(Mixed_Case_Table, all_types,);
