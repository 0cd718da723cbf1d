//! What the compiler says of likely mistakes: one error each, with the way to mend it.
//!
//! `TRYBUILD=overwrite cargo test -p manage-mistakes` writes the texts anew; they are those of Rust 1.95.

#[test]
fn mistakes_are_told() {
    trybuild::TestCases::new().compile_fail("mistakes/*.rs");
}
