// src/bin/manage.rs
use std::process::ExitCode;

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).without_time().init();
    // `sentry::init(…)` is another example: bind its guard to a name, so that it lives until `main` returns.
    manage::program!(shop).on_panic(|panic| tracing::error!("reported: {panic}")).main()
}
