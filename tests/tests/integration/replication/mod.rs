//! Replication between processes.

mod chained;
mod from_redis;
mod published;
mod sentinel;
mod to_redis;
mod tools;
