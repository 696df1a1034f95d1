//! Which connections CLIENT LIST and CLIENT KILL mean.
//!
//! Both take the same filters; all that are given must fit, and a filter that
//! is given again replaces what it said before. Redis 7.2 knows ADDR, ID, LADDR,
//! SKIPME, TYPE and USER, Valkey 9 the others.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;
use crate::session::Session;
use crate::session::class::Class;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// One filter, with what it asks for.
#[derive(PartialEq, Eq, Debug)]
enum Criterion<'a> {
    Ids(Vec<u64>),
    Class(Class),
    User,
    Address(&'a [u8]),
    LocalAddress(&'a [u8]),
    Ip(&'a [u8]),
    Name(&'a [u8]),
    LibraryName(&'a [u8]),
    LibraryVersion(&'a [u8]),
    Flags(&'a [u8]),
    Capabilities(&'a [u8]),
    Database(u32),
    AgeMin(u64),
    IdleMin(u64),
}

/// Filters that must all fit.
#[derive(Default, Debug)]
pub(super) struct Filter<'a> {
    /// SKIPME, if it is given.
    pub(super) skip_me: Option<bool>,
    /// What is asked for; `true` for the contrary.
    criteria: Vec<(bool, Criterion<'a>)>,
}

/// Letters that CLIENT LIST may show as flags.
const FLAG_LETTERS: &[u8] = b"AbBcdeIMNOPrRStTuUx";

const KEYWORDS: [&str; 15] = [
    "ID", "TYPE", "USER", "ADDR", "LADDR", "IP", "NAME", "LIB-NAME", "LIB-VER", "FLAGS", "CAPA", "DB", "MAXAGE",
    "IDLE", "SKIPME",
];

impl<'a> Filter<'a> {
    /// True if a filter begins with this word.
    pub(super) fn is_keyword(word: &[u8]) -> bool {
        let (_, word) = without_not(word);
        KEYWORDS.iter().any(|keyword| keyword.as_bytes().eq_ignore_ascii_case(word))
    }

    /// `CLIENT KILL address`: may be the own connection.
    pub(super) fn by_address(address: &'a [u8]) -> Filter<'a> {
        Filter { skip_me: None, criteria: vec![(false, Criterion::Address(address))] }
    }

    /// Reads the filters from an argument on.
    pub(super) fn parse(context: &Context<'_>, arguments: &Arguments<'a>, from: usize) -> Result<Filter<'a>, Error> {
        let mut filter = Filter::default();
        let mut at = from;
        while let Some(word) = arguments.get(at) {
            let value = arguments.get(at + 1).ok_or(Error::Syntax)?;
            let (negated, keyword) = without_not(word);
            let is = |name: &str| keyword.eq_ignore_ascii_case(name.as_bytes());
            if is("SKIPME") && !negated {
                filter.skip_me = Some(yes_or_no(value)?);
            } else if is("ID") {
                let ids = numbers(arguments, at + 1)?;
                at += ids.len() - 1;
                filter.set(negated, Criterion::Ids(ids));
            } else if negated && (is("MAXAGE") || is("IDLE")) {
                return Err(Error::Syntax);
            } else {
                filter.set(negated, criterion(context, keyword, value)?);
            }
            at += 2;
        }
        Ok(filter)
    }

    fn set(&mut self, negated: bool, criterion: Criterion<'a>) {
        let kind = core::mem::discriminant(&criterion);
        self.criteria.retain(|(other, old)| *other != negated || core::mem::discriminant(old) != kind);
        self.criteria.push((negated, criterion));
    }

    /// True if a connection is meant.
    pub(super) fn fits(&self, context: &Context<'_>, session: &Session) -> bool {
        if self.skip_me == Some(true) && session.id == context.session.id {
            return false;
        }
        self.criteria.iter().all(|(negated, criterion)| fits_one(context, session, criterion) != *negated)
    }
}

fn without_not(word: &[u8]) -> (bool, &[u8]) {
    match word.split_at_checked(4) {
        Some((not, rest)) if not.eq_ignore_ascii_case(b"NOT-") => (true, rest),
        _ => (false, word),
    }
}

fn yes_or_no(value: &[u8]) -> Result<bool, Error> {
    match value {
        word if word.eq_ignore_ascii_case(b"YES") => Ok(true),
        word if word.eq_ignore_ascii_case(b"NO") => Ok(false),
        _ => Err(Error::Syntax),
    }
}

/// One number, and all that follow it.
fn numbers(arguments: &Arguments<'_>, from: usize) -> Result<Vec<u64>, Error> {
    const BAD_NUMBER: Error = Error::Text("ERR client-id should be greater than 0");
    let mut found = Vec::new();
    for text in arguments.iter().skip(from) {
        match parse_i64(text) {
            Some(number) if number > 0 => found.push(number as u64),
            None if !found.is_empty() => break,
            _ => return Err(BAD_NUMBER),
        }
    }
    Ok(found)
}

fn criterion<'a>(context: &Context<'_>, keyword: &[u8], value: &'a [u8]) -> Result<Criterion<'a>, Error> {
    let is = |name: &str| keyword.eq_ignore_ascii_case(name.as_bytes());
    let formatted = |text: &str| Error::Formatted(format!("ERR {text} '{}'", String::from_utf8_lossy(value)));
    Ok(match () {
        () if is("TYPE") => Criterion::Class(Class::named(value).ok_or_else(|| formatted("Unknown client type"))?),
        () if is("USER") && value == b"default" => Criterion::User,
        () if is("USER") => return Err(formatted("No such user")),
        () if is("ADDR") => Criterion::Address(value),
        () if is("LADDR") => Criterion::LocalAddress(value),
        () if is("IP") => Criterion::Ip(value),
        () if is("NAME") => Criterion::Name(value),
        () if is("LIB-NAME") => Criterion::LibraryName(value),
        () if is("LIB-VER") => Criterion::LibraryVersion(value),
        () if is("FLAGS") && value.iter().all(|letter| FLAG_LETTERS.contains(letter)) => Criterion::Flags(value),
        () if is("FLAGS") => return Err(formatted("Unknown flags found in the provided filter:")),
        () if is("CAPA") => Criterion::Capabilities(value),
        () if is("DB") => Criterion::Database(database(context, value)?),
        () if is("MAXAGE") => Criterion::AgeMin(seconds("maxage", value)?),
        () if is("IDLE") => Criterion::IdleMin(seconds("idle", value)?),
        () => return Err(Error::Syntax),
    })
}

fn database(context: &Context<'_>, value: &[u8]) -> Result<u32, Error> {
    let count = context.keyspace.database_count();
    let number = parse_i64(value).ok_or(Error::Text("ERR DB is not an integer or out of range"))?;
    if number < 0 || number >= count as i64 {
        return Err(Error::Formatted(format!("ERR DB number should be between 0 and {}", count - 1)));
    }
    Ok(number as u32)
}

fn seconds(name: &str, value: &[u8]) -> Result<u64, Error> {
    match parse_i64(value) {
        None => Err(Error::Formatted(format!("ERR {name} is not an integer or out of range"))),
        Some(number) if number <= 0 => Err(Error::Formatted(format!("ERR {name} should be greater than 0"))),
        Some(number) => Ok(number as u64),
    }
}

fn fits_one(context: &Context<'_>, session: &Session, criterion: &Criterion<'_>) -> bool {
    let connection = &session.connection;
    let elapsed = |since| context.now.monotonic.since(since) / 1_000_000;
    match criterion {
        Criterion::Ids(ids) => ids.contains(&session.id.0),
        Criterion::Class(class) => session.class() == *class,
        Criterion::User => true,
        Criterion::Address(address) => connection.peer.as_bytes() == *address,
        Criterion::LocalAddress(address) => connection.local.as_bytes() == *address,
        Criterion::Ip(ip) => ip_of(&connection.peer).as_bytes() == *ip,
        Criterion::Name(name) => session.name == *name,
        Criterion::LibraryName(name) => session.library_name == *name,
        Criterion::LibraryVersion(version) => session.library_version == *version,
        Criterion::Flags(letters) => {
            let mut flags = String::new();
            context.server.write_flags(session, &mut flags);
            letters.iter().all(|letter| flags.as_bytes().contains(letter))
        }
        Criterion::Capabilities(letters) => letters.iter().all(|&letter| letter == b'r' && session.takes_redirects),
        Criterion::Database(database) => session.database.0 == *database,
        Criterion::AgeMin(seconds) => elapsed(session.created) >= *seconds,
        Criterion::IdleMin(seconds) => elapsed(session.last_interaction) >= *seconds,
    }
}

/// An address without its port.
fn ip_of(peer: &str) -> &str {
    let ip = peer.rsplit_once(':').map_or(peer, |(ip, _)| ip);
    ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip)
}
