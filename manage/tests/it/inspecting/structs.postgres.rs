// It needs these features of diesel: "64-column-tables", "chrono", "ipnet-address", "numeric", "serde_json", "uuid".

use diesel::prelude::*;

use crate::schema::{
    all_types, arrays, books, composite_children, composites, dropped, labels, mutual_a, mutual_b,
    parted, parted_2026, posts, table_, tags, users, Mixed_Case_Table,
};

/// A row of the table `Mixed-Case Table`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = Mixed_Case_Table)]
#[diesel(primary_key(Id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct MixedCaseTable {
    pub Id: i32,
    pub type_: Option<String>,
    pub struct_: Option<String>,
    pub columns_: Option<String>,
    pub is_nullable_: Option<String>,
    pub _2fa: Option<String>,
    pub with_space: Option<String>,
    pub gr_e: Option<String>,
    pub quo_te: Option<String>,
    pub __hidden_: Option<String>,
    pub Mixed_Case_Table_: Option<String>,
    pub Mixed_Case_Table_: Option<String>,
}

/// A row of the table `all_types`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = all_types)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct AllType {
    pub id: i64,
    pub small: i16,
    pub number: Option<i32>,
    pub big: Option<i64>,
    pub real4: Option<f32>,
    pub real8: Option<f64>,
    pub exact: Option<bigdecimal::BigDecimal>,
    pub price: Option<diesel::data_types::Cents>,
    pub flag: bool,
    pub plain: Option<String>,
    pub limited: String,
    pub unlimited: Option<String>,
    pub fixed: Option<String>,
    pub one: Option<String>,
    pub internal: Option<String>,
    // called: choose a type that implements `FromSql` for name.
    pub raw: Option<Vec<u8>>,
    pub day: Option<chrono::NaiveDate>,
    pub moment: Option<chrono::NaiveDateTime>,
    pub moment_with_zone: chrono::DateTime<chrono::Utc>,
    pub clock: Option<chrono::NaiveTime>,
    // clock_with_zone: choose a type that implements `FromSql` for timetz.
    pub span: Option<diesel::data_types::PgInterval>,
    pub unique_id: Option<uuid::Uuid>,
    pub old_json: Option<serde_json::Value>,
    pub new_json: Option<serde_json::Value>,
    // markup: choose a type that implements `FromSql` for xml.
    pub host: Option<ipnet::IpNet>,
    pub network: Option<ipnet::IpNet>,
    pub mac: Option<[u8; 6]>,
    pub mac8: Option<[u8; 8]>,
    pub object: Option<u32>,
    // class: choose a type that implements `FromSql` for regclass.
    pub position: Option<diesel::data_types::PgLsn>,
    // flags: choose a type that implements `FromSql` for bit.
    // more_flags: choose a type that implements `FromSql` for varbit.
    // words: choose a type that implements `FromSql` for tsvector.
    // search: choose a type that implements `FromSql` for tsquery.
    // place: choose a type that implements `FromSql` for point.
    // shape: choose a type that implements `FromSql` for polygon.
    pub numbers: Option<(std::ops::Bound<i32>, std::ops::Bound<i32>)>,
    pub bigs: Option<(std::ops::Bound<i64>, std::ops::Bound<i64>)>,
    pub exacts: Option<(
        std::ops::Bound<bigdecimal::BigDecimal>,
        std::ops::Bound<bigdecimal::BigDecimal>,
    )>,
    pub days: Option<(
        std::ops::Bound<chrono::NaiveDate>,
        std::ops::Bound<chrono::NaiveDate>,
    )>,
    pub moments: Option<(
        std::ops::Bound<chrono::NaiveDateTime>,
        std::ops::Bound<chrono::NaiveDateTime>,
    )>,
    pub moments_with_zone: Option<(
        std::ops::Bound<chrono::DateTime<chrono::Utc>>,
        std::ops::Bound<chrono::DateTime<chrono::Utc>>,
    )>,
    // floats: choose a type that implements `FromSql` for float_range.
    // feeling: choose a type that implements `FromSql` for mood.
    // odd: choose a type that implements `FromSql` for OddName.
    // home: choose a type that implements `FromSql` for address.
    pub contact: String,
    pub points: Option<i32>,
    // order: choose a type that implements `FromSql` for state.
}

/// A row of the table `arrays`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = arrays)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Array {
    pub id: i32,
    pub numbers: Vec<Option<i32>>,
    pub texts: Option<Vec<Option<String>>>,
    pub limited: Option<Vec<Option<String>>>,
    pub matrix: Option<Vec<Option<f64>>>,
    // feelings: choose a type that implements `FromSql` for mood.
    // states: choose a type that implements `FromSql` for state.
    pub double_id: Option<i32>,
}

/// A row of the table `books`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = books)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Book {
    pub id: uuid::Uuid,
    pub details: serde_json::Value,
    pub added_at: chrono::DateTime<chrono::Utc>,
    pub tags: Vec<Option<String>>,
    pub cover: Option<Vec<u8>>,
    pub pages: (std::ops::Bound<i32>, std::ops::Bound<i32>),
    pub weight: Option<f32>,
    // feeling: choose a type that implements `FromSql` for mood.
}

/// A row of the table `composite_children`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composite_children)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct CompositeChildren {
    pub id: i32,
    pub a: Option<i32>,
    pub b: Option<i32>,
}

/// A row of the table `composites`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composites)]
#[diesel(primary_key(a, b))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Composite {
    pub b: i32,
    pub a: i32,
    pub note: Option<String>,
}

/// A row of the table `dropped`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = dropped)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Dropped {
    pub id: i32,
    pub kept: Option<String>,
}

/// A row of the table `labels`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = labels)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Label {
    pub id: i32,
    pub label: Option<String>,
}

/// A row of the table `mutual_a`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = mutual_a)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct MutualA {
    pub id: i32,
    pub b_id: Option<i32>,
}

/// A row of the table `mutual_b`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = mutual_b)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct MutualB {
    pub id: i32,
    pub a_id: Option<i32>,
}

/// A row of the table `parted`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = parted)]
#[diesel(primary_key(id, day))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Parted {
    pub id: i32,
    pub day: chrono::NaiveDate,
}

/// A row of the table `parted_2026`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = parted_2026)]
#[diesel(primary_key(id, day))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Parted2026 {
    pub id: i32,
    pub day: chrono::NaiveDate,
}

/// A row of the table `posts`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = posts)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Post {
    pub id: i32,
    pub author_id: i32,
    pub editor_id: Option<i32>,
}

/// A row of the table `table`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = table_)]
#[diesel(belongs_to(User, foreign_key = user_id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Table {
    pub id: i32,
    pub user_id: i32,
}

/// A row of the table `tags`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = tags)]
#[diesel(belongs_to(Post, foreign_key = type_))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Tag {
    pub id: i32,
    pub type_: i32,
    pub label: String,
}

/// People who may log in.
///
/// The second paragraph.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct User {
    pub id: i32,
    /// As they want to be called
    pub name: String,
    pub manager_id: Option<i32>,
}
