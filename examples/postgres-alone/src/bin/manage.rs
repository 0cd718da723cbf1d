manage::main!(postgres_alone);
