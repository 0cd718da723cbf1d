use manage::Context;
use manage::checks::Message;

#[manage::check(tag = ["shop"])]
fn oven(_cx: &Context) -> Vec<Message> {
    Vec::new()
}

fn main() {}
