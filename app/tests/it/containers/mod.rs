//! What the repository ships for containers, on a real engine: `Dockerfile`, `docker-compose.yml` and
//! `docker-compose.override.yml`.

mod development;
mod engine;
mod image;
mod limits;
mod outages;
mod replicas;
mod stack;
mod starting;
mod stopping;
