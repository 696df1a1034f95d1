//! XREAD, and what it has in common with XREADGROUP: the options.

use super::range::reply_entries;
use super::{no_key_or_group, parse_id, read_group, stream_at};
use crate::base::number::parse_i64;
use crate::command::block::Wanted;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::shape::Type;
use crate::data::stream::{ID_TEXT_SIZE, Stream, StreamId};
use crate::keyspace::database::Key;
use crate::resp::reply::Protocol;
use crate::resp::request::{Arguments, OwnedArguments};
use alloc::format;
use alloc::vec::Vec;

/// XREAD.
pub(super) const XREAD: Command = Command {
    name: "xread",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Returns entries of streams behind given ids, or waits for some.",
    complexity: "O(N) where N is the number of entries returned",
    arity: -4,
    flags: Flags::BLOCKING.and(Flags::READONLY),
    categories: Categories::BLOCKING.and(Categories::READ).and(Categories::SLOW).and(Categories::STREAM),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Keyword("STREAMS", 1),
        find: Find::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }],
    arguments: &[
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::new("milliseconds", ArgumentKind::Integer).after("BLOCK").optional(),
        Argument::new(
            "streams",
            ArgumentKind::Block(&[
                Argument::new("key", ArgumentKind::Key(0)).multiple(),
                Argument::new("ID", ArgumentKind::String).multiple(),
            ]),
        )
        .after("STREAMS"),
    ],
    subcommands: &[],
    handler: xread,
};

/// XREADGROUP.
pub(super) const XREADGROUP: Command = Command {
    name: "xreadgroup",
    group: Group::Stream,
    since: "5.0.0",
    summary: "Returns entries of streams to a consumer of a group, or waits for some.",
    complexity: "O(N) where N is the number of entries returned",
    arity: -7,
    flags: Flags::BLOCKING.and(Flags::WRITE),
    categories: Categories::BLOCKING.and(Categories::SLOW).and(Categories::STREAM).and(Categories::WRITE),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Keyword("STREAMS", 4),
        find: Find::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }],
    arguments: &[
        Argument::new(
            "group-block",
            ArgumentKind::Block(&[
                Argument::new("group", ArgumentKind::String),
                Argument::new("consumer", ArgumentKind::String),
            ]),
        )
        .after("GROUP"),
        Argument::new("count", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::new("milliseconds", ArgumentKind::Integer).after("BLOCK").optional(),
        Argument::token("noack", "NOACK").optional(),
        Argument::new(
            "streams",
            ArgumentKind::Block(&[
                Argument::new("key", ArgumentKind::Key(0)).multiple(),
                Argument::new("ID", ArgumentKind::String).multiple(),
            ]),
        )
        .after("STREAMS"),
    ],
    subcommands: &[],
    handler: xreadgroup,
};

/// A consumer of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) group: &'a [u8],
    pub(super) consumer: &'a [u8],
}

/// What is asked for.
pub(super) struct Options<'a> {
    /// Who asks, for a group.
    pub(super) reader: Option<Reader<'a>>,
    /// How many entries of each stream; `None` for all.
    pub(super) count: Option<usize>,
    /// How long to wait, milliseconds, 0 for ever; `None` not to wait.
    block_ms: Option<u64>,
    /// What is delivered is not pending.
    pub(super) no_ack: bool,
    /// Where the keys begin; as many ids follow them.
    keys_at: usize,
    key_count: usize,
}

impl<'a> Options<'a> {
    fn parse(context: &Context<'_>, arguments: &'a Arguments<'_>, of_group: bool) -> Result<Options<'a>, Error> {
        let mut options =
            Options { reader: None, count: None, block_ms: None, no_ack: false, keys_at: 0, key_count: 0 };
        let mut index = 1;
        while let Some(word) = arguments.get(index) {
            let more = arguments.len() - index - 1;
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            if is("block") && more > 0 {
                options.block_ms = Some(timeout(context, &arguments[index + 1])?);
                index += 2;
            } else if is("count") && more > 0 {
                let count = parse_i64(&arguments[index + 1]).ok_or(Error::NotInteger)?;
                options.count = usize::try_from(count).ok().filter(|&count| count > 0);
                index += 2;
            } else if is("streams") && more > 0 {
                options.keys_at = index + 1;
                options.key_count = more / 2;
                break;
            } else if is("group") && more > 1 {
                group_only(of_group, "GROUP")?;
                options.reader = Some(Reader { group: &arguments[index + 1], consumer: &arguments[index + 2] });
                index += 3;
            } else if is("noack") {
                group_only(of_group, "NOACK")?;
                options.no_ack = true;
                index += 1;
            } else {
                return Err(Error::Syntax);
            }
        }
        options.check(arguments, of_group)?;
        Ok(options)
    }

    fn check(&self, arguments: &Arguments<'_>, of_group: bool) -> Result<(), Error> {
        if self.keys_at == 0 {
            return Err(Error::Syntax);
        }
        if arguments.len() - self.keys_at != 2 * self.key_count {
            let (name, symbol) = if of_group { ("xreadgroup", '>') } else { ("xread", '$') };
            return Err(Error::Formatted(format!(
                "ERR Unbalanced '{name}' list of streams: for each stream key an ID or '{symbol}' must be specified."
            )));
        }
        if of_group && self.reader.is_none() {
            return Err(Error::Text("ERR Missing GROUP option for XREADGROUP"));
        }
        Ok(())
    }

    /// Where the keys stand, each with its id.
    fn streams(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let count = self.key_count;
        (self.keys_at..self.keys_at + count).map(move |at| (at, at + count))
    }
}

fn group_only(of_group: bool, option: &str) -> Result<(), Error> {
    if of_group {
        return Ok(());
    }
    Err(Error::Formatted(format!("ERR The {option} option is only supported by XREADGROUP. You called XREAD instead.")))
}

/// The argument of BLOCK.
fn timeout(context: &Context<'_>, text: &[u8]) -> Result<u64, Error> {
    let timeout = parse_i64(text).ok_or(Error::Text("ERR timeout is not an integer or out of range"))?;
    if timeout > i64::MAX - context.now_ms() {
        return Err(Error::Text("ERR timeout is out of range"));
    }
    u64::try_from(timeout).map_err(|_| Error::Text("ERR timeout is negative"))
}

/// From where on a stream is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum From {
    /// What comes behind an id: in a group, of what is pending of the consumer.
    After(StreamId),
    /// What the group was not given yet.
    New,
}

fn xread(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(context, &arguments, false)?;
    let froms = froms(context, &arguments, &options)?;
    let count = options.count.unwrap_or(usize::MAX);
    let (start, mut served) = (context.reply.position(), 0);
    for ((key_at, _), from) in options.streams().zip(&froms) {
        let (key, From::After(after)) = (context.key(&arguments, key_at), *from) else { continue };
        let Some(location) = context.find_live(context.database(), &key) else { continue };
        let stream = stream_at(context.keyspace, context.session.database, location);
        let first = after.next().filter(|_| stream.last_entry_id().is_some_and(|last| last > after));
        let Some(first) = first else { continue };
        if context.reply.protocol() == Protocol::Resp2 {
            context.reply.array(2);
        }
        context.reply.bulk(key.bytes);
        reply_entries(&mut context.reply, stream.range(first, StreamId::MAX).take(count));
        served += 1;
    }
    end(context, &arguments, &options, &froms, start, served)
}

fn xreadgroup(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let options = Options::parse(context, &arguments, true)?;
    let froms = froms(context, &arguments, &options)?;
    let (start, mut served) = (context.reply.position(), 0);
    for ((key_at, _), from) in options.streams().zip(&froms) {
        let key = context.key(&arguments, key_at);
        served += usize::from(read_group::serve(context, &key, *from, &options));
    }
    end(context, &arguments, &options, &froms, start, served)
}

/// Ends the reply, in which so many streams were served.
fn end(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    options: &Options<'_>,
    froms: &[From],
    start: usize,
    served: usize,
) -> Result<(), Error> {
    match (served, options.block_ms) {
        (0, Some(timeout_ms)) => return wait(context, arguments, options, froms, timeout_ms),
        (0, None) => context.reply.null_array(),
        _ if context.reply.protocol() == Protocol::Resp2 => context.reply.array_since(start, served),
        _ => context.reply.map_since(start, served),
    }
    Ok(())
}

/// There is nothing to be read: the client waits for it, `timeout_ms` or for ever
/// if that is 0.
fn wait(
    context: &mut Context<'_>,
    arguments: &Arguments<'_>,
    options: &Options<'_>,
    froms: &[From],
    timeout_ms: u64,
) -> Result<(), Error> {
    if !context.may_block() {
        context.reply.null_array();
        return Ok(());
    }
    let until = context.milliseconds_from_now(i64::try_from(timeout_ms).unwrap_or(i64::MAX))?;
    let of_group = options.reader.is_some();
    // The last id of now, not that of when it is served.
    let again = (!of_group).then(|| with_ids(arguments, options, froms));
    let keys = options.keys_at..options.keys_at + options.key_count;
    context.block(Wanted { value_type: Type::Stream, keys, until, on_deletion: of_group, again });
    Ok(())
}

/// The request with the ids that it meant.
fn with_ids(arguments: &Arguments<'_>, options: &Options<'_>, froms: &[From]) -> OwnedArguments {
    let ids_at = options.keys_at + options.key_count;
    let mut again: OwnedArguments = arguments.iter().take(ids_at).collect();
    for from in froms {
        match from {
            From::After(id) => again.push(id.format(&mut [0; ID_TEXT_SIZE])),
            From::New => again.push(b">"),
        }
    }
    again
}

/// From where on each stream is to be read. Keys are looked up for it, and the
/// first that is no stream, or has no such group, is an error.
fn froms(context: &mut Context<'_>, arguments: &Arguments<'_>, options: &Options<'_>) -> Result<Vec<From>, Error> {
    let mut froms = Vec::with_capacity(options.key_count);
    for (key_at, id_at) in options.streams() {
        let key = context.key(arguments, key_at);
        let found = context.find_read_of(&key, Type::Stream)?;
        let stream = found.map(|at| stream_at(context.keyspace, context.session.database, at));
        froms.push(match options.reader {
            Some(reader) => group_from(&key, stream, reader, &arguments[id_at])?,
            None => stream_from(stream, &arguments[id_at])?,
        });
    }
    Ok(froms)
}

fn stream_from(stream: Option<&Stream>, id: &[u8]) -> Result<From, Error> {
    let last = stream.map(Stream::last_id).unwrap_or_default();
    Ok(From::After(match id {
        b"$" => last,
        // The last entry itself.
        b"+" => last.previous().unwrap_or_default(),
        b">" => {
            return Err(Error::Text(
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
            ));
        }
        _ => parse_id(id, 0)?,
    }))
}

fn group_from(key: &Key<'_>, stream: Option<&Stream>, reader: Reader<'_>, id: &[u8]) -> Result<From, Error> {
    if stream.and_then(|stream| stream.group(reader.group)).is_none() {
        return Err(no_key_or_group(key.bytes, reader.group, " in XREADGROUP with GROUP option"));
    }
    let meaningless = |symbol: char| {
        Error::Formatted(format!(
            "ERR The {symbol} ID is meaningless in the context of XREADGROUP: you want to read the history of this \
             consumer by specifying a proper ID, or use the > ID to get new messages. The {symbol} ID would just return \
             an empty result set."
        ))
    };
    match id {
        b"$" => Err(meaningless('$')),
        b"+" => Err(meaningless('+')),
        b">" => Ok(From::New),
        _ => match parse_id(id, 0)? {
            StreamId::MAX => Ok(From::New),
            id => Ok(From::After(id)),
        },
    }
}
