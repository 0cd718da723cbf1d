manage::migrations! { before: ["SET FOREIGN_KEY_CHECKS = 0"] }

fn main() {}
