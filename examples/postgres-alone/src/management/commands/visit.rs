use diesel::prelude::*;
use manage::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Db;
use crate::stage::Stage;
use crate::visits;

/// Record a visit, and print those of the same stage
#[command]
pub fn visit(
    cx: &mut Context,
    #[arg(long)] page: String,
    /// Visitors have seen it
    #[arg(long)]
    live: bool,
) -> Result<()> {
    let mut connection = cx.connect_as::<Db>()?;
    let stage = if live { Stage::Live } else { Stage::Draft };
    let visit =
        (visits::id.eq(Uuid::new_v4()), visits::about.eq(json!({ "page": page })), visits::stage.eq(stage));
    let (id, stage): (Uuid, Stage) = diesel::insert_into(visits::table)
        .values(visit)
        .returning((visits::id, visits::stage))
        .get_result(&mut connection)?;
    cx.success(format_args!("Recorded {id}."))?;
    let same: Vec<Value> =
        visits::table.filter(visits::stage.eq(stage)).select(visits::about).load(&mut connection)?;
    for about in same {
        cx.line(about)?;
    }
    Ok(())
}
