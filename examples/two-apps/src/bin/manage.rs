manage::main!(two_apps, billing);
