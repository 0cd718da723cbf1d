//! Files that this program writes. It never writes through a link or into another user's file.

mod open;
#[cfg(unix)]
mod private;
mod random;
mod replace;

#[cfg(any(feature = "sqlite", feature = "testing"))]
pub(crate) use open::no_follow;
pub(crate) use open::{NotRegular, regular};
#[cfg(unix)]
pub(crate) use private::PrivateDirectory;
pub(crate) use random::random_hex;
pub(crate) use replace::replace;
