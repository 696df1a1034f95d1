//! A rolling hash of all that an engine wanted done: what tells whether a
//! replay did the same.

use crate::base::fingerprint::Fingerprint;
use crate::boundary::effects::{DiskOperation, Effect, Progress};

/// The hash of all effects so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Digest(Fingerprint);

impl Digest {
    /// The hash.
    pub fn value(self) -> u64 {
        self.0.value()
    }

    /// Adds what one input came to: its effects, the bytes that they speak of,
    /// and how far a batch of requests got.
    pub fn add(&mut self, effects: &[Effect], output: &[u8], progress: Progress) {
        for effect in effects {
            self.add_effect(effect, output);
        }
        let (kind, consumed) = match progress {
            Progress::All => (0, 0),
            Progress::Yield(consumed) => (1, consumed),
            Progress::Wait(consumed) => (2, consumed),
        };
        self.0.add(kind << 32 | consumed as u64);
    }

    #[inline]
    fn add_effect(&mut self, effect: &Effect, output: &[u8]) {
        let hash = &mut self.0;
        match effect {
            Effect::Send { client, start, end } => {
                hash.add(1);
                hash.add(client.0);
                hash.add_bytes(&output[*start..*end]);
            }
            Effect::LinkSend { link, start, end } => {
                hash.add(4);
                hash.add(link.0);
                hash.add_bytes(&output[*start..*end]);
            }
            Effect::Disk { token, operation: DiskOperation::Append { file, bytes } } => {
                hash.add(2);
                hash.add(token.0);
                hash.add(file.0);
                hash.add_bytes(bytes);
            }
            Effect::Drop(_) => hash.add(3),
            other => hash.add_debug(other),
        }
    }
}
