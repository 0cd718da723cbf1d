manage::main!(commands_only);
