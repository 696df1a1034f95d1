//! Replication in an image: the stream that is kept, replicas that are sent it,
//! a primary that is followed. A full synchronization under way is waited out.

use super::Replication;
use super::replica::{Handshake, Replica, State};
use super::wait::{Wait, Wanted};
use crate::base::image::{Damaged, Image, Tape};
use crate::base::random::Random;
use crate::boundary::id::{ClientId, FileId};
use crate::boundary::time::Monotonic;
use crate::server::deferred::Waiter;
use alloc::string::String;
use alloc::vec::Vec;

impl Replication {
    /// True if an image can be written.
    pub(crate) fn rests(&self) -> bool {
        self.transfer.is_none() && self.reservations.is_empty() && self.follow.rests()
    }
}

impl Image for Replication {
    fn blank() -> Replication {
        Replication::new(&mut Random::from_seed(0))
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Replication {
            id,
            second_id,
            second_offset,
            offset,
            follow,
            replicas_min,
            waits,
            selected,
            backlog,
            replicas,
            transfer: _,
            reservations: _,
            alone_since,
            next_second,
            seconds_unpinged,
            ask_acknowledgements,
            fed_by_file,
            drop_all,
            gone,
            orphans,
        } = self;
        tape.each([id, second_id, second_offset, offset, follow, replicas_min, waits, selected, backlog, replicas])?;
        tape.each([alone_since, next_second, seconds_unpinged, ask_acknowledgements, fed_by_file, drop_all])?;
        tape.each([gone, orphans])
    }
}

impl Image for Replica {
    fn blank() -> Replica {
        Replica {
            client: ClientId(0),
            handshake: Handshake::default(),
            name: String::new(),
            address: String::new(),
            state: State::WaitStart,
            by_sync: false,
            cursor: 0,
            outbox: Vec::new(),
            acknowledged: 0,
            acknowledged_synced: 0,
            acknowledged_at: Monotonic(0),
            asked_at: Monotonic(0),
            taken: 0,
            taken_at: Monotonic(0),
        }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Replica {
            client,
            handshake,
            name,
            address,
            state,
            by_sync,
            cursor,
            outbox,
            acknowledged,
            acknowledged_synced,
            acknowledged_at,
            asked_at,
            taken,
            taken_at,
        } = self;
        tape.each([client, handshake, name, address, state, by_sync, cursor, outbox, acknowledged])?;
        tape.each([acknowledged_synced, acknowledged_at, asked_at, taken, taken_at])
    }
}

impl Image for State {
    fn blank() -> State {
        State::WaitStart
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        use State::{BackgroundLoad, Online, Opening, SendFile, Transfer, WaitAck, WaitFile, WaitStart};
        let none = FileId(0);
        let sent = [Transfer(0), Opening(none), SendFile(none, 0, false)];
        let [transfer, opening, file] = sent;
        tape.variant(self, [WaitStart, WaitFile, transfer, opening, file, WaitAck, BackgroundLoad, Online])?;
        match self {
            Transfer(position) => position.image(tape),
            Opening(file) => file.image(tape),
            SendFile(file, left, reading) => tape.each([file, left, reading]),
            WaitStart | WaitFile | WaitAck | BackgroundLoad | Online => Ok(()),
        }
    }
}

impl Image for Wait {
    fn blank() -> Wait {
        Wait { waiter: Waiter::blank(), wanted: Wanted::Replicas(0), offset: 0, until: None }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Wait { waiter, wanted, offset, until } = self;
        tape.each([waiter, wanted, offset, until])
    }
}

impl Image for Wanted {
    fn blank() -> Wanted {
        Wanted::Replicas(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Wanted::Replicas(0), Wanted::Synced { local: false, replicas: 0 }])?;
        match self {
            Wanted::Replicas(count) => count.image(tape),
            Wanted::Synced { local, replicas } => tape.each([local, replicas]),
        }
    }
}
