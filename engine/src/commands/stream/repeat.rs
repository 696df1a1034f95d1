//! How it is repeated that entries of a group became pending, or pending of
//! another consumer: by XCLAIM, and by XGROUP SETID, whatever the command was.

use crate::base::number::{format_i64, format_u64};
use crate::command::context::Context;
use crate::data::stream::{ID_TEXT_SIZE, StreamId};
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::Key;
use alloc::vec::Vec;

/// Ids that one request names.
const REQUEST_IDS: usize = 256;

/// An entry that was delivered, or is pending no more as it was deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Claim {
    pub(super) id: StreamId,
    /// How often it was delivered.
    pub(super) deliveries: u64,
}

/// What is stated of a group: a command states the first part as its change, the
/// others together with it.
pub(super) struct Repeated<'k> {
    pub(super) key: Key<'k>,
    pub(super) group: &'k [u8],
    /// True once a part was stated, or if none is to count as a change.
    pub(super) stated: bool,
}

impl Repeated<'_> {
    fn state(&mut self, context: &mut Context<'_>, request: &[&[u8]]) {
        if self.stated {
            return context.also_repeated_by(&self.key, request);
        }
        self.stated = true;
        context.changed(&self.key, Event::SILENT, Record::Request(request));
    }

    /// A consumer came to be: a change of its own, of which is told.
    pub(super) fn consumer(&self, context: &mut Context<'_>, consumer: &[u8]) {
        let request: [&[u8]; 5] = [b"XGROUP", b"CREATECONSUMER", self.key.bytes, self.group, consumer];
        context.changed(&self.key, Event::stream("xgroup-createconsumer"), Record::Request(&request));
    }

    /// Entries are a consumer's, delivered at a time; `last_id` is the group's.
    pub(super) fn claims(
        &mut self,
        context: &mut Context<'_>,
        consumer: &[u8],
        claims: &[Claim],
        delivered_ms: i64,
        last_id: StreamId,
    ) {
        let (mut time, mut last) = ([0; 20], [0; ID_TEXT_SIZE]);
        let (time, last) = (format_i64(delivered_ms, &mut time), last_id.format(&mut last));
        for same in claims.chunk_by(|a, b| a.deliveries == b.deliveries).flat_map(|same| same.chunks(REQUEST_IDS)) {
            let mut count = [0; 20];
            let count = format_u64(same.first().map_or(0, |claim| claim.deliveries), &mut count);
            let ids: Vec<Vec<u8>> = same.iter().map(|claim| claim.id.format(&mut [0; ID_TEXT_SIZE]).to_vec()).collect();
            let mut request: Vec<&[u8]> = Vec::from([b"XCLAIM", self.key.bytes, self.group, consumer, b"0"]);
            request.extend(ids.iter().map(Vec::as_slice));
            request.extend([b"TIME", time, b"RETRYCOUNT", count, b"FORCE", b"JUSTID", b"LASTID", last]);
            self.state(context, &request);
        }
    }

    /// The group has come so far.
    pub(super) fn progress(&mut self, context: &mut Context<'_>, last_id: StreamId, entries_read: Option<u64>) {
        let (mut last, mut read) = ([0; ID_TEXT_SIZE], [0; 20]);
        let read = format_i64(entries_read.map_or(-1, u64::cast_signed), &mut read);
        let last = last_id.format(&mut last);
        self.state(context, &[b"XGROUP", b"SETID", self.key.bytes, self.group, last, b"ENTRIESREAD", read]);
    }
}
