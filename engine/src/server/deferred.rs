//! Replies that come after their commands have returned.

use crate::boundary::id::ClientId;
use alloc::string::String;

/// A client whose command has returned and whose reply is still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiter {
    /// Who.
    pub client: ClientId,
    /// True if CLIENT REPLY suppresses the reply.
    pub muted: bool,
}

/// A reply that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deferred {
    /// To whom.
    pub waiter: Waiter,
    /// An error's text with its code, or else OK.
    pub result: Result<(), String>,
}
