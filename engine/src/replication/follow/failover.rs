//! FAILOVER: a primary hands its part over to one of its replicas.

use crate::persistence::Work;

/// A failover, if one is in progress.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Failover {
    pub(super) state: State,
}

/// How far a failover got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum State {
    /// There is none.
    #[default]
    None,
    /// The primary waits for a replica that has all its data.
    Waiting,
    /// The former primary asks the replica to take its place.
    InProgress,
}

impl Failover {
    /// `master_failover_state`.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::None => "no-failover",
            State::Waiting => "waiting-for-sync",
            State::InProgress => "failover-in-progress",
        }
    }

    /// True while one is in progress.
    pub(crate) fn is_active(&self) -> bool {
        self.state != State::None
    }
}

impl Work<'_> {
    /// The new primary answered PSYNC.
    pub(super) fn failover_answered(&mut self, accepted: bool) {
        let _ = accepted;
    }
}
