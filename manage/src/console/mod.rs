//! What a person sees: the two streams, styles by role, progress and tables; and what a person types. `printable` makes
//! text from elsewhere safe to print.
//!
//! Nothing outside this module writes to the terminal.

mod capture;
mod input;
mod palette;
mod printable;
#[cfg(feature = "terminal")]
mod progress;
mod stream;
#[cfg(feature = "terminal")]
mod table;

pub use capture::Capture;
pub use input::Input;
pub use palette::{Palette, Role};
pub use printable::{printable, printable_lines};
#[cfg(feature = "terminal")]
pub use progress::Progress;
pub use stream::{ColorChoice, Output, Stream};
#[cfg(feature = "terminal")]
pub use table::Table;

pub(crate) use palette::COLORS_VARIABLE;
pub(crate) use printable::printable_json;
pub(crate) use stream::ReaderGone;
