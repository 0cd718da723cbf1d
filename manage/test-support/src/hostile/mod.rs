//! Servers that attack their clients.
//!
//! A [`Hostile`] listens on 127.0.0.1 and does what an [`Attack`] says, until it is dropped. The attacks on
//! the clients of one protocol are the variants of its `Case`, each with a name for the command line:
//!
//! | module | what it plays |
//! |---|---|
//! | [`postgres`] | a PostgreSQL server |
//! | [`mysql`] | a MySQL server, or who sits in between and offers no TLS |
//! | [`redis`] | a Redis server |
//! | [`http`] | an HTTP server |
//! | [`amqp`] | a RabbitMQ server |
//! | [`middle`] | a man in the middle, in front of a real PostgreSQL server |
//!
//! `cargo run -p manage-test-support --example hostile` starts one by hand.
pub mod amqp;
mod case;
mod catalog;
pub mod http;
mod listener;
pub mod middle;
pub mod mysql;
pub mod postgres;
pub mod redis;
mod relay;
mod rsa;
mod server;

pub use catalog::{Entry, catalog};
pub use listener::{Connection, Listener};
pub use server::{Attack, Hostile};
