//! The classes of keyspace events that `notify-keyspace-events` turns on, and the letters that stand for them.

use alloc::vec::Vec;

/// A set of event classes, and of the two kinds of channel they are published to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyspaceEvents(u16);

impl KeyspaceEvents {
    /// Nothing at all.
    pub const NONE: KeyspaceEvents = KeyspaceEvents(0);
    /// Publish to the channel of the key (`K`).
    pub const KEYSPACE: KeyspaceEvents = KeyspaceEvents(1);
    /// Publish to the channel of the event (`E`).
    pub const KEYEVENT: KeyspaceEvents = KeyspaceEvents(1 << 1);
    /// Commands of no type: DEL, EXPIRE, RENAME (`g`).
    pub const GENERIC: KeyspaceEvents = KeyspaceEvents(1 << 2);
    /// String commands (`$`).
    pub const STRING: KeyspaceEvents = KeyspaceEvents(1 << 3);
    /// List commands (`l`).
    pub const LIST: KeyspaceEvents = KeyspaceEvents(1 << 4);
    /// Set commands (`s`).
    pub const SET: KeyspaceEvents = KeyspaceEvents(1 << 5);
    /// Hash commands (`h`).
    pub const HASH: KeyspaceEvents = KeyspaceEvents(1 << 6);
    /// Sorted set commands (`z`).
    pub const SORTED_SET: KeyspaceEvents = KeyspaceEvents(1 << 7);
    /// A key expired (`x`).
    pub const EXPIRED: KeyspaceEvents = KeyspaceEvents(1 << 8);
    /// A key was evicted (`e`).
    pub const EVICTED: KeyspaceEvents = KeyspaceEvents(1 << 9);
    /// Stream commands (`t`).
    pub const STREAM: KeyspaceEvents = KeyspaceEvents(1 << 10);
    /// Events of modules (`d`).
    pub const MODULE: KeyspaceEvents = KeyspaceEvents(1 << 11);
    /// A key was looked up in vain (`m`); not part of `A`.
    pub const MISS: KeyspaceEvents = KeyspaceEvents(1 << 12);
    /// A key was created (`n`); not part of `A`.
    pub const NEW: KeyspaceEvents = KeyspaceEvents(1 << 13);
    /// What the letter `A` stands for.
    pub const ALL: KeyspaceEvents = KeyspaceEvents(0b1111_1111_1100);

    /// The set as a number.
    pub(super) fn bits(self) -> u16 {
        self.0
    }

    /// The set of a number.
    pub(super) fn from_bits(bits: u16) -> KeyspaceEvents {
        KeyspaceEvents(bits)
    }

    /// The letters of the classes in the order in which CONFIG GET answers them. `A` stands for the first ten at once, and
    /// then, as in the reference, the answer leaves out `n` too.
    const CLASSES: [(u8, KeyspaceEvents); 11] = [
        (b'g', Self::GENERIC),
        (b'$', Self::STRING),
        (b'l', Self::LIST),
        (b's', Self::SET),
        (b'h', Self::HASH),
        (b'z', Self::SORTED_SET),
        (b'x', Self::EXPIRED),
        (b'e', Self::EVICTED),
        (b't', Self::STREAM),
        (b'd', Self::MODULE),
        (b'n', Self::NEW),
    ];

    /// The letters that follow the classes.
    const MODIFIERS: [(u8, KeyspaceEvents); 3] = [(b'K', Self::KEYSPACE), (b'E', Self::KEYEVENT), (b'm', Self::MISS)];

    /// Whether all of `other` is in this set.
    pub fn contains(self, other: KeyspaceEvents) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is in this set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set that letters stand for, in any order and repeated at will; `None` when a letter stands for nothing.
    pub fn parse_letters(letters: &[u8]) -> Option<KeyspaceEvents> {
        let mut bits = 0;
        for letter in letters {
            let (_, class) = Self::CLASSES
                .iter()
                .chain(&Self::MODIFIERS)
                .chain(&[(b'A', Self::ALL)])
                .find(|(known, _)| known == letter)?;
            bits |= class.0;
        }
        Some(KeyspaceEvents(bits))
    }

    /// The letters that CONFIG GET answers.
    pub fn letters(self) -> Vec<u8> {
        let classes: &[(u8, KeyspaceEvents)] =
            if self.contains(Self::ALL) { &[(b'A', Self::ALL)] } else { &Self::CLASSES };
        let present = classes.iter().chain(&Self::MODIFIERS).filter(|(_, class)| self.contains(*class));
        present.map(|(letter, _)| *letter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_normalised() {
        for (given, answered) in
            [("", ""), ("KEA", "AKE"), ("Elg$m", "g$lEm"), ("xnK", "xnK"), ("g$lshzxetdKEm", "AKEm"), ("AKEn", "AKE")]
        {
            let set = KeyspaceEvents::parse_letters(given.as_bytes()).unwrap();
            assert_eq!(set.letters(), answered.as_bytes(), "{given}");
        }
        assert_eq!(KeyspaceEvents::parse_letters(b"Kq"), None);
    }
}
