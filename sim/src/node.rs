//! An engine with what watches it: everything that goes in is recorded, and
//! everything that comes out goes into a hash.

use crate::oracle::Shared;
use engine::base::image::Damaged;
use engine::boundary::ask::Oracle;
use engine::boundary::effects::{Effect, Effects, Progress};
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::recording::Digest;

/// An engine.
pub struct Node {
    /// The engine.
    pub engine: Engine,
    /// When it last handled an input.
    pub now: Now,
    effects: Effects,
    hash: Digest,
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
        Node { engine: Engine::new(options, now), now, effects: Effects::new(oracle), hash: Digest::default() }
    }

    /// As [`Node::new`], with an engine that an image tells of.
    ///
    /// # Errors
    /// If it tells of none.
    pub fn restore(options: Options, now: Now, image: &[u8], oracle: Box<dyn Oracle + Send>) -> Result<Node, Damaged> {
        let engine = Engine::restore(options, now, image)?;
        Ok(Node { engine, now, effects: Effects::new(oracle), hash: Digest::default() })
    }

    /// Effects are counted anew: the next segment of a recording begins.
    pub fn begin_segment(&mut self) {
        self.hash = Digest::default();
    }

    /// Handles an input.
    pub fn handle(&mut self, now: Now, input: Input<'_>) -> Outcome {
        self.now = now;
        self.engine.handle(now, input, &mut self.effects);
        let outcome = Outcome {
            effects: std::mem::take(&mut self.effects.orders.list),
            output: std::mem::take(&mut self.effects.output),
            progress: self.effects.progress,
        };
        self.effects.clear();
        self.hash.add(&outcome.effects, &outcome.output, outcome.progress);
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
