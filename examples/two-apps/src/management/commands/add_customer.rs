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
        let id: i32 = diesel::insert_into(customers::table)
            .values(customers::name.eq(&name))
            .returning(customers::id)
            .get_result(connection)?;
        for cents in invoices {
            diesel::insert_into(invoices::table)
                .values((invoices::customer_id.eq(id), invoices::cents.eq(cents)))
                .execute(connection)?;
        }
        Ok::<_, manage::Error>(())
    })?;
    cx.success(format_args!("Added {name}."))
}
