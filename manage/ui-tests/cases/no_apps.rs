manage::main!();
