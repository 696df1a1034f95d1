//! The protocol: requests in, replies out, RESP2 and RESP3.

pub(crate) mod line;
pub mod reply;
pub mod request;
