//! What the commands do, from a program's own code: wait for the database, and query it with a connection of a pool.
//!
//! ```sh
//! DATABASE_URL=postgres://app:secret@127.0.0.1/app cargo run --example from_code
//! ```

use std::io::Write as _;
use std::time::Duration;

use diesel::prelude::*;
use manage::CommandError;
use manage::database::Pool;
use manage::settings::{Environment, Settings, Source};
use manage::wait::{NoopObserver, Outcome, Plan, Target, until_ready};

fn main() -> manage::Result<()> {
    // `.env`, `manage.toml` and the environment, as the commands read them.
    let settings = Settings::load(&Source::new(Environment::process(), None))?;
    let database = settings.database("default")?;

    let mut plan = Plan::new([Target::database(database.clone())?]);
    plan.patience.total = Some(Duration::from_secs(30));
    if until_ready(&plan, &mut NoopObserver)?.outcome != Outcome::Ready {
        return Err(CommandError::new("The database is not ready.").into());
    }

    let pool = Pool::new(database.clone(), 4);
    let one = 1.into_sql::<diesel::sql_types::Integer>();
    let sum: i32 = diesel::select(one + 1).get_result(&mut pool.get()?)?;
    writeln!(std::io::stdout(), "{}: 1 + 1 = {sum}", pool.get()?.backend())?;
    Ok(())
}
