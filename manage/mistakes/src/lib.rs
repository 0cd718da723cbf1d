//! What the compiler says of likely mistakes with `diesel-manage`: each is a file in `mistakes/`, with the compiler's words beside it.
//!
//! A package of its own: the tests of a package of macros are built as such a package is, with other features of Diesel than
//! its derives have.
