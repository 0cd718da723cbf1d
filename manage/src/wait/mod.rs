//! Waits until databases and other services are ready.
//!
//! [`until_ready`] asks each target of a [`Plan`] again and again, all of them at the same time, and tells an [`Observer`]
//! what happens. It knows neither the command line nor printing; [`WaitReport`](crate::report::WaitReport) is the observer that prints.
//!
//! ```no_run
//! use manage::settings::{DatabaseSettings, Origin};
//! use manage::wait::{Outcome, Patience, Plan, Quiet, Target, until_ready};
//!
//! # fn main() -> manage::Result<()> {
//! let settings = DatabaseSettings::from_url("default", "postgres://app@db/app", Origin::Code)?;
//! let plan = Plan { targets: vec![Target::database(settings, false, None)?], patience: Patience::default() };
//! assert_eq!(until_ready(&plan, &mut Quiet)?.outcome, Outcome::Ready);
//! # Ok(())
//! # }
//! ```

mod backoff;
mod choice;
mod diagnose;
mod expected;
mod observer;
mod patience;
mod refusal;
mod run;
mod service_url;
mod services;
mod target;
mod worker;

pub use backoff::Backoff;
pub(crate) use choice::databases;
pub use expected::Expected;
pub use observer::{Observer, Outcome, Quiet, State, Waited};
pub use patience::{FailFast, Patience, Plan};
pub use run::until_ready;
pub use service_url::ServiceUrlError;
pub use target::{Reached, Target};
