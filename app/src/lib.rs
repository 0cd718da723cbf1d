//! A small blog.
