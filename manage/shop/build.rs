//! Makes cargo notice new commands.

fn main() {
    println!("cargo::rerun-if-changed=src/management/commands");
}
