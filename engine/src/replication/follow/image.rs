//! A primary that is followed, in an image.

use super::history::Position;
use super::{Follow, Link, Stage, Stream};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::{DatabaseId, LinkId};
use crate::boundary::time::Monotonic;
use crate::replication::ReplicationId;
use alloc::vec::Vec;

impl Follow {
    /// True if an image can be written: the connection is being made, or the
    /// stream comes over it and over no other, or there is none.
    pub(crate) fn rests(&self) -> bool {
        let two = self.apart.is_some() || self.kept.is_some();
        match self.link.as_ref().map(|link| &link.stage) {
            _ if two => false,
            None | Some(Stage::Connecting | Stage::Asked | Stage::Streaming(_)) => true,
            Some(
                Stage::Greeting(_) | Stage::Placing | Stage::Announced(_) | Stage::Receiving(_) | Stage::Loading(_),
            ) => false,
        }
    }
}

impl Image for Follow {
    fn blank() -> Follow {
        Follow::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Follow {
            address,
            link,
            apart: _,
            kept: _,
            kept_peak,
            outbox,
            resumable,
            selected,
            down_since,
            failover,
            own_keys,
        } = self;
        tape.each([address, link, kept_peak, outbox, resumable, selected, down_since, failover, own_keys])
    }
}

impl Image for Link {
    fn blank() -> Link {
        Link {
            id: LinkId(0),
            stage: Stage::Connecting,
            buffer: Vec::new(),
            reading: false,
            last_io: Monotonic(0),
            kept_alive: Monotonic(0),
            connection: None,
        }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Link { id, stage, buffer, reading, last_io, kept_alive, connection } = self;
        tape.each([id, stage, buffer, reading, last_io, kept_alive, connection])
    }
}

/// Only where [`Follow::rests`].
impl Image for Stage {
    fn blank() -> Stage {
        Stage::Connecting
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Stage::Connecting, Stage::Asked, Stage::Streaming(Stream::default())])?;
        match self {
            Stage::Streaming(stream) => stream.image(tape),
            _ => Ok(()),
        }
    }
}

/// How far the parser got in a request that is not complete is not part of it:
/// it reads that again, and comes to the same.
impl Image for Stream {
    fn blank() -> Stream {
        Stream::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Stream { parser: _, requests: _, position, held, disconnected, without_offsets } = self;
        tape.each([position, held, disconnected, without_offsets])
    }
}

impl Image for Position {
    fn blank() -> Position {
        Position { id: ReplicationId::blank(), offset: 0, database: DatabaseId(0) }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Position { id, offset, database } = self;
        tape.each([id, offset, database])
    }
}
