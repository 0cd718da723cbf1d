use std::process::ExitCode;

fn main() -> ExitCode {
    // stdout is the commands'.
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    manage::program!(tracing_hook).main()
}
