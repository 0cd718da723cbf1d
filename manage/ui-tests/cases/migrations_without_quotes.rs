manage::migrations! { sqlite: migrations }

fn main() {}
