//! Lets `cargo fmt` find the commands. The build keeps this list; it is never compiled.

mod commands {
    mod average;
    mod price;
}
