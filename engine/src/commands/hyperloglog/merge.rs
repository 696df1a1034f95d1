//! Unions: PFMERGE.

use super::layout::{Encoding, REGISTERS, empty, invalidate, merge, raise_all};
use super::{sparse, sparse_length_max, store};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::keyspace::change::{Event, Record};
use crate::resp::request::Arguments;

/// PFMERGE.
pub(super) const PFMERGE: Command = Command {
    name: "pfmerge",
    group: Group::Hyperloglog,
    since: "2.8.9",
    summary: "Stores what several HyperLogLogs come to together.",
    complexity: "O(N) where N is the number of HyperLogLogs, with a large constant.",
    arity: -2,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: Categories::HYPERLOGLOG.and(Categories::SLOW).and(Categories::WRITE),
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::INSERT),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        KeySpec {
            flags: KeyFlags::RO.and(KeyFlags::ACCESS),
            begin: Begin::Index(2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    arguments: &[
        Argument::new("destkey", ArgumentKind::Key(0)),
        Argument::new("sourcekey", ArgumentKind::Key(1)).optional().multiple(),
    ],
    subcommands: &[],
    handler: pfmerge,
};

fn pfmerge(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    // The destination is one of the sources.
    let mut registers = [0; REGISTERS];
    let mut any_dense = false;
    for index in 1..arguments.len() {
        let key = context.key(&arguments, index);
        if let Some(value) = context.read_string(&key)? {
            let (encoding, bytes) = Encoding::of(value)?;
            merge(&mut registers, encoding, bytes)?;
            any_dense |= encoding == Encoding::Dense;
        }
    }
    let length_max = sparse_length_max(context);
    let key = context.key(&arguments, 1);
    let location = context.find_live(context.database(), &key);
    let mut bytes = match location {
        Some(location) => Encoding::of(context.string_at(location)?)?.1.to_vec(),
        None => empty(),
    };
    let encoding = Encoding::of(Value::Bytes(&bytes))?.0;
    let mut own = [0; REGISTERS];
    merge(&mut own, encoding, &bytes)?;
    if any_dense && encoding == Encoding::Sparse {
        bytes = sparse::to_dense(&bytes)?;
    }
    let raised = registers.iter().zip(&own).enumerate().filter(|(_, (register, own))| register > own);
    raise_all(&mut bytes, raised.map(|(index, (register, _))| (index, *register)), length_max)?;
    invalidate(&mut bytes);
    store(context, &key, location, &bytes);
    context.changed(&key, Event::string("pfadd"), Record::Command);
    context.reply.ok();
    Ok(())
}
