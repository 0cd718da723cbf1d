use billing::invoices;
use diesel::prelude::*;
use manage::prelude::*;

use crate::customers;

/// Add a customer
#[command]
pub fn add_customer(
    cx: &mut Context,
    name: String,
    /// An invoice, in cents (can be repeated)
    #[arg(long = "invoice", value_name = "CENTS")]
    invoices: Vec<i32>,
) -> Result<()> {
    cx.connect()?.transaction(|connection| {
        let id: i32 = customers::table.count().get_result::<i64>(connection)?.try_into()?;
        diesel::insert_into(customers::table)
            .values((customers::id.eq(id), customers::name.eq(&name)))
            .execute(connection)?;
        for cents in invoices {
            diesel::insert_into(invoices::table)
                .values((invoices::customer_id.eq(id), invoices::cents.eq(cents)))
                .execute(connection)?;
        }
        Ok::<_, manage::Error>(())
    })?;
    cx.success(format_args!("Added {name}."))
}
