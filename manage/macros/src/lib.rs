//! The attribute macros of `diesel-manage`.
