//! COMMAND GETKEYS and COMMAND GETKEYSANDFLAGS: the keys of a full command.

use super::describe::write_key_flags;
use crate::command::context::Context;
use crate::command::dispatch::{arity_fits, keys_of};
use crate::command::error::Error;
use crate::command::spec::{Command, Flags, KeyFlags};
use crate::resp::request::Arguments;
use alloc::vec::Vec;

pub(super) fn getkeys(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let request = arguments.from(2);
    let found = keys_of_request(context, &request)?;
    context.reply.array(found.len());
    for (index, _) in found {
        context.reply.bulk(&request[index]);
    }
    Ok(())
}

pub(super) fn getkeysandflags(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let request = arguments.from(2);
    let found = keys_of_request(context, &request)?;
    context.reply.array(found.len());
    for (index, flags) in found {
        context.reply.array(2);
        context.reply.bulk(&request[index]);
        write_key_flags(&mut context.reply, flags);
    }
    Ok(())
}

fn keys_of_request(context: &Context<'_>, request: &Arguments<'_>) -> Result<Vec<(usize, KeyFlags)>, Error> {
    let table = &context.server.commands;
    let invalid = Error::Text("ERR Invalid command specified");
    let mut id = table.find(&request[0]).ok_or(invalid.clone())?;
    if !table.command(id).subcommands.is_empty() && request.len() > 1 {
        id = table.find_subcommand(id, &request[1]).ok_or(invalid)?;
    }
    let command = table.command(id);
    if command.keys.is_empty() {
        return Err(Error::Text("ERR The command has no key arguments"));
    }
    if !arity_fits(command, request.len()) {
        return Err(Error::Text("ERR Invalid number of arguments specified for command"));
    }
    match keys_of(command, request) {
        Some(found) if !found.is_empty() => {
            Ok(found.into_iter().map(|(index, flags)| (index, actual_flags(command, request, flags))).collect())
        }
        _ if command.flags.has(Flags::NO_MANDATORY_KEYS) => Ok(Vec::new()),
        _ => Err(Error::Text("ERR Invalid arguments specified for command")),
    }
}

/// What becomes of a key where that depends on the other arguments.
fn actual_flags(command: &Command, request: &Arguments<'_>, flags: KeyFlags) -> KeyFlags {
    if !flags.has(KeyFlags::VARIABLE_FLAGS) {
        return flags;
    }
    let has = |word: &[u8], from: usize| request.iter().skip(from).any(|argument| argument.eq_ignore_ascii_case(word));
    match command.name {
        "set" if has(b"get", 3) => KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        "set" if has(b"ifeq", 3) => KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        "set" => KeyFlags::OW.and(KeyFlags::UPDATE),
        "bitfield" if !has(b"set", 2) && !has(b"incrby", 2) => KeyFlags::RO.and(KeyFlags::ACCESS),
        "bitfield" => KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE),
        "georadius" | "georadiusbymember" => KeyFlags::OW.and(KeyFlags::UPDATE),
        _ => flags,
    }
}
