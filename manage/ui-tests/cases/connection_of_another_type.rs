use manage::prelude::*;

struct Db;

fn connection_of_another_type(cx: &mut Context) -> Result<()> {
    let connection: Db = cx.connect_as()?;
    let _ = (connection, cx.pool_as::<Db>()?);
    Ok(())
}

fn main() {}
