use manage::Context;
use manage::checks::Message;

#[manage::check(tags = ["Shop"])]
fn oven(_cx: &Context) -> Vec<Message> {
    Vec::new()
}

fn main() {}
