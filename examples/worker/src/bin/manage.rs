manage::main!(worker);
