// @generated automatically by Diesel CLI.

pub mod shop {
    pub mod sql_types {
        #[derive(diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "mood"))]
        pub struct Mood;

        #[derive(diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "state", schema = "shop"))]
        pub struct State;
    }

    diesel::table! {
        shop.Items (id) {
            id -> Int4,
            order_id -> Int4,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::State;
        use super::sql_types::Mood;

        shop.orders (id) {
            id -> Int4,
            state -> State,
            feeling -> Nullable<Mood>,
            user_id -> Nullable<Int4>,
        }
    }

    diesel::joinable!(Items -> orders (order_id));

    diesel::allow_tables_to_appear_in_same_query!(Items, orders,);
}
