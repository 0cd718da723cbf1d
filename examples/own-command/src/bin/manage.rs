manage::main!(own_command);
