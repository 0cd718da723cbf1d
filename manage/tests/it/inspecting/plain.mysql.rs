// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Year"))]
    pub struct AllTypesInYearYear;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Enum"))]
    pub struct AllTypesKindEnum;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Mediumint"))]
    pub struct AllTypesMediumMediumint;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Set"))]
    pub struct AllTypesOptionsSet;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Point"))]
    pub struct AllTypesPlacePoint;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Geometry"))]
    pub struct AllTypesShapeGeometry;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(mysql_type(name = "Enum"))]
    pub struct MixedCaseTableGrEEnum;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::MixedCaseTableGrEEnum;

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
        gr_e -> Nullable<MixedCaseTableGrEEnum>,
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
    use diesel::sql_types::*;
    use super::sql_types::AllTypesMediumMediumint;
    use super::sql_types::AllTypesInYearYear;
    use super::sql_types::AllTypesKindEnum;
    use super::sql_types::AllTypesOptionsSet;
    use super::sql_types::AllTypesPlacePoint;
    use super::sql_types::AllTypesShapeGeometry;

    all_types (id) {
        id -> Unsigned<Bigint>,
        flag -> Bool,
        tiny -> Nullable<Tinyint>,
        tiny_unsigned -> Nullable<Unsigned<Tinyint>>,
        small -> Nullable<Smallint>,
        medium -> Nullable<AllTypesMediumMediumint>,
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
        in_year -> Nullable<AllTypesInYearYear>,
        document -> Nullable<Longtext>,
        #[max_length = 10]
        kind -> AllTypesKindEnum,
        #[max_length = 3]
        options -> Nullable<AllTypesOptionsSet>,
        place -> Nullable<AllTypesPlacePoint>,
        shape -> Nullable<AllTypesShapeGeometry>,
    }
}

diesel::table! {
    composite_children (id) {
        id -> Integer,
        a -> Nullable<Integer>,
        b -> Nullable<Integer>,
    }
}

diesel::table! {
    composites (a, b) {
        b -> Integer,
        a -> Integer,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    labels (id) {
        id -> Integer,
        #[max_length = 20]
        label -> Nullable<Varchar>,
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
        id -> Integer,
        #[sql_name = "type"]
        type_ -> Integer,
        #[max_length = 20]
        label -> Nullable<Varchar>,
    }
}

diesel::table! {
    users (id) {
        id -> Integer,
        #[max_length = 80]
        name -> Varchar,
        manager_id -> Nullable<Integer>,
    }
}

diesel::joinable!(table_ -> users (user_id));
diesel::joinable!(tags -> posts (type_));

diesel::allow_tables_to_appear_in_same_query!(
    Mixed_Case_Table,
    all_types,
    composite_children,
    composites,
    labels,
    posts,
    table_,
    tags,
    users,
);
