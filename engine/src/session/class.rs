//! What kind of client a connection is: CLIENT LIST TYPE, output limits.

/// A kind of client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Any other.
    Normal,
    /// A replica of this server.
    Replica,
    /// In a subscription, with RESP2 nothing else.
    Pubsub,
    /// The primary that this server replicates.
    Primary,
}

impl Class {
    /// By name, in any case.
    pub fn named(name: &[u8]) -> Option<Class> {
        const NAMES: [(&str, Class); 6] = [
            ("normal", Class::Normal),
            ("slave", Class::Replica),
            ("replica", Class::Replica),
            ("pubsub", Class::Pubsub),
            ("master", Class::Primary),
            ("primary", Class::Primary),
        ];
        NAMES.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|(_, class)| *class)
    }

    /// Which of the limits of `client-output-buffer-limit` is for it: a primary
    /// is treated as a normal client.
    pub fn limit_index(self) -> usize {
        match self {
            Class::Normal | Class::Primary => 0,
            Class::Replica => 1,
            Class::Pubsub => 2,
        }
    }
}
