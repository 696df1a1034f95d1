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
use alloc::sync::Arc;

/// Output that is held back, in order.
#[derive(Default, Debug)]
pub(super) struct Held {
    queue: VecDeque<(u64, Output)>,
}

/// One piece of it.
#[derive(Debug)]
enum Output {
    /// To one of those that share the bytes.
    Send(ClientId, Arc<Bytes>),
    Close(ClientId),
    LinkSend(LinkId, Bytes),
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
        let Held { queue } = self;
        queue.image(tape)
    }
}

/// Bytes that several share are each's own afterwards.
impl Image for Output {
    fn blank() -> Output {
        Output::Close(ClientId(0))
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let (client, link) = (ClientId(0), LinkId(0));
        tape.variant(
            self,
            [Output::Send(client, Arc::default()), Output::Close(client), Output::LinkSend(link, Bytes::default())],
        )?;
        match self {
            Output::Send(client, bytes) if tape.reads() => {
                let mut read = Bytes::default();
                tape.each([client, &mut read])?;
                *bytes = Arc::new(read);
                Ok(())
            }
            Output::Send(client, bytes) => tape.each([client, &mut Bytes(bytes.0.clone())]),
            Output::Close(client) => client.image(tape),
            Output::LinkSend(link, bytes) => tape.each([link, bytes]),
        }
    }
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
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
        let mut last = (0..0, Arc::default());
        for effect in list.split_off(mark.effects.min(list.len())) {
            let bytes = |start, end| Bytes(effects.output[start..end].to_vec());
            let output = match effect {
                Effect::Send { client, start, end } => {
                    if last.0 != (start..end) {
                        last = (start..end, Arc::new(bytes(start, end)));
                    }
                    Output::Send(client, Arc::clone(&last.1))
                }
                Effect::LinkSend { link, start, end } => Output::LinkSend(link, bytes(start, end)),
                Effect::Close { client, flush: true } => Output::Close(client),
                other => {
                    effects.orders.list.push(other);
                    continue;
                }
            };
            self.held.queue.push_back((position, output));
        }
    }

    fn let_go(&mut self, effects: &mut Effects) {
        let released = self.released();
        let mut sent = false;
        let mut last: (Arc<Bytes>, usize, usize) = Default::default();
        while let Some((_, output)) = self.held.queue.pop_front_if(|(position, _)| *position <= released) {
            sent = true;
            match output {
                Output::Send(client, bytes) => {
                    if !Arc::ptr_eq(&bytes, &last.0) {
                        let start = effects.output.len();
                        effects.output.extend_from_slice(&bytes.0);
                        last = (bytes, start, effects.output.len());
                    }
                    effects.send_part(client, last.1, last.2);
                }
                Output::LinkSend(link, bytes) => effects.send_over(link, &bytes.0),
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
