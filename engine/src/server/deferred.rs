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
    /// What to reply; an error's text comes with its code.
    pub result: Result<DeferredReply, String>,
}

/// A reply that is no error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeferredReply {
    /// `OK`.
    Ok,
    /// WAIT.
    Integer(i64),
    /// WAITAOF.
    Integers(i64, i64),
    /// A command that waited for keys in vain.
    NullArray,
}
