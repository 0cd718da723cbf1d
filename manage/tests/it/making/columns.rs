table! {
    users (id) {
        id -> Integer,
        name -> Text,
        hair_color -> Nullable<Text>,
        #[max_length = 10]
        initials -> Nullable<Varchar>,
    }
}

table! {
    untouched {
        id -> Integer,
    }
}
