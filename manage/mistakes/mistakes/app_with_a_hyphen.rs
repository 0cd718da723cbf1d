manage::main!(my-app);
