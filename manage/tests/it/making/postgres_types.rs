table! {
    things {
        id -> Integer,
        numbers -> Array<Nullable<Integer>>,
        pair -> Record<(Integer, Text)>,
        during -> Range<Timestamptz>,
        spans -> Nullable<Multirange<Integer>>,
        maybe_pair -> Nullable<Record<(Integer, Text)>>,
        pairs -> Array<Record<(Array<Integer>, Range<Integer>)>>,
        nested -> Record<(Record<(Integer, Array<Text>)>, Nullable<Integer>)>,
        made_at -> Timestamptz,
        document -> Jsonb,
        unique_id -> Uuid,
        price -> Numeric,
        address -> Inet,
        position -> PgLsn,
    }
}
