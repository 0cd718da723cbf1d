table! {
    kept (id) {
        id -> Integer,
    }
}
