//! Squashing: one migration that takes the place of several.
//!
//! It has the version of the last one. A database that has this version has run nothing new, whichever tool
//! looks at it; an empty one runs the new files alone. `replaces` in `metadata.toml` names the migrations that
//! it stands for.

mod combined;
mod directory;
mod error;
mod squashed;

pub(crate) use error::SquashError;
pub(crate) use squashed::{Range, Squashed, squash};
