//! PostgreSQL alone, with its own types.

manage::commands!();
manage::migrations!("migrations");

pub mod stage;

/// The connection of this project.
pub type Db = manage::database::PostgresConnection;

diesel::table! {
    use diesel::sql_types::{Jsonb, Uuid};
    use crate::stage::StageType;

    visits (id) {
        id -> Uuid,
        about -> Jsonb,
        stage -> StageType,
    }
}
