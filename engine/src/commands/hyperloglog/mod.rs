//! HyperLogLogs: how many different elements there were, within about 0.81 %,
//! in at most 12 KB. They are strings, of the layout that the reference
//! publishes: clients store and fetch them with SET and GET.

mod add;
mod count;
mod debug;
mod dense;
mod estimate;
mod layout;
mod merge;
mod murmur;
mod self_test;
mod sparse;
#[cfg(test)]
mod tests;

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::Command;
use crate::config::Id;
use crate::keyspace::database::{Key, Location};

/// The family.
pub const COMMANDS: &[Command] = &[add::PFADD, count::PFCOUNT, merge::PFMERGE, debug::PFDEBUG, self_test::PFSELFTEST];

/// A value whose opcodes do not come to all registers.
const CORRUPTED: Error = Error::Text("INVALIDOBJ Corrupted HLL object detected");

/// Up to how many bytes a value stays sparse.
fn sparse_length_max(context: &Context<'_>) -> usize {
    context.server.config.bytes(Id::HllSparseMaxBytes) as usize
}

/// Puts a value in the place of the one at a key whose location was just looked
/// up, if there is one. [`Context::changed`] follows.
fn store(context: &mut Context<'_>, key: &Key<'_>, location: Option<Location>, new: &[u8]) {
    context.edit_string(key, location, new.len(), |bytes| {
        bytes.clear();
        bytes.reserve_exact(new.len());
        bytes.extend_from_slice(new);
    });
}
