//! Terminal output and input: the two streams, styles by role, progress and tables. `printable` makes
//! untrusted text safe to print, and `echo` also omits misplaced secrets.
//!
//! ```
//! use manage::console::{Role, printable};
//! use manage::prelude::*;
//!
//! fn show(cx: &Context, title: &str, is_public: bool) -> Result<()> {
//!     let out = cx.out();
//!     let state = if is_public { out.style(Role::Success, "public") } else { "draft".to_owned() };
//!     out.line(format_args!("{state:<8} {}", printable(title)))?;
//!     Ok(())
//! }
//! ```
//!
//! Nothing outside this module writes to the terminal.
//!
//! The guide in the book: [Prompts, confirmation and progress][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/prompts.md

mod capture;
mod echo;
mod input;
mod palette;
mod printable;
#[cfg(feature = "terminal")]
mod progress;
mod stream;
#[cfg(feature = "terminal")]
mod table;
mod writer;

pub use capture::Capture;
pub use echo::echo;
pub use input::Input;
pub use palette::Role;
pub use printable::{printable, printable_lines};
#[cfg(feature = "terminal")]
pub use progress::Progress;
pub use stream::{Output, Stream};
#[cfg(feature = "terminal")]
pub use table::Table;

pub(crate) use echo::{echo_name, instead_of_credential, is_assignment, is_connection, names_secret};
pub(crate) use palette::{COLORS_VARIABLE, Palette};
pub(crate) use printable::printable_json;
#[cfg(feature = "runserver")]
pub(crate) use printable::printable_str;
pub(crate) use stream::ColorChoice;
pub(crate) use writer::BrokenOutput;
