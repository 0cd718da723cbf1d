// It needs these features of diesel: "64-column-tables", "chrono", "numeric".

use diesel::prelude::*;

use crate::schema::{
    all_types, composite_children, composites, labels, posts, table_, tags, users, Mixed_Case_Table,
};

/// A row of the table `Mixed-Case Table`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = Mixed_Case_Table)]
#[diesel(primary_key(Id))]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct MixedCaseTable {
    pub Id: i32,
    pub type_: Option<String>,
    pub struct_: Option<String>,
    pub columns_: Option<String>,
    pub _2fa: Option<String>,
    pub with_space: Option<String>,
    // gr_e: choose a type that implements `FromSql` for enum.
    pub quo_te: Option<String>,
    pub __hidden_: Option<String>,
    pub Mixed_Case_Table_: Option<String>,
    pub doubled: Option<i32>,
}

/// A row of the table `all_types`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = all_types)]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct AllType {
    pub id: u64,
    pub flag: bool,
    pub tiny: Option<i8>,
    pub tiny_unsigned: Option<u8>,
    pub small: Option<i16>,
    // medium: choose a type that implements `FromSql` for mediumint.
    pub number: i32,
    pub number_unsigned: Option<u32>,
    pub number_filled: Option<u32>,
    pub big: Option<i64>,
    pub real4: Option<f32>,
    pub real8: Option<f64>,
    // real_unsigned: choose a type that implements `FromSql` for double.
    pub exact: Option<bigdecimal::BigDecimal>,
    // exact_unsigned: choose a type that implements `FromSql` for decimal.
    pub flags: Option<Vec<u8>>,
    pub fixed: Option<String>,
    pub limited: String,
    pub tiny_text: Option<String>,
    pub plain: Option<String>,
    pub medium_text: Option<String>,
    pub long_text: Option<String>,
    pub fixed_bytes: Option<Vec<u8>>,
    pub limited_bytes: Option<Vec<u8>>,
    pub tiny_bytes: Option<Vec<u8>>,
    pub bytes: Option<Vec<u8>>,
    pub medium_bytes: Option<Vec<u8>>,
    pub long_bytes: Option<Vec<u8>>,
    pub day: Option<chrono::NaiveDate>,
    pub clock: Option<chrono::NaiveTime>,
    pub moment: Option<chrono::NaiveDateTime>,
    pub stamped: chrono::NaiveDateTime,
    // in_year: choose a type that implements `FromSql` for year.
    pub document: Option<String>,
    // kind: choose a type that implements `FromSql` for enum.
    // options: choose a type that implements `FromSql` for set.
    // place: choose a type that implements `FromSql` for point.
    // shape: choose a type that implements `FromSql` for geometry.
}

/// A row of the table `composite_children`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composite_children)]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct CompositeChildren {
    pub id: i32,
    pub a: Option<i32>,
    pub b: Option<i32>,
}

/// A row of the table `composites`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composites)]
#[diesel(primary_key(a, b))]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct Composite {
    pub b: i32,
    pub a: i32,
    pub note: Option<String>,
}

/// A row of the table `labels`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = labels)]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct Label {
    pub id: i32,
    pub label: Option<String>,
}

/// A row of the table `posts`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = posts)]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct Post {
    pub id: i32,
    pub author_id: i32,
    pub editor_id: Option<i32>,
}

/// A row of the table `table`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = table_)]
#[diesel(belongs_to(User, foreign_key = user_id))]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct Table {
    pub id: i32,
    pub user_id: i32,
}

/// A row of the table `tags`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = tags)]
#[diesel(belongs_to(Post, foreign_key = type_))]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct Tag {
    pub id: i32,
    pub type_: i32,
    pub label: Option<String>,
}

/// People who may log in.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
#[diesel(check_for_backend(diesel::mysql::Mysql))]
pub struct User {
    pub id: i32,
    /// As they want to be called
    pub name: String,
    pub manager_id: Option<i32>,
}
