// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "address"))]
    pub struct Address;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "float_range"))]
    pub struct FloatRange;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "name", schema = "pg_catalog"))]
    pub struct Name;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "OddName"))]
    pub struct OddName;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "point", schema = "pg_catalog"))]
    pub struct Point;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "polygon", schema = "pg_catalog"))]
    pub struct Polygon;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "regclass", schema = "pg_catalog"))]
    pub struct Regclass;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "state", schema = "shop"))]
    pub struct State;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "timetz", schema = "pg_catalog"))]
    pub struct Timetz;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsquery", schema = "pg_catalog"))]
    pub struct Tsquery;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
    pub struct Tsvector;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "varbit", schema = "pg_catalog"))]
    pub struct Varbit;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "xml", schema = "pg_catalog"))]
    pub struct Xml;
}

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
    use diesel::sql_types::*;
    use super::sql_types::Name;
    use super::sql_types::Timetz;
    use super::sql_types::Xml;
    use super::sql_types::Regclass;
    use super::sql_types::Varbit;
    use super::sql_types::Tsvector;
    use super::sql_types::Tsquery;
    use super::sql_types::Point;
    use super::sql_types::Polygon;
    use super::sql_types::FloatRange;
    use super::sql_types::Mood;
    use super::sql_types::OddName;
    use super::sql_types::Address;
    use super::sql_types::State;

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

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Mood;
    use super::sql_types::State;

    arrays (id) {
        id -> Int4,
        numbers -> Array<Nullable<Int4>>,
        texts -> Nullable<Array<Nullable<Text>>>,
        limited -> Nullable<Array<Nullable<Varchar>>>,
        matrix -> Nullable<Array<Nullable<Float8>>>,
        feelings -> Nullable<Array<Nullable<Mood>>>,
        states -> Array<Nullable<State>>,
        double_id -> Nullable<Int4>,
    }
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
    composite_children (id) {
        id -> Int4,
        a -> Nullable<Int4>,
        b -> Nullable<Int4>,
    }
}

diesel::table! {
    composites (a, b) {
        b -> Int4,
        a -> Int4,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    dropped (id) {
        id -> Int4,
        kept -> Nullable<Text>,
    }
}

diesel::table! {
    labels (id) {
        id -> Int4,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    mutual_a (id) {
        id -> Int4,
        b_id -> Nullable<Int4>,
    }
}

diesel::table! {
    mutual_b (id) {
        id -> Int4,
        a_id -> Nullable<Int4>,
    }
}

diesel::table! {
    parted (id, day) {
        id -> Int4,
        day -> Date,
    }
}

diesel::table! {
    parted_2026 (id, day) {
        id -> Int4,
        day -> Date,
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

diesel::allow_tables_to_appear_in_same_query!(
    Mixed_Case_Table,
    all_types,
    arrays,
    books,
    composite_children,
    composites,
    dropped,
    labels,
    mutual_a,
    mutual_b,
    parted,
    parted_2026,
    posts,
    table_,
    tags,
    users,
);
