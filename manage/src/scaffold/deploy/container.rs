//! What the kinds of containers have in common.

/// The user and the group in the image, as numbers: Kubernetes can tell that it is not root.
pub(super) const USER: &str = "10001";

/// The port at which `serve` listens in a container, at all addresses.
pub(super) fn listen(port: u16) -> String {
    format!("0.0.0.0:{port}")
}

/// The directory of the installed program.
pub(super) const PROGRAMS: &str = "/usr/local/bin";
