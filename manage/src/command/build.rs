//! How cargo built a program.

/// How cargo built a program: what it takes to build the same one again. `main!` and `program!` record it.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The directory of the package's `Cargo.toml`, on the machine that built it.
    pub manifest_dir: &'static str,
    /// The program's name; `None` in a library or a test.
    pub bin: Option<&'static str>,
    /// The enabled features of the package, and the `--target` that was given.
    pub options: (&'static [&'static str], Option<&'static str>),
}
