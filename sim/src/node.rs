//! An engine with what watches it: everything that goes in is recorded, and
//! everything that comes out goes into a hash.

use crate::oracle::Shared;
use engine::base::fingerprint::Fingerprint;
use engine::boundary::ask::Oracle;
use engine::boundary::effects::{DiskOperation, Effect, Effects, Progress};
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::engine::options::Options;

/// An engine.
pub struct Node {
    /// The engine.
    pub engine: Engine,
    effects: Effects,
    hash: Fingerprint,
}

/// What came of an input.
#[derive(Debug)]
pub struct Outcome {
    /// Effects, in order.
    pub effects: Vec<Effect>,
    /// The bytes that they speak of.
    pub output: Vec<u8>,
    /// How far a batch of requests got.
    pub progress: Progress,
}

impl Node {
    /// An engine whose questions `oracle` answers.
    pub fn new(options: Options, now: Now, oracle: Box<dyn Oracle + Send>) -> Node {
        Node { engine: Engine::new(options, now), effects: Effects::new(oracle), hash: Fingerprint::new() }
    }

    /// Handles an input.
    pub fn handle(&mut self, now: Now, input: Input<'_>) -> Outcome {
        self.engine.handle(now, input, &mut self.effects);
        let outcome = Outcome {
            effects: std::mem::take(&mut self.effects.orders.list),
            output: std::mem::take(&mut self.effects.output),
            progress: self.effects.progress,
        };
        self.effects.clear();
        add_effects(&mut self.hash, &outcome.effects, &outcome.output, outcome.progress);
        outcome
    }

    /// A hash of all effects so far.
    pub fn effects_hash(&self) -> u64 {
        self.hash.value()
    }
}

/// Records an input that is about to be handled.
pub fn record(shared: &Shared, now: Now, input: &Input<'_>) {
    if let Some(writer) = &mut shared.lock().writer {
        writer.input(now, input);
    }
}

/// Adds what came of an input to a hash of all effects.
pub(crate) fn add_effects(hash: &mut Fingerprint, effects: &[Effect], output: &[u8], progress: Progress) {
    for effect in effects {
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
    let (kind, consumed) = match progress {
        Progress::All => (0, 0),
        Progress::Yield(consumed) => (1, consumed),
        Progress::Wait(consumed) => (2, consumed),
    };
    hash.add(kind << 32 | consumed as u64);
}
