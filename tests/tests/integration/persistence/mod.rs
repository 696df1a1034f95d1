//! Files go from server to server.

mod always;
mod aof_exchange;
mod check_aof;
mod exchange;
mod restart;
