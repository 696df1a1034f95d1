//! Files go from server to server.

mod exchange;
mod restart;
