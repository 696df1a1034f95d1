//! The commands that the model knows. Each takes a request that succeeded; one
//! that it does not understand in full it declines with `None`, and the key
//! becomes unknown.

use super::data::{Known, Text};
use super::{Call, Expected};
use crate::reply::Reply;

type Handler = fn(Call<'_>) -> Option<Expected>;

const COMMANDS: &[(&str, Handler)] = &[
    ("get", get),
    ("set", set),
    ("setnx", setnx),
    ("setex", |call| set_with_expiry(call, 1000)),
    ("psetex", |call| set_with_expiry(call, 1)),
    ("getset", getset),
    ("getdel", getdel),
    ("append", append),
    ("strlen", strlen),
    ("incr", |call| increment(call, Some(1))),
    ("decr", |call| increment(call, Some(-1))),
    ("incrby", |call| increment_by(call, 1)),
    ("decrby", |call| increment_by(call, -1)),
    ("mget", mget),
    ("mset", mset),
    ("msetnx", msetnx),
    ("getrange", getrange),
    ("substr", getrange),
    ("setrange", setrange),
    ("del", del),
    ("unlink", del),
    ("exists", exists),
    ("touch", exists),
    ("type", type_of),
    ("expire", |call| expire(call, 1000, true)),
    ("pexpire", |call| expire(call, 1, true)),
    ("expireat", |call| expire(call, 1000, false)),
    ("pexpireat", |call| expire(call, 1, false)),
    ("persist", persist),
    ("ttl", |call| time_left(call, |at, now| (at - now + 500) / 1000)),
    ("pttl", |call| time_left(call, |at, now| at - now)),
    ("expiretime", |call| time_left(call, |at, _| (at + 500) / 1000)),
    ("pexpiretime", |call| time_left(call, |at, _| at)),
    ("rename", rename),
    ("renamenx", renamenx),
    ("echo", |call| Some(Expected::Reply(Reply::Bulk(call.arguments.first()?.to_vec())))),
];

/// A command by its name in lower case.
pub(super) fn find(name: &[u8]) -> Option<Handler> {
    COMMANDS.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, handler)| *handler)
}

fn integer(number: i64) -> Option<Expected> {
    Some(Expected::Reply(Reply::Integer(number)))
}

fn ok() -> Option<Expected> {
    Some(Expected::Reply(Reply::Simple(b"OK".to_vec())))
}

fn bulk(known: Known) -> Option<Expected> {
    Some(match known {
        Known::Unknown => Expected::Any,
        Known::Absent => Expected::Reply(Reply::Null),
        Known::There(text) => Expected::Reply(Reply::Bulk(text.bytes)),
    })
}

fn number(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

impl Call<'_> {
    fn get(&mut self, at: usize) -> Known {
        let key = self.arguments[at];
        self.database.get(key, self.now_ms)
    }

    fn put(&mut self, at: usize, bytes: &[u8], expire_at_ms: Option<i64>) {
        let text = Text { bytes: bytes.to_vec(), expire_at_ms };
        self.database.set(self.arguments[at], Known::There(text));
    }

    fn remove(&mut self, at: usize) {
        self.database.set(self.arguments[at], Known::Absent);
    }

    fn forget(&mut self, at: usize) {
        self.database.set(self.arguments[at], Known::Unknown);
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.arguments.get(at).is_some_and(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
    }
}

fn get(mut call: Call<'_>) -> Option<Expected> {
    bulk(call.get(0))
}

/// SET's options.
#[derive(Default)]
struct SetOptions {
    only_absent: bool,
    only_there: bool,
    get: bool,
    keep: bool,
    expire_at_ms: Option<i64>,
}

fn set_options(call: &Call<'_>) -> Option<SetOptions> {
    let mut options = SetOptions::default();
    let mut at = 2;
    while at < call.arguments.len() {
        let value = |call: &Call<'_>| call.arguments.get(at + 1).and_then(|bytes| number(bytes));
        let (scale, from) = match () {
            () if call.is(at, "ex") => (1000, call.now_ms),
            () if call.is(at, "px") => (1, call.now_ms),
            () if call.is(at, "exat") => (1000, 0),
            () if call.is(at, "pxat") => (1, 0),
            () => (0, 0),
        };
        if scale > 0 {
            options.expire_at_ms = Some(value(call)?.checked_mul(scale)?.checked_add(from)?);
            at += 2;
            continue;
        }
        match () {
            () if call.is(at, "nx") => options.only_absent = true,
            () if call.is(at, "xx") => options.only_there = true,
            () if call.is(at, "get") => options.get = true,
            () if call.is(at, "keepttl") => options.keep = true,
            () => return None,
        }
        at += 1;
    }
    Some(options)
}

fn set(mut call: Call<'_>) -> Option<Expected> {
    let options = set_options(&call)?;
    let old = call.get(0);
    let done = match old {
        Known::Unknown if options.get && (options.only_absent || options.only_there) => {
            // Whether it was set can't be told from the reply.
            call.forget(0);
            return Some(Expected::Any);
        }
        Known::Unknown => *call.reply != Reply::Null || options.get,
        Known::Absent => !options.only_there,
        Known::There(_) => !options.only_absent,
    };
    if done {
        let kept = match &old {
            Known::There(text) if options.keep => text.expire_at_ms,
            _ => options.expire_at_ms,
        };
        if options.keep && old == Known::Unknown {
            call.forget(0);
        } else {
            call.put(0, call.arguments[1], kept);
        }
    }
    match old {
        old if options.get => bulk(old),
        Known::Unknown => Some(Expected::Any),
        _ if done => ok(),
        _ => Some(Expected::Reply(Reply::Null)),
    }
}

fn setnx(mut call: Call<'_>) -> Option<Expected> {
    let old = call.get(0);
    let done = old == Known::Absent || old == Known::Unknown && *call.reply == Reply::Integer(1);
    if done {
        call.put(0, call.arguments[1], None);
    }
    if old == Known::Unknown { Some(Expected::Any) } else { integer(i64::from(done)) }
}

fn set_with_expiry(mut call: Call<'_>, scale: i64) -> Option<Expected> {
    let at = number(call.arguments[1])?.checked_mul(scale)?.checked_add(call.now_ms)?;
    call.put(0, call.arguments[2], Some(at));
    ok()
}

fn getset(mut call: Call<'_>) -> Option<Expected> {
    let old = call.get(0);
    call.put(0, call.arguments[1], None);
    bulk(old)
}

fn getdel(mut call: Call<'_>) -> Option<Expected> {
    let old = call.get(0);
    call.remove(0);
    bulk(old)
}

/// Changes the string at the first key, keeping its expiry; the reply is what
/// `edit` returns. Without the key the string is empty.
fn edit(mut call: Call<'_>, edit: impl FnOnce(&mut Vec<u8>) -> Option<i64>) -> Option<Expected> {
    let mut text = match call.get(0) {
        Known::Unknown => return None,
        Known::Absent => Text { bytes: Vec::new(), expire_at_ms: None },
        Known::There(text) => text,
    };
    let result = edit(&mut text.bytes)?;
    call.put(0, &text.bytes, text.expire_at_ms);
    integer(result)
}

fn append(call: Call<'_>) -> Option<Expected> {
    let more = call.arguments[1];
    edit(call, |bytes| {
        bytes.extend_from_slice(more);
        Some(bytes.len() as i64)
    })
}

fn increment_by(call: Call<'_>, sign: i64) -> Option<Expected> {
    let by = number(call.arguments[1])?.checked_mul(sign);
    increment(call, by)
}

fn increment(call: Call<'_>, by: Option<i64>) -> Option<Expected> {
    edit(call, |bytes| {
        let old = if bytes.is_empty() { 0 } else { number(bytes)? };
        let new = old.checked_add(by?)?;
        *bytes = new.to_string().into_bytes();
        Some(new)
    })
}

fn setrange(mut call: Call<'_>) -> Option<Expected> {
    let offset = usize::try_from(number(call.arguments[1])?).ok()?;
    let patch = call.arguments[2];
    if patch.is_empty() {
        return strlen(call);
    }
    if call.get(0) == Known::Unknown {
        return None;
    }
    edit(call, |bytes| {
        bytes.resize(bytes.len().max(offset + patch.len()), 0);
        bytes[offset..offset + patch.len()].copy_from_slice(patch);
        Some(bytes.len() as i64)
    })
}

fn strlen(mut call: Call<'_>) -> Option<Expected> {
    match call.get(0) {
        Known::Unknown => Some(Expected::Any),
        Known::Absent => integer(0),
        Known::There(text) => integer(text.bytes.len() as i64),
    }
}

fn getrange(mut call: Call<'_>) -> Option<Expected> {
    let text = match call.get(0) {
        Known::Unknown => return Some(Expected::Any),
        Known::Absent => Vec::new(),
        Known::There(text) => text.bytes,
    };
    let length = text.len() as i128;
    let (start, end) = (i128::from(number(call.arguments[1])?), i128::from(number(call.arguments[2])?));
    let absolute = |at: i128| if at < 0 { (length + at).max(0) } else { at };
    let empty = start < 0 && end < 0 && start > end;
    let (start, end) = (absolute(start), absolute(end).min(length - 1));
    let range = if empty || start > end { &[][..] } else { &text[start as usize..=end as usize] };
    Some(Expected::Reply(Reply::Bulk(range.to_vec())))
}

fn mget(mut call: Call<'_>) -> Option<Expected> {
    let mut parts = Vec::new();
    for at in 0..call.arguments.len() {
        match call.get(at) {
            Known::Unknown => return Some(Expected::Any),
            Known::Absent => parts.push(Reply::Null),
            Known::There(text) => parts.push(Reply::Bulk(text.bytes)),
        }
    }
    Some(Expected::Reply(Reply::Array(parts)))
}

fn mset(mut call: Call<'_>) -> Option<Expected> {
    for at in (0..call.arguments.len()).step_by(2) {
        call.put(at, call.arguments[at + 1], None);
    }
    ok()
}

fn msetnx(mut call: Call<'_>) -> Option<Expected> {
    let known: Vec<Known> = (0..call.arguments.len()).step_by(2).map(|at| call.get(at)).collect();
    let there = known.iter().any(|known| matches!(known, Known::There(_)));
    if there {
        return integer(0);
    }
    let unsure = known.contains(&Known::Unknown);
    if unsure && *call.reply != Reply::Integer(1) {
        return Some(Expected::Any);
    }
    mset(call);
    integer(1)
}

/// Counts what is there among the arguments.
fn count(call: &mut Call<'_>, mut then: impl FnMut(&mut Call<'_>, usize)) -> Option<Expected> {
    let (mut count, mut unsure) = (0, false);
    for at in 0..call.arguments.len() {
        match call.get(at) {
            Known::Unknown => unsure = true,
            Known::Absent => {}
            Known::There(_) => count += 1,
        }
        then(call, at);
    }
    if unsure { Some(Expected::Any) } else { integer(count) }
}

fn del(mut call: Call<'_>) -> Option<Expected> {
    count(&mut call, |call, at| call.remove(at))
}

fn exists(mut call: Call<'_>) -> Option<Expected> {
    count(&mut call, |_, _| {})
}

fn type_of(mut call: Call<'_>) -> Option<Expected> {
    let name: &[u8] = match call.get(0) {
        Known::Unknown => return Some(Expected::Any),
        Known::Absent => b"none",
        Known::There(_) => b"string",
    };
    Some(Expected::Reply(Reply::Simple(name.to_vec())))
}

fn expire(mut call: Call<'_>, scale: i64, relative: bool) -> Option<Expected> {
    let from = if relative { call.now_ms } else { 0 };
    let at = number(call.arguments[1])?.checked_mul(scale)?.checked_add(from)?;
    let text = match call.get(0) {
        Known::Unknown => {
            call.forget(0);
            return Some(Expected::Any);
        }
        Known::Absent => return integer(0),
        Known::There(text) => text,
    };
    let infinite = i64::MAX;
    for option in 2..call.arguments.len() {
        let old = text.expire_at_ms;
        let permitted = match () {
            () if call.is(option, "nx") => old.is_none(),
            () if call.is(option, "xx") => old.is_some(),
            () if call.is(option, "gt") => at > old.unwrap_or(infinite),
            () if call.is(option, "lt") => at < old.unwrap_or(infinite),
            () => return None,
        };
        if !permitted {
            return integer(0);
        }
    }
    call.put(0, &text.bytes, Some(at));
    integer(1)
}

fn persist(mut call: Call<'_>) -> Option<Expected> {
    match call.get(0) {
        Known::Unknown => {
            call.forget(0);
            Some(Expected::Any)
        }
        Known::Absent => integer(0),
        Known::There(text) => {
            call.put(0, &text.bytes, None);
            integer(i64::from(text.expire_at_ms.is_some()))
        }
    }
}

fn time_left(mut call: Call<'_>, tell: fn(i64, i64) -> i64) -> Option<Expected> {
    match call.get(0) {
        Known::Unknown => Some(Expected::Any),
        Known::Absent => integer(-2),
        Known::There(Text { expire_at_ms: None, .. }) => integer(-1),
        Known::There(Text { expire_at_ms: Some(at), .. }) => integer(tell(at, call.now_ms)),
    }
}

fn rename(mut call: Call<'_>) -> Option<Expected> {
    let known = match call.get(0) {
        // It succeeded, so something is there.
        Known::Absent => return Some(Expected::Reply(Reply::Error(b"ERR no such key".to_vec()))),
        known => known,
    };
    call.remove(0);
    call.database.set(call.arguments[1], known);
    ok()
}

fn renamenx(mut call: Call<'_>) -> Option<Expected> {
    let (from, to) = (call.get(0), call.get(1));
    if call.arguments[0] == call.arguments[1] {
        return if to == Known::Unknown { Some(Expected::Any) } else { integer(0) };
    }
    let done = match to {
        Known::Unknown => *call.reply == Reply::Integer(1),
        Known::Absent => true,
        Known::There(_) => false,
    };
    if done {
        call.remove(0);
        call.database.set(call.arguments[1], from);
    }
    if to == Known::Unknown { Some(Expected::Any) } else { integer(i64::from(done)) }
}
