// It needs these features of diesel: "chrono", "serde_json", "uuid".

use diesel::prelude::*;

use crate::schema::{books, labels, posts, table_, tags, users};

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

/// A row of the table `labels`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = labels)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Label {
    pub id: i32,
    pub label: Option<String>,
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
