manage::main!(csv_copy);
