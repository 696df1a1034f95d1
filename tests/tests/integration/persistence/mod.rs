//! Files go from server to server.

mod always;
mod aof_exchange;
mod check_aof;
mod every_second;
mod exchange;
mod restart;
