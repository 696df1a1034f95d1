//! Output that waits until what it tells of is durable.
//!
//! With `appendfsync always` every byte that leaves carries the position at
//! which it was written: nobody sees what a crash could take back. Nothing
//! overtakes: while anything waits, all that comes later waits behind it.

use super::{Aof, Bytes, Policy, State};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::effects::{Effect, Effects};
use crate::boundary::id::{ClientId, LinkId};
use alloc::collections::VecDeque;

/// Bytes of a chunk, unless one piece is longer.
const CHUNK: usize = 32 << 10;

/// Output that is held back, in order.
#[derive(Default, Debug)]
pub(super) struct Held {
    queue: VecDeque<(u64, Output)>,
    pieces: Pieces,
}

/// One piece of it, with the length of its bytes.
#[derive(Debug)]
enum Output {
    Send(ClientId, usize),
    /// The bytes of the `Send` before, to another client.
    SendToo(ClientId),
    Close(ClientId),
    LinkSend(LinkId, usize),
}

/// Pieces of bytes that come out as they went in. In chunks, so that no allocation
/// is needed for each, nor one that grows with all of them.
#[derive(Default, Debug)]
struct Pieces {
    chunks: VecDeque<Bytes>,
    /// Bytes of the first chunk that are gone.
    gone: usize,
}

impl Pieces {
    fn push(&mut self, piece: &[u8]) {
        match self.chunks.back_mut() {
            Some(chunk) if chunk.0.is_empty() || chunk.0.len() + piece.len() <= CHUNK => {
                chunk.0.extend_from_slice(piece);
            }
            _ => {
                let mut chunk = Bytes::default();
                chunk.0.reserve(CHUNK.max(piece.len()));
                chunk.0.extend_from_slice(piece);
                self.chunks.push_back(chunk);
            }
        }
    }

    /// Hands over the next piece, which has this length.
    fn pop(&mut self, length: usize, take: impl FnOnce(&[u8])) {
        let last = self.chunks.len() == 1;
        let Some(chunk) = self.chunks.front_mut() else { return };
        let end = chunk.0.len().min(self.gone.saturating_add(length));
        take(&chunk.0[self.gone..end]);
        self.gone = end;
        if end < chunk.0.len() {
            return;
        }
        self.gone = 0;
        // The last one of common size stays for what comes next.
        if last && chunk.0.capacity() <= CHUNK {
            chunk.0.clear();
        } else {
            self.chunks.pop_front();
        }
    }
}

/// Where the effects of an input begin, and its changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    effects: usize,
    position: u64,
}

impl Image for Held {
    fn blank() -> Held {
        Held::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Held { queue, pieces } = self;
        tape.each([queue, pieces])
    }
}

impl Image for Output {
    fn blank() -> Output {
        Output::Close(ClientId(0))
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let (client, link) = (ClientId(0), LinkId(0));
        tape.variant(
            self,
            [Output::Send(client, 0), Output::SendToo(client), Output::Close(client), Output::LinkSend(link, 0)],
        )?;
        match self {
            Output::Send(client, length) => tape.each([client, length]),
            Output::SendToo(client) | Output::Close(client) => client.image(tape),
            Output::LinkSend(link, length) => tape.each([link, length]),
        }
    }
}

impl Image for Pieces {
    fn blank() -> Pieces {
        Pieces::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Pieces { chunks, gone } = self;
        tape.each([chunks, gone])?;
        let length = chunks.front().map_or(0, |chunk| chunk.0.len());
        if *gone > length { Err(Damaged) } else { Ok(()) }
    }
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Number of replies, and of what else is sent.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

impl Aof {
    /// True if output may have to wait: then [`Aof::hold_back`] is to be called
    /// at the end of each input.
    #[inline]
    pub(crate) fn holds(&self) -> bool {
        if cfg!(feature = "planted_reply_before_sync") {
            return false;
        }
        self.policy == Policy::Always && self.state == State::On || !self.held.is_empty() || self.lost
    }

    /// An input begins here.
    pub(crate) fn mark(&self, effects: &mut Effects) -> Mark {
        effects.keep_apart();
        Mark { effects: effects.orders.list.len(), position: self.appended }
    }

    /// Holds back what an input sent, or lets go what need not wait any more.
    pub(crate) fn hold_back(&mut self, mark: Mark, effects: &mut Effects) {
        let position = self.appended;
        if cfg!(feature = "planted_read_before_sync") && position == mark.position {
            return self.let_go(effects);
        }
        if !self.held.is_empty() || position > self.released() {
            self.take_output(mark, position, effects);
            self.let_go(effects);
        }
    }

    /// The position whose output may leave.
    fn released(&self) -> u64 {
        match self.policy {
            _ if self.lost => 0,
            Policy::Always if self.unsynced_will_do() => self.written,
            _ => self.synced,
        }
    }

    fn take_output(&mut self, mark: Mark, position: u64, effects: &mut Effects) {
        let list = &mut effects.orders.list;
        let Held { queue, pieces } = &mut self.held;
        let mut last = 0..0;
        for effect in list.split_off(mark.effects.min(list.len())) {
            let output = match effect {
                Effect::Send { client, start, end } if last == (start..end) => Output::SendToo(client),
                Effect::Send { client, start, end } => {
                    last = start..end;
                    pieces.push(&effects.output[last.clone()]);
                    Output::Send(client, last.len())
                }
                Effect::LinkSend { link, start, end } => {
                    pieces.push(&effects.output[start..end]);
                    Output::LinkSend(link, end - start)
                }
                Effect::Close { client, flush: true } => Output::Close(client),
                other => {
                    effects.orders.list.push(other);
                    continue;
                }
            };
            queue.push_back((position, output));
        }
    }

    fn let_go(&mut self, effects: &mut Effects) {
        let released = self.released();
        let mut sent = false;
        let (mut start, mut end) = (0, 0);
        let Held { queue, pieces } = &mut self.held;
        while let Some((_, output)) = queue.pop_front_if(|(position, _)| *position <= released) {
            sent = true;
            match output {
                Output::Send(client, length) => {
                    start = effects.output.len();
                    pieces.pop(length, |bytes| effects.output.extend_from_slice(bytes));
                    end = effects.output.len();
                    effects.send_part(client, start, end);
                }
                Output::SendToo(client) => effects.send_part(client, start, end),
                Output::LinkSend(link, length) => pieces.pop(length, |bytes| effects.send_over(link, bytes)),
                Output::Close(client) => effects.orders.close(client),
            }
        }
        // Whoever may still be told is told before the process ends.
        if sent && let Some(at) = effects.orders.list.iter().position(|effect| matches!(effect, Effect::Exit { .. })) {
            let exit = effects.orders.list.remove(at);
            effects.orders.list.push(exit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use alloc::vec::Vec;

    #[test]
    fn pieces_come_out_as_they_went_in() {
        let mut random = Random::from_seed(1);
        let mut pieces = Pieces::default();
        let mut model: VecDeque<Vec<u8>> = VecDeque::new();
        let mut most = 0;
        for round in 0..20_000_u32 {
            // It fills for a while, and empties for a while.
            if random.below(100) < if round / 1000 % 2 == 0 { 60 } else { 40 } {
                let bound = if random.below(50) == 0 { 3 * CHUNK as u64 } else { 200 };
                let length = random.below(bound) as usize;
                let piece: Vec<u8> = (0..length).map(|index| (index as u32 ^ round) as u8).collect();
                pieces.push(&piece);
                model.push_back(piece);
            } else if let Some(piece) = model.pop_front() {
                pieces.pop(piece.len(), |bytes| assert!(bytes == piece));
            }
            most = most.max(pieces.chunks.len());
        }
        assert!(most > 5, "{most}");
        model.iter().for_each(|piece| pieces.pop(piece.len(), |bytes| assert!(bytes == piece)));
        assert!(pieces.chunks.len() <= 1 && pieces.gone == 0);
        // An image may claim more than there is.
        pieces.push(b"ab");
        pieces.pop(1, |bytes| assert!(bytes == b"a"));
        pieces.pop(usize::MAX, |bytes| assert!(bytes == b"b"));
    }
}
