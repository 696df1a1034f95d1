//! Following a primary.

/// What a server does as a replica; nothing, if it is none.
#[derive(Default, Debug)]
pub struct Follow {}

impl Follow {
    /// True if the server is a replica.
    pub(crate) fn is_replica(&self) -> bool {
        false
    }

    /// True if the stream comes.
    pub(crate) fn is_connected(&self) -> bool {
        false
    }
}
