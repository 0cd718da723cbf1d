//! What a person sees: the two streams, and styles by role.
//!
//! Nothing outside this module writes to the terminal.

mod palette;
mod stream;

pub use palette::{Palette, Role};
pub use stream::{ColorChoice, Output, Stream};

pub(crate) use stream::ReaderGone;
