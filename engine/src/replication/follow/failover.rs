//! FAILOVER: a primary hands its part over to one of its replicas.
//!
//! Writes are paused until a replica has all that was written. Then the primary
//! follows that replica, and asks it to be a primary by the way in which it asks
//! for the stream (PSYNC … FAILOVER).
//!
//! ```text
//! None ──FAILOVER──> Waiting ──caught up, or forced──> InProgress ──accepted──> None
//!   ^                   └── timeout, ABORT ──> None        │
//!   └──────────────── refused, ABORT: a primary again ─────┘
//! ```

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::effects::LogLevel;
use crate::boundary::time::Monotonic;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::config::PrimaryAddress;
use crate::persistence::Work;
use crate::replication::Replication;
use crate::replication::replica::{Replica, State as ReplicaState};
use crate::server::timer::Timer;
use alloc::format;
use alloc::string::String;

/// A failover, if one is in progress.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Failover {
    pub(super) state: State,
    /// The replica that is to take over; the first that has all, if `None`.
    target: Option<PrimaryAddress>,
    /// When waiting ends.
    until: Option<Monotonic>,
    /// True if the replica is to take over then, whatever it lacks.
    force: bool,
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

/// What FAILOVER asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Request {
    /// `TO`.
    pub(crate) target: Option<PrimaryAddress>,
    /// `TIMEOUT` in milliseconds; 0 if there is none.
    pub(crate) timeout_ms: u64,
    /// `FORCE`.
    pub(crate) force: bool,
}

impl Image for Failover {
    fn blank() -> Failover {
        Failover::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Failover { state, target, until, force } = self;
        tape.variant(state, [State::None, State::Waiting, State::InProgress])?;
        tape.each([target, until, force])
    }
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

    /// True while a replica is waited for: then nothing may be put into the
    /// stream that no client wrote.
    pub(crate) fn waits(&self) -> bool {
        self.state == State::Waiting
    }
}

impl Replication {
    fn find_replica(&self, address: &PrimaryAddress) -> Option<&Replica> {
        let is = |replica: &&Replica| {
            replica.handshake.port == address.port && replica.address.as_bytes().eq_ignore_ascii_case(&address.host)
        };
        self.replicas.iter().find(is)
    }

    /// The replica that has all, if it is the one that is wanted.
    fn caught_up(&self) -> Option<PrimaryAddress> {
        let has_all = |replica: &&Replica| {
            let sent = cfg!(feature = "planted_election_offset") && replica.cursor == self.offset;
            replica.state == ReplicaState::Online && (replica.acknowledged == self.offset || sent)
        };
        let found = match &self.follow.failover.target {
            Some(address) => self.find_replica(address).filter(has_all),
            None => self.replicas.iter().find(has_all),
        };
        found.map(|replica| PrimaryAddress { host: replica.address.clone().into_bytes(), port: replica.handshake.port })
    }
}

impl Context<'_> {
    /// FAILOVER.
    ///
    /// # Errors
    /// If one is in progress, or the server is none that could be followed by the
    /// one that is asked for.
    pub(crate) fn begin_failover(&mut self, request: Request) -> Result<(), Error> {
        let replication = &self.server.replication;
        if replication.follow.failover.is_active() {
            return Err(Error::Text("ERR FAILOVER already in progress."));
        }
        if replication.is_replica() {
            return Err(Error::Text("ERR FAILOVER is not valid when server is a replica."));
        }
        if replication.replicas.is_empty() {
            return Err(Error::Text("ERR FAILOVER requires connected replicas."));
        }
        if request.force && (request.timeout_ms == 0 || request.target.is_none()) {
            return Err(Error::Text("ERR FAILOVER with force option requires both a timeout and target HOST and IP."));
        }
        if let Some(target) = &request.target {
            let replica = replication.find_replica(target);
            let replica = replica.ok_or(Error::Text("ERR FAILOVER target HOST and PORT is not a replica."))?;
            if !replica.is_online() {
                return Err(Error::Text("ERR FAILOVER target replica is not online."));
            }
        }
        let line = match &request.target {
            Some(target) => format!("FAILOVER requested to {}.", shown(target)),
            None => String::from("FAILOVER requested."),
        };
        self.orders.log(LogLevel::Notice, line);
        let until = Some(request.timeout_ms).filter(|&timeout| timeout > 0);
        self.server.replication.follow.failover = Failover {
            state: State::Waiting,
            target: request.target,
            until: until.map(|timeout_ms| self.now.monotonic.plus_ms(timeout_ms)),
            force: request.force,
        };
        self.server.pauses.failover = true;
        self.server.timers.set(Timer::Follow, self.now.monotonic);
        Ok(())
    }

    /// FAILOVER ABORT.
    ///
    /// # Errors
    /// If there is nothing to abort.
    pub(crate) fn abort_failover(&mut self) -> Result<(), Error> {
        if !self.server.replication.follow.failover.is_active() {
            return Err(Error::Text("ERR No failover in progress."));
        }
        self.persistence().abort_failover("Failover manually aborted");
        Ok(())
    }

    /// PSYNC … FAILOVER: the primary of this replica wants to change places with
    /// it.
    ///
    /// # Errors
    /// If it is not a replica of the history that is named.
    pub(crate) fn take_over(&mut self, id: &[u8]) -> Result<(), Error> {
        let line = format!("Failover request received for replid {}.", String::from_utf8_lossy(id));
        self.orders.log(LogLevel::Warning, line);
        if !self.server.replication.is_replica() {
            return Err(Error::Text("ERR PSYNC FAILOVER can't be sent to a master."));
        }
        if !id.eq_ignore_ascii_case(&self.server.replication.id) {
            return Err(Error::Text("ERR PSYNC FAILOVER replid must match my replid."));
        }
        if !self.server.replication.follow.was_connected() {
            // It came back with its files while it was to take over: they may lack what it had when it was chosen.
            return Err(Error::Text(
                "ERR PSYNC FAILOVER can't be sent to a replica that was not in sync since it started.",
            ));
        }
        self.persistence().follow_nobody();
        // Those that there are; the one that asks is going to be one that stays.
        self.server.drop_replicas_as_asked(self.orders);
        let mut who = String::new();
        self.server.describe_client(self.session, self.now, &mut who);
        let role = self.server.personality.primary();
        self.orders.log(LogLevel::Notice, format!("{role} MODE enabled (failover request from '{who}')"));
        Ok(())
    }
}

impl Work<'_> {
    /// Looks whether a failover can go on: a replica has acknowledged something,
    /// or time has passed.
    pub(crate) fn failover_step(&mut self) {
        let failover = &self.server.replication.follow.failover;
        if failover.state != State::Waiting {
            return;
        }
        if failover.until.is_some_and(|until| until <= self.now.monotonic) {
            if let Some(target) = failover.target.clone().filter(|_| failover.force) {
                let line = format!("Failover to {} time out exceeded, failing over.", shown(&target));
                self.log_of_primary(LogLevel::Notice, line);
                return self.hand_over_to(target);
            }
            return self.abort_failover("Replica never caught up before timeout");
        }
        if let Some(target) = self.server.replication.caught_up() {
            let line = format!("Failover target {} is synced, failing over.", shown(&target));
            self.log_of_primary(LogLevel::Notice, line);
            return self.hand_over_to(target);
        }
        let tick = self.now.monotonic.plus_ms(100);
        let next = self.server.replication.follow.failover.until.map_or(tick, |until| until.min(tick));
        self.server.timers.set(Timer::Follow, next);
    }

    fn hand_over_to(&mut self, target: PrimaryAddress) {
        let failover = &mut self.server.replication.follow.failover;
        failover.state = State::InProgress;
        failover.target = Some(target.clone());
        self.follow(target);
    }

    /// The new primary answered PSYNC.
    pub(super) fn failover_answered(&mut self, accepted: bool) {
        if self.server.replication.follow.failover.state != State::InProgress {
            return;
        }
        if accepted {
            self.end_failover();
        } else {
            self.abort_failover("Failover target rejected psync request");
        }
    }

    fn abort_failover(&mut self, reason: &str) {
        let failover = &self.server.replication.follow.failover;
        let name = failover.state_name();
        let line = match &failover.target {
            Some(target) => format!("Aborting failover to {} while {name}: {reason}", shown(target)),
            None => format!("Aborting failover while {name}: {reason}"),
        };
        let in_progress = failover.state == State::InProgress;
        self.log_of_primary(LogLevel::Notice, line);
        if in_progress {
            self.follow_nobody();
        }
        self.end_failover();
    }

    /// Writes go on, as far as nobody else has paused them.
    fn end_failover(&mut self) {
        self.server.replication.follow.failover = Failover::default();
        self.server.pauses.failover = false;
        self.server.resume_waiting(self.orders);
    }
}

/// An address as log lines show it.
fn shown(address: &PrimaryAddress) -> String {
    format!("{}:{}", String::from_utf8_lossy(&address.host), address.port)
}
