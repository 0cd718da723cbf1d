use manage::Context;

#[manage::check]
fn oven(_cx: &Context) {}

fn main() {}
