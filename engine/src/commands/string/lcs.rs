//! LCS, the longest common subsequence of two strings.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::vec;
use alloc::vec::Vec;

/// LCS.
pub(super) const LCS: Command = Command {
    name: "lcs",
    group: Group::String,
    since: "7.0.0",
    summary: "Finds the longest common subsequence of two strings.",
    complexity: "O(N*M) where N and M are the lengths of the strings.",
    arity: -3,
    flags: Flags::READONLY,
    categories: Categories::READ.and(Categories::SLOW).and(Categories::STRING),
    tips: &[],
    keys: &[KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(1),
        find: Find::Range { last: 1, step: 1, limit: 0 },
        notes: "",
    }],
    arguments: &[
        Argument::new("key1", ArgumentKind::Key(0)),
        Argument::new("key2", ArgumentKind::Key(0)),
        Argument::token("len", "LEN").optional(),
        Argument::token("idx", "IDX").optional(),
        Argument::new("min-match-len", ArgumentKind::Integer).after("MINMATCHLEN").optional(),
        Argument::token("withmatchlen", "WITHMATCHLEN").optional(),
    ],
    subcommands: &[],
    handler: lcs,
};

struct Options {
    length_only: bool,
    matches: bool,
    shortest: usize,
    with_length: bool,
}

impl Options {
    fn parse(arguments: &Arguments<'_>) -> Result<Options, Error> {
        let mut options = Options { length_only: false, matches: false, shortest: 0, with_length: false };
        let mut rest = arguments.from(3).iter();
        while let Some(word) = rest.next() {
            let is = |other: &str| word.eq_ignore_ascii_case(other.as_bytes());
            if is("IDX") {
                options.matches = true;
            } else if is("LEN") {
                options.length_only = true;
            } else if is("WITHMATCHLEN") {
                options.with_length = true;
            } else if is("MINMATCHLEN") {
                let length = rest.next().ok_or(Error::Syntax)?;
                options.shortest = parse_i64(length).ok_or(Error::NotInteger)?.max(0) as usize;
            } else {
                return Err(Error::Syntax);
            }
        }
        if options.length_only && options.matches {
            return Err(Error::Text("ERR If you want both the length and indexes, please just use IDX."));
        }
        Ok(options)
    }
}

fn lcs(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let keys = [context.key(&arguments, 1), context.key(&arguments, 2)];
    // Both are looked up before either is read: finding one that has expired
    // moves others.
    let found = keys.map(|key| context.find_read(&key).is_some());
    let database = context.database();
    let mut buffers = [[0; 20]; 2];
    let mut strings: [&[u8]; 2] = [b"", b""];
    for (((key, found), buffer), string) in keys.iter().zip(found).zip(&mut buffers).zip(&mut strings) {
        let Some(entry) = context.keyspace.peek(database, key).filter(|_| found) else { continue };
        if !entry.shape().is_string() {
            return Err(Error::Text("ERR The specified keys must contain string values"));
        }
        *string = entry.value().bytes(buffer);
    }
    let options = Options::parse(&arguments)?;
    let [a, b] = strings;
    check_memory(a, b, context.server.bulk_max)?;
    if options.length_only {
        context.reply.integer(i64::from(Steps::compute(a, b, false)?.length));
        return Ok(());
    }
    let steps = Steps::compute(a, b, true)?;
    if options.matches {
        reply_matches(&mut context.reply, &options, &steps.matches(a, b), steps.length);
    } else {
        let mut common = Vec::with_capacity(steps.length as usize);
        for run in steps.matches(a, b).iter().rev() {
            common.extend_from_slice(&a[run.a..run.a + run.length]);
        }
        context.reply.bulk(&common);
    }
    Ok(())
}

/// The reference computes with a table of four bytes for each pair of bytes,
/// and refuses what that would not fit in.
fn check_memory(a: &[u8], b: &[u8], bulk_max: i64) -> Result<(), Error> {
    if a.len().max(b.len()) >= u32::MAX as usize - 1 {
        return Err(Error::Text("ERR String too long for LCS"));
    }
    let bytes = 4 * (a.len() as u128 + 1) * (b.len() as u128 + 1);
    if bytes > bulk_max.max(0) as u128 {
        return Err(Error::Text("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"));
    }
    Ok(())
}

fn reply_matches(reply: &mut Reply<'_>, options: &Options, matches: &[Run], length: u32) {
    let shown = || matches.iter().filter(|run| run.length >= options.shortest);
    reply.map(2);
    reply.bulk(b"matches");
    reply.array(shown().count());
    for run in shown() {
        reply.array(2 + usize::from(options.with_length));
        for first in [run.a, run.b] {
            reply.array(2);
            reply.integer(first as i64);
            reply.integer((first + run.length - 1) as i64);
        }
        if options.with_length {
            reply.integer(run.length as i64);
        }
    }
    reply.bulk(b"len");
    reply.integer(i64::from(length));
}

/// A run of bytes that both strings have.
struct Run {
    /// Its first byte in one string.
    a: usize,
    /// Its first byte in the other.
    b: usize,
    length: usize,
}

/// How the longest common subsequence comes about.
///
/// The textbook's table tells for all i and j the length of that of the first i
/// bytes of `a` and the first j of `b`. To walk back through it, it is enough to
/// know of each place which neighbour was longer: one bit.
struct Steps {
    /// The length of the whole.
    length: u32,
    /// Bit `i * b.len() + j`: without byte i of `a` it is longer than without
    /// byte j of `b`.
    up: Vec<u64>,
}

impl Steps {
    fn compute(a: &[u8], b: &[u8], walk_back: bool) -> Result<Steps, Error> {
        let mut up = Vec::new();
        if walk_back {
            let words = (a.len() * b.len()).div_ceil(64);
            up.try_reserve_exact(words)
                .map_err(|_| Error::Text("ERR Insufficient memory, failed allocating transient memory for LCS"))?;
            up.resize(words, 0u64);
        }
        let mut row = vec![0u32; b.len()];
        for (i, &byte) in a.iter().enumerate() {
            let (mut left, mut diagonal) = (0, 0);
            for (j, (above, &other)) in row.iter_mut().zip(b).enumerate() {
                let here = if byte == other { diagonal + 1 } else { left.max(*above) };
                if walk_back && *above > left {
                    let bit = i * b.len() + j;
                    up[bit / 64] |= 1 << (bit % 64);
                }
                (diagonal, left, *above) = (*above, here, here);
            }
        }
        Ok(Steps { length: row.last().copied().unwrap_or(0), up })
    }

    /// The runs that make it up, from the last to the first.
    fn matches(&self, a: &[u8], b: &[u8]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut open = false;
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1);
                match runs.last_mut() {
                    Some(run) if open => *run = Run { a: i, b: j, length: run.length + 1 },
                    _ => runs.push(Run { a: i, b: j, length: 1 }),
                }
                open = true;
            } else {
                open = false;
                let bit = (i - 1) * b.len() + j - 1;
                if self.up[bit / 64] >> (bit % 64) & 1 == 1 {
                    i -= 1;
                } else {
                    j -= 1;
                }
            }
        }
        runs
    }
}
