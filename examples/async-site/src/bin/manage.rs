manage::main!(async_site);
