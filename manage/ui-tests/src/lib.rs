//! The compile errors for likely mistakes with `diesel-manage`: each case is a file in `cases/`, with the
//! expected errors beside it.
//!
//! A package of its own: the tests of a package of macros are built as such a package is, with other features
//! of Diesel than its derives have.
