use manage::Context;
use manage::checks::Message;

#[manage::check]
async fn oven(_cx: &Context) -> Vec<Message> {
    Vec::new()
}

fn main() {}
