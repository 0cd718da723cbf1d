//! Cargo notices a new file only in a directory that a build script names.

fn main() {
    println!("cargo::rerun-if-changed=src/management/commands");
    println!("cargo::rerun-if-changed=static");
    println!("cargo::rerun-if-changed=../migrations");
}
