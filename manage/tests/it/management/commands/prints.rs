use manage::completion;
use manage::prelude::*;

/// Print by Rust's own means
#[command(hidden, requires_checks = "none")]
#[expect(clippy::print_stdout, reason = "that is what it is for")]
pub(crate) fn prints(
    _cx: &mut Context,
    #[arg(add = completion::values(noisy))] lines: u32,
    #[arg(long, add = completion::values(endless))] _slowly: Option<String>,
) -> Result<()> {
    for line in 0..lines {
        println!("line {line}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "as a library may do")]
fn noisy(_: &Context) -> Result<Vec<&'static str>> {
    println!("noise");
    eprintln!("noise");
    Ok(vec!["12"])
}

fn endless(_: &Context) -> Result<Vec<&'static str>> {
    loop {
        std::thread::park();
    }
}
