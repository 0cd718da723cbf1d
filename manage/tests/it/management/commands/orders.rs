#![cfg(feature = "terminal")]

use manage::prelude::*;

#[derive(Subcommand)]
pub(crate) enum Order {
    /// Order a dish
    Dish {
        /// Which dish
        name: String,
        /// For how many
        #[arg(long)]
        guests: u8,
    },
    /// Order a drink
    Drink {
        /// Its name
        #[arg(long, required_unless_present = "number")]
        name: Option<String>,
        /// Its number in the menu
        #[arg(long, required_unless_present = "name")]
        number: Option<u8>,
    },
}

/// Order something
#[command(hidden, prompts_for_missing, requires_checks = "none")]
pub(crate) fn orders(cx: &mut Context, #[command(subcommand)] order: Order) -> Result<()> {
    match order {
        Order::Dish { name, guests } => cx.line(format_args!("{name} for {guests}")),
        Order::Drink { name, number } => cx.line(format_args!("{name:?} {number:?}")),
    }
}
