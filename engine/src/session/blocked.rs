//! What a client that waits for keys has asked for: its request, to be run
//! again once one of the keys may have what it wants.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::time::Monotonic;
use crate::command::table::CommandId;
use crate::data::shape::Type;
use crate::resp::request::OwnedArguments;

/// A request that waits for keys.
#[derive(Debug)]
pub struct Blocked {
    /// Its command.
    pub(crate) command: CommandId,
    /// Its arguments.
    pub(crate) arguments: OwnedArguments,
    /// Where the keys stand among the arguments: the first, and how many.
    pub(crate) keys: (usize, usize),
    /// The type of the keys that it waits for.
    pub(crate) value_type: Type,
    /// True if it is to be run again, too, when a key is gone or becomes
    /// something else.
    pub(crate) on_deletion: bool,
    /// When it has waited long enough; `None` for never.
    pub(crate) until: Option<Monotonic>,
    /// Its place among all who wait: lower numbers began earlier.
    pub(crate) ticket: u64,
    /// True if CLIENT REPLY suppresses the reply.
    pub(crate) muted: bool,
    /// How long it ran so far, nanoseconds.
    pub(crate) elapsed_ns: u64,
}

impl Blocked {
    /// The keys that it waits for; one may stand there twice.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let (first, count) = self.keys;
        let arguments = self.arguments.as_arguments();
        (first..first.saturating_add(count)).map_while(move |index| arguments.get(index))
    }

    /// Bytes of memory, for the account: with what is remembered for each key.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Blocked>() + self.arguments.memory() + self.keys().map(|key| KEY_MEMORY + key.len()).sum::<usize>()
    }
}

/// About what a key takes that one client waits for, besides its name.
const KEY_MEMORY: usize = 128;

impl Image for Blocked {
    fn blank() -> Blocked {
        Blocked {
            command: CommandId::blank(),
            arguments: OwnedArguments::blank(),
            keys: (0, 0),
            value_type: Type::blank(),
            on_deletion: false,
            until: None,
            ticket: 0,
            muted: false,
            elapsed_ns: 0,
        }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Blocked { command, arguments, keys, value_type, on_deletion, until, ticket, muted, elapsed_ns } = self;
        tape.each([command, arguments, keys, value_type, on_deletion, until, ticket, muted, elapsed_ns])
    }
}
