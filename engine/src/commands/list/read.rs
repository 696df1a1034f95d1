//! Looking at lists: LLEN, LRANGE, LINDEX, LPOS.

use super::list_at;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::data::entry::Value;
use crate::data::list::ListRef;
use crate::data::shape::Type;
use crate::resp::request::Arguments;
use alloc::vec::Vec;

/// LLEN.
pub(super) const LLEN: Command = Command {
    name: "llen",
    group: Group::List,
    since: "1.0.0",
    summary: "Returns the length of a list.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::FAST.and(Flags::READONLY),
    categories: Categories::FAST.and(Categories::LIST).and(Categories::READ),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO,
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0))],
    subcommands: &[],
    handler: llen,
};

/// LRANGE.
pub(super) const LRANGE: Command = Command {
    name: "lrange",
    group: Group::List,
    since: "1.0.0",
    summary: "Returns a range of the elements of a list.",
    complexity: "O(S+N) where S is the distance from the nearer end and N the number of elements returned",
    arity: 4,
    flags: Flags::READONLY,
    categories: Categories::LIST.and(Categories::READ).and(Categories::SLOW),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("start", ArgumentKind::Integer),
        Argument::new("stop", ArgumentKind::Integer),
    ],
    subcommands: &[],
    handler: lrange,
};

/// LINDEX.
pub(super) const LINDEX: Command = Command {
    name: "lindex",
    group: Group::List,
    since: "1.0.0",
    summary: "Returns an element of a list by its index.",
    complexity: "O(N) where N is the distance from the nearer end",
    arity: 3,
    flags: Flags::READONLY,
    categories: Categories::LIST.and(Categories::READ).and(Categories::SLOW),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), Argument::new("index", ArgumentKind::Integer)],
    subcommands: &[],
    handler: lindex,
};

/// LPOS.
pub(super) const LPOS: Command = Command {
    name: "lpos",
    group: Group::List,
    since: "6.0.6",
    summary: "Returns the index of elements of a list that are equal to a value.",
    complexity: "O(N) where N is the length of the list",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::LIST.and(Categories::READ).and(Categories::SLOW),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        Argument::new("element", ArgumentKind::String),
        Argument::new("rank", ArgumentKind::Integer).after("RANK").optional(),
        Argument::new("num-matches", ArgumentKind::Integer).after("COUNT").optional(),
        Argument::new("len", ArgumentKind::Integer).after("MAXLEN").optional(),
    ],
    subcommands: &[],
    handler: lpos,
};

fn llen(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::List)?;
    let length = found.map_or(0, |location| list_at(context.keyspace, context.session.database, location).len());
    context.reply.integer(length as i64);
    Ok(())
}

fn lrange(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let start = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let stop = parse_i64(&arguments[3]).ok_or(Error::NotInteger)?;
    let key = context.key(&arguments, 1);
    let Some(location) = context.find_read_of(&key, Type::List)? else {
        context.reply.array(0);
        return Ok(());
    };
    let list = list_at(context.keyspace, context.session.database, location);
    let (first, count) = range(list.len(), start, stop);
    context.reply.array(count);
    list.visit(first, count, |element| context.reply.value(element));
    Ok(())
}

/// The first index and the length of a range whose ends may count from the end.
pub(super) fn range(length: usize, start: i64, stop: i64) -> (usize, usize) {
    let length = length as i64;
    let from_begin = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let (first, last) = (from_begin(start).max(0), from_begin(stop).min(length - 1));
    if first > last { (0, 0) } else { (first as usize, (last - first + 1) as usize) }
}

fn lindex(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let key = context.key(&arguments, 1);
    let found = context.find_read_of(&key, Type::List)?;
    let Some(location) = found else {
        context.reply.null();
        return Ok(());
    };
    let index = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let list = list_at(context.keyspace, context.session.database, location);
    let found = list.index(index).and_then(|index| list.with(index, |element| context.reply.value(element)));
    if found.is_none() {
        context.reply.null();
    }
    Ok(())
}

/// What LPOS was asked for.
struct Search {
    /// How many matches to pass over.
    skip: usize,
    from_end: bool,
    /// At most so many; all if 0; one, not in a list, if `None`.
    count: Option<usize>,
    /// How many elements to look at; all if 0.
    look_max: usize,
}

impl Search {
    fn parse(arguments: &Arguments<'_>) -> Result<Search, Error> {
        let mut search = Search { skip: 0, from_end: false, count: None, look_max: 0 };
        let mut index = 3;
        while let Some(option) = arguments.get(index) {
            let value = arguments.get(index + 1).ok_or(Error::Syntax)?;
            let natural = |text| {
                let number = parse_i64(value).and_then(|number| usize::try_from(number).ok());
                number.ok_or(Error::Text(text))
            };
            if option.eq_ignore_ascii_case(b"rank") {
                let rank = Error::negatable(value)?;
                let passed = rank.unsigned_abs().checked_sub(1).ok_or(Error::Text(ZERO_RANK))?;
                (search.skip, search.from_end) = (passed as usize, rank < 0);
            } else if option.eq_ignore_ascii_case(b"count") {
                search.count = Some(natural("ERR COUNT can't be negative")?);
            } else if option.eq_ignore_ascii_case(b"maxlen") {
                search.look_max = natural("ERR MAXLEN can't be negative")?;
            } else {
                return Err(Error::Syntax);
            }
            index += 2;
        }
        Ok(search)
    }

    /// The indices of what matches.
    fn run(&self, list: ListRef<'_>, value: &[u8]) -> Vec<usize> {
        let needle = Value::encode(value);
        let (mut looked, mut passed, mut found) = (0, 0, Vec::new());
        let wanted = match self.count {
            None => 1,
            Some(0) => usize::MAX,
            Some(count) => count,
        };
        list.walk(self.from_end, |index, element| {
            if self.look_max > 0 && looked == self.look_max {
                return false;
            }
            looked += 1;
            if element == needle || element == Value::Bytes(value) {
                if passed == self.skip {
                    found.push(index);
                } else {
                    passed += 1;
                }
            }
            found.len() < wanted
        });
        found
    }
}

const ZERO_RANK: &str = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
                         negative to start from the end of the list";

fn lpos(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let search = Search::parse(&arguments)?;
    let key = context.key(&arguments, 1);
    let found = match context.find_read_of(&key, Type::List)? {
        None => Vec::new(),
        Some(location) => search.run(list_at(context.keyspace, context.session.database, location), &arguments[2]),
    };
    match (search.count, found.first()) {
        (None, None) => context.reply.null(),
        (None, Some(&index)) => context.reply.integer(index as i64),
        (Some(_), _) => {
            context.reply.array(found.len());
            found.iter().for_each(|&index| context.reply.integer(index as i64));
        }
    }
    Ok(())
}
