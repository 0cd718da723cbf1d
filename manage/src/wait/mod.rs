//! Waits until databases and other services are ready.
//!
//! [`until_ready`] probes all targets of a [`Plan`] concurrently and repeatedly, and reports events to an
//! [`Observer`]. It depends neither on the command line nor on printing; the observer of `wait_for_db`
//! prints.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use manage::settings::{DatabaseSettings, Origin};
//! use manage::wait::{NoopObserver, Outcome, Plan, Target, until_ready};
//!
//! # fn main() -> manage::Result<()> {
//! let settings = DatabaseSettings::from_url("default", "postgres://app@db/app", Origin::Code)?;
//! let mut plan = Plan::new([Target::database(settings)?]);
//! plan.patience.total = Some(Duration::from_secs(30));
//! assert_eq!(until_ready(&plan, &mut NoopObserver)?.outcome, Outcome::Ready);
//! # Ok(())
//! # }
//! ```
//!
//! The guide in the book: [Wait for databases and services][guide].
//!
//! [guide]: https://github.com/diesel-manage/diesel-manage/blob/main/docs/guide/wait-for-db.md

mod backoff;
mod diagnose;
mod expected;
mod observer;
mod policy;
mod refusal;
mod run;
pub(super) mod selection;
mod service_url;
mod services;
mod target;
mod worker;

pub use expected::Expected;
pub use observer::{NoopObserver, Observer, Outcome, State, WaitSummary};
pub use policy::{FailFast, Patience, Plan};
pub use run::until_ready;
pub(crate) use run::until_ready_since;
pub(crate) use selection::databases;
pub use service_url::ServiceUrlError;
pub use target::{ReadyTarget, Target};
