//! Servers that attack the program: it ends in time and with a documented code, needs little memory, and
//! gives nothing away.

mod attacks;
mod middle;
#[cfg(feature = "mysql")]
mod mysql;
