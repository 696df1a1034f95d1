//! Replication between processes.

mod from_redis;
