//! A disk for benches.

use crate::cpu_ns;
use engine::boundary::effects::{DiskOperation, Effect, Effects};
use engine::boundary::id::DiskToken;
use engine::boundary::input::{DiskDone, Input};
use engine::boundary::time::Now;
use engine::engine::Engine;
use std::collections::VecDeque;

/// A disk that is done at once and holds one file.
#[derive(Default, Debug)]
pub struct Disk {
    queue: VecDeque<(DiskToken, DiskOperation)>,
    file: Vec<u8>,
    read: usize,
}

impl Disk {
    /// Takes over what the engine asks of it, and forgets all other effects.
    pub fn take(&mut self, effects: &mut Effects) {
        for effect in effects.orders.list.drain(..) {
            if let Effect::Disk { token, operation } = effect {
                self.queue.push_back((token, operation));
            }
        }
        effects.clear();
    }

    /// Bytes of the file.
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// True if it has none.
    pub fn is_empty(&self) -> bool {
        self.file.is_empty()
    }

    /// Ends the oldest operation; the nanoseconds that the engine took over it.
    pub fn step(&mut self, now: Now, engine: &mut Engine, effects: &mut Effects) -> Option<u64> {
        let (token, operation) = self.queue.pop_front()?;
        let done = match operation {
            DiskOperation::Append { bytes, .. } => {
                self.file.extend_from_slice(&bytes);
                DiskDone::Done
            }
            DiskOperation::Open { .. } => DiskDone::Opened { size: self.file.len() as u64 },
            DiskOperation::Read { length_max, .. } => {
                let rest = &self.file[self.read..];
                let data = &rest[..rest.len().min(length_max)];
                self.read += data.len();
                DiskDone::Data(data)
            }
            _ => DiskDone::Done,
        };
        let begin = cpu_ns();
        engine.handle(now, Input::Disk { token, result: Ok(done) }, effects);
        let elapsed = cpu_ns() - begin;
        self.take(effects);
        Some(elapsed)
    }
}
