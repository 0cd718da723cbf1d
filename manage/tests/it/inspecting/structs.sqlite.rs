// It needs these features of diesel: "64-column-tables", "chrono".

use diesel::prelude::*;

use crate::schema::{
    all_types, child_of_missing, child_of_row_id, composite_children, composite_implicit,
    composites, int_key, labels, posts, table_, tags, users, without_key, without_row_id,
    Mixed_Case_Table,
};

/// A row of the table `Mixed-Case Table`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = Mixed_Case_Table)]
#[diesel(primary_key(Id))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct MixedCaseTable {
    pub Id: i32,
    pub type_: Option<String>,
    pub struct_: Option<String>,
    pub columns_: Option<String>,
    pub _2fa: Option<String>,
    pub with_space: Option<String>,
    pub gr_e: Option<String>,
    pub quo_te: Option<String>,
    pub __hidden_: Option<String>,
    pub Mixed_Case_Table_: Option<String>,
}

/// A row of the table `all_types`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = all_types)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct AllType {
    pub id: Option<i32>,
    pub flag: bool,
    pub other_flag: Option<bool>,
    pub tiny: Option<bool>,
    pub small: Option<i16>,
    pub small2: Option<i16>,
    pub number: i32,
    pub number4: Option<i32>,
    pub medium: Option<i32>,
    pub big: Option<i64>,
    pub big8: Option<i64>,
    pub big_unsigned: Option<i64>,
    pub fixed: Option<String>,
    pub limited: Option<String>,
    pub native: Option<String>,
    pub plain: Option<String>,
    pub large: Option<String>,
    pub bytes: Option<Vec<u8>>,
    pub typed_bytes: Option<Vec<u8>>,
    pub untyped: Option<Vec<u8>>,
    pub real4: Option<f32>,
    pub float_number: Option<f32>,
    pub real8: Option<f64>,
    pub precise: Option<f64>,
    pub exact: Option<f64>,
    pub price: Option<f64>,
    pub day: Option<chrono::NaiveDate>,
    pub clock: Option<chrono::NaiveTime>,
    pub moment: Option<chrono::NaiveDateTime>,
    pub stamped: chrono::NaiveDateTime,
    pub place: Option<i32>,
    pub doubled: Option<i32>,
    pub tripled: Option<Vec<u8>>,
}

/// A row of the table `child_of_missing`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = child_of_missing)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct ChildOfMissing {
    pub id: Option<i32>,
    pub missing_id: Option<i32>,
}

/// A row of the table `child_of_row_id`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = child_of_row_id)]
#[diesel(belongs_to(WithoutKey, foreign_key = parent))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct ChildOfRowId {
    pub id: Option<i32>,
    pub parent: Option<i32>,
}

/// A row of the table `composite_children`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composite_children)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct CompositeChildren {
    pub id: Option<i32>,
    pub a: Option<i32>,
    pub b: Option<i32>,
}

/// A row of the table `composite_implicit`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composite_implicit)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct CompositeImplicit {
    pub id: Option<i32>,
    pub a: Option<i32>,
    pub b: Option<i32>,
}

/// A row of the table `composites`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = composites)]
#[diesel(primary_key(b, a))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct Composite {
    pub b: i32,
    pub a: i32,
    pub note: Option<String>,
}

/// A row of the table `int_key`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = int_key)]
#[diesel(belongs_to(User, foreign_key = user_id))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct IntKey {
    pub id: Option<i32>,
    pub user_id: Option<i32>,
}

/// A row of the table `labels`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = labels)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct Label {
    pub id: String,
    pub label: Option<String>,
}

/// A row of the table `posts`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = posts)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct Post {
    pub id: i32,
    pub author_id: i32,
    pub editor_id: Option<i32>,
}

/// A row of the table `table`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = table_)]
#[diesel(belongs_to(User, foreign_key = user_id))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct Table {
    pub id: i32,
    pub user_id: i32,
}

/// A row of the table `tags`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = tags)]
#[diesel(belongs_to(Post, foreign_key = type_))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct Tag {
    pub id: Option<i32>,
    pub type_: i32,
    pub label: Option<String>,
}

/// A row of the table `users`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct User {
    pub id: i32,
    pub name: String,
    pub manager_id: Option<i32>,
}

/// A row of the table `without_key`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = without_key)]
#[diesel(primary_key(oid))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct WithoutKey {
    pub oid: i32,
    pub name: Option<String>,
    pub rowid: Option<String>,
}

/// A row of the table `without_row_id`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = without_row_id)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct WithoutRowId {
    pub id: i32,
    pub name: Option<String>,
}
