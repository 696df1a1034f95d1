//! REPLCONF: what the two sides of replication tell each other besides the
//! stream.

use crate::base::number::parse_i64;
use crate::boundary::id::ClientId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::Id;
use crate::replication::replica::Handshake;
use crate::resp::request::Arguments;
use crate::session::class::Class;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

/// Bytes of an address at most.
const ADDRESS_MAX: usize = 255;

/// REPLCONF.
pub const REPLCONF: Command = Command {
    name: "replconf",
    group: Group::Server,
    since: "3.0.0",
    summary: "Tells the other side of replication something: only servers use it.",
    complexity: "O(1)",
    arity: -1,
    flags: Flags::ADMIN.and(Flags::ALLOW_BUSY).and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: replconf,
};

fn replconf(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len().is_multiple_of(2) {
        return Err(Error::Syntax);
    }
    let mut handshake = context.session.handshake.take().unwrap_or_default();
    let told = tell(context, &mut handshake, &arguments);
    if *handshake != Handshake::default() {
        context.session.handshake = Some(handshake);
    }
    if told? {
        context.reply.ok();
    }
    Ok(())
}

/// Takes in what is told; true if that is to be answered.
fn tell(context: &mut Context<'_>, handshake: &mut Box<Handshake>, arguments: &Arguments<'_>) -> Result<bool, Error> {
    for at in (1..arguments.len()).step_by(2) {
        let value = &arguments[at + 1];
        match arguments[at].to_ascii_lowercase().as_slice() {
            b"listening-port" => handshake.port = number(value)? as u16,
            b"ip-address" if value.len() < ADDRESS_MAX => {
                handshake.address = String::from_utf8_lossy(value).into_owned();
            }
            b"ip-address" => {
                let length = value.len();
                return Err(Error::Formatted(format!(
                    "ERR REPLCONF ip-address provided by replica instance is too long: {length} bytes"
                )));
            }
            b"capa" if value.eq_ignore_ascii_case(b"eof") => handshake.reads_to_mark = true,
            b"capa" if value.eq_ignore_ascii_case(b"psync2") => handshake.takes_new_id = true,
            b"capa" if value.eq_ignore_ascii_case(b"dual-channel") => {
                let config = &context.server.config;
                let both = config.boolean(Id::DualChannelReplicationEnabled) && config.boolean(Id::ReplDisklessSync);
                handshake.takes_two_connections |= both;
            }
            b"capa" => {}
            b"ack" => {
                acknowledge(context, arguments, at);
                return Ok(false);
            }
            b"getack" => return Ok(false),
            b"rdb-only" => match number(value)? {
                flag @ 0..=1 => handshake.file_only = flag == 1,
                _ => return Err(Error::OutOfRange),
            },
            b"rdb-filter-only" => handshake.without_keys = filter(value)?,
            b"rdb-channel" => match number(value)? {
                flag @ 0..=1 => handshake.for_snapshot = flag == 1,
                _ => return Err(Error::OutOfRange),
            },
            b"set-rdb-client-id" => {
                let number = number(value)?;
                let client = u64::try_from(number).ok().map(ClientId);
                if !client.is_some_and(|client| context.server.replication.is_reserved(client)) {
                    return Err(Error::Formatted(format!("ERR Unrecognized RDB client id {number}")));
                }
                handshake.snapshot_client = client;
            }
            b"version" => handshake.version = Some(version(value)?),
            _ => {
                let option = String::from_utf8_lossy(&arguments[at]).into_owned();
                return Err(Error::Formatted(format!("ERR Unrecognized REPLCONF option: {option}")));
            }
        }
    }
    Ok(true)
}

/// A replica tells how far it is. No reply could be told from the stream.
fn acknowledge(context: &mut Context<'_>, arguments: &Arguments<'_>, at: usize) {
    if context.session.class() != Class::Replica {
        return;
    }
    let offset = |index: usize| arguments.get(index).and_then(parse_i64).map(|offset| offset.max(0) as u64);
    let Some(reached) = offset(at + 1) else { return };
    let with_synced = arguments.get(at + 2).is_some_and(|word| word.eq_ignore_ascii_case(b"fack"));
    let synced = offset(at + 3).filter(|_| with_synced);
    context.acknowledged(reached, synced);
}

/// What the file is to have besides its frame. Of what can be asked for there
/// are no functions, so that without keys nothing is left.
fn filter(value: &[u8]) -> Result<bool, Error> {
    for word in value.split(|&byte| byte == b' ').filter(|word| !word.is_empty()) {
        if !word.eq_ignore_ascii_case(b"functions") {
            let word = String::from_utf8_lossy(word);
            return Err(Error::Formatted(format!("ERR Unsupported rdb-filter-only option: {word}")));
        }
    }
    Ok(true)
}

/// Major and minor of `major.minor.patch`.
fn version(value: &[u8]) -> Result<(u32, u32), Error> {
    let mut parts =
        value.split(|&byte| byte == b'.').map(|part| parse_i64(part).and_then(|part| u32::try_from(part).ok()));
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Some(major)), Some(Some(minor)), Some(Some(_)), None) => Ok((major, minor)),
        _ => {
            let value = String::from_utf8_lossy(value);
            Err(Error::Formatted(format!("ERR Unrecognized version format: {value}")))
        }
    }
}

fn number(value: &[u8]) -> Result<i64, Error> {
    parse_i64(value).ok_or(Error::NotInteger)
}
