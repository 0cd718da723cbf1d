manage::main!(shop);
