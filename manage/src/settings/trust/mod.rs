//! Which users' settings files are trusted, and how far up they are searched for.

#[cfg(unix)]
pub(super) mod accounts;
#[cfg(unix)]
pub(super) mod owners;
pub(super) mod root;
#[cfg(unix)]
pub(super) mod untrusted;
