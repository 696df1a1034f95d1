//! A disk that serves one operation after the other, and can be told what to
//! suffer from. An operation happens when it completes, so that a crash finds
//! those that wait undone, or some of them done without anybody knowing.

use super::{Done, Files, Handles};
use engine::base::random::Random;
use engine::boundary::effects::DiskOperation;
use engine::boundary::id::DiskToken;
use std::collections::VecDeque;

/// What a disk suffers from, each until a time in microseconds.
#[derive(Clone, Copy, Default, Debug)]
pub struct Health {
    /// There is no space.
    pub full_until: u64,
    /// Of so many appends one finds none then.
    pub full_one_in: u64,
    /// Syncs fail, and lose what they were for.
    pub sync_fails_until: u64,
    /// Syncs say that they did and did not.
    pub sync_lies_until: u64,
    /// Nothing completes.
    pub stalled_until: u64,
}

/// A disk with its queue.
#[derive(Debug)]
pub struct Queue {
    handles: Handles,
    waiting: VecDeque<(DiskToken, DiskOperation)>,
    random: Random,
    sync_max: u64,
    /// What it suffers from.
    pub health: Health,
    /// Syncs that failed or lied.
    pub false_syncs: u64,
}

impl Queue {
    /// A disk whose syncs take up to so many microseconds.
    pub fn new(random: Random, sync_max: u64) -> Queue {
        Queue {
            handles: Handles::default(),
            waiting: VecDeque::new(),
            random,
            sync_max,
            health: Health::default(),
            false_syncs: 0,
        }
    }

    /// Starts an operation. Returns when it completes if it is the only one; the
    /// time of each other follows when the one before it has completed.
    pub fn start(&mut self, token: DiskToken, operation: DiskOperation, now: u64) -> Option<u64> {
        self.waiting.push_back((token, operation));
        if self.waiting.len() == 1 { self.due(now) } else { None }
    }

    fn due(&mut self, now: u64) -> Option<u64> {
        let latency = match self.waiting.front()?.1 {
            DiskOperation::Sync { .. } | DiskOperation::SyncDirectory { .. } | DiskOperation::Rename { .. } => {
                self.random.below(self.sync_max)
            }
            _ => self.random.below(60),
        };
        Some(now.max(self.health.stalled_until) + 1 + latency)
    }

    /// The first operation completes, unless the disk stalls: then only the time
    /// of the next try is told. That of the operation behind it is told else.
    pub fn complete(&mut self, now: u64, files: &mut Files) -> (Option<(DiskToken, Done)>, Option<u64>) {
        if self.health.stalled_until > now {
            return (None, Some(self.health.stalled_until + 1));
        }
        let Some((token, operation)) = self.waiting.pop_front() else { return (None, None) };
        let done = self.perform(operation, now, files);
        (Some((token, done)), self.due(now))
    }

    fn perform(&mut self, operation: DiskOperation, now: u64, files: &mut Files) -> Done {
        let health = self.health;
        match operation {
            DiskOperation::Append { file, bytes }
                if health.full_until > now && self.random.below(health.full_one_in.max(1)) == 0 =>
            {
                // Some of the bytes may have found a place.
                let length = self.random.below(bytes.len() as u64 + 1).saturating_sub(1) as usize;
                if let Some(number) = self.handles.number(file) {
                    files.append(number, &bytes[..length * self.random.below(2) as usize]);
                }
                Done::full()
            }
            DiskOperation::Create { .. } if health.full_until > now && self.random.below(2) == 0 => Done::full(),
            DiskOperation::CreateDirectory { .. } | DiskOperation::SyncDirectory { .. }
                if health.full_until > now && self.random.below(4) == 0 =>
            {
                Done::full()
            }
            DiskOperation::Rename { from, to } if health.full_until > now && self.random.below(4) == 0 => {
                // Perhaps it was the sync of the directory that failed.
                if self.random.below(2) == 0 {
                    files.rename_only(&from, &to);
                }
                Done::full()
            }
            DiskOperation::Sync { file } if health.sync_fails_until > now => {
                self.false_syncs += 1;
                if let Some(number) = self.handles.number(file) {
                    files.fail_sync(number);
                }
                Done::broken()
            }
            DiskOperation::Sync { file } if health.sync_lies_until > now => {
                self.false_syncs += 1;
                if let Some(number) = self.handles.number(file) {
                    files.pretend_sync(number);
                }
                Done::Done
            }
            operation => self.handles.perform(operation, files).unwrap_or_else(Done::not_found),
        }
    }

    /// The process dies: some of what waits was done, the last of it perhaps in
    /// part, and all files are closed.
    pub fn crash(&mut self, files: &mut Files) {
        let done = self.random.below(self.waiting.len() as u64 + 1);
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        for (_, operation) in waiting.by_ref().take(done as usize) {
            drop(self.handles.perform(operation, files));
        }
        if let Some((_, DiskOperation::Append { file, bytes })) = waiting.next()
            && let Some(number) = self.handles.number(file)
        {
            let length = self.random.below(bytes.len() as u64 + 1) as usize;
            files.append(number, &bytes[..length]);
        }
        self.handles = Handles::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::boundary::id::FileId;

    #[test]
    fn operations_complete_in_order_and_a_stall_delays_them() {
        let (mut files, mut queue) = (Files::default(), Queue::new(Random::from_seed(1), 1000));
        let file = FileId(1);
        let at = queue.start(DiskToken(1), DiskOperation::Create { file, path: "a".into() }, 0).unwrap();
        assert_eq!(queue.start(DiskToken(2), DiskOperation::Append { file, bytes: b"x".to_vec().into() }, 0), None);
        queue.health.stalled_until = 5000;
        assert_eq!(queue.complete(at, &mut files), (None, Some(5001)));
        let (first, next) = queue.complete(5001, &mut files);
        assert_eq!(first, Some((DiskToken(1), Done::Done)));
        let (second, next) = queue.complete(next.unwrap(), &mut files);
        assert_eq!((second, next), (Some((DiskToken(2), Done::Done)), None));
        assert_eq!(files.read("a"), Some(&b"x"[..]));
    }
}
