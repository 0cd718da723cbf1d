//! Cargo looks at a new file only where it is told to.

fn main() {
    println!("cargo::rerun-if-changed=src/management/commands");
    println!("cargo::rerun-if-changed=../migrations");
}
