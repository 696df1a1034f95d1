//! What does not have to be the same, and why.

use super::Peer;
use super::compare::{Comparison, agree, is_error};
use super::requests::Request;
use crate::client::Reply;

/// Replies that are never the same, or need not be, whatever the version.
const ANY_VERSION: &[(&[&str], Comparison, &str)] = &[
    (
        &["smembers", "sunion", "sinter", "sdiff", "hkeys", "hvals", "keys"],
        Comparison::Unordered(1),
        "in the order of a hash table",
    ),
    (&["hgetall"], Comparison::Unordered(2), "in the order of a hash table"),
    (&["randomkey", "srandmember", "hrandfield", "zrandmember", "spop"], Comparison::Shape, "chance"),
    (&["scan", "sscan", "hscan", "zscan"], Comparison::Success, "cursors are those of a hash table"),
    (&["ttl", "expiretime"], Comparison::Near(2), "time passes"),
    (&["pttl", "pexpiretime"], Comparison::Near(2000), "time passes"),
    (&["object|idletime", "object|freq", "object|refcount"], Comparison::Success, "about the server's own memory"),
    (&["dump", "restore"], Comparison::Success, "files have versions"),
];

/// Differences of one version.
struct Difference {
    peers: &'static [Peer],
    commands: &'static [&'static str],
    /// Tells of a request and the two replies if this explains them.
    explains: fn(&Request, &Reply, &Reply) -> bool,
    #[expect(dead_code, reason = "for readers")]
    reason: &'static str,
}

const BOTH: &[Peer] = &[Peer::Redis7_0, Peer::Valkey8_0];
const REDIS: &[Peer] = &[Peer::Redis7_0];
const VALKEY: &[Peer] = &[Peer::Valkey8_0];

const SORTED: &[&str] = &["zscore", "zmscore", "zrange", "zunion", "zinter", "zdiff", "zpopmin", "zpopmax", "zmpop"];

const DIFFERENCES: &[Difference] = &[
    Difference {
        peers: REDIS,
        commands: &["zrank", "zrevrank"],
        explains: |request, _, _| request.words.len() > 3,
        reason: "WITHSCORE came with 7.2",
    },
    Difference {
        peers: REDIS,
        commands: &["hscan", "zscan"],
        explains: |request, _, _| request.has("novalues") || request.has("noscores"),
        reason: "NOVALUES and NOSCORES came with Valkey 8.0",
    },
    Difference {
        peers: REDIS,
        commands: &["bitcount"],
        explains: |request, _, _| request.words.len() == 3,
        reason: "the end can be left out from Valkey 8.0 on",
    },
    Difference {
        peers: REDIS,
        commands: &["bitcount", "bitpos"],
        explains: |_, ours, _| is_error(ours),
        reason: "of a key that is not there 7.0 did not look at the options",
    },
    Difference {
        peers: REDIS,
        commands: &["lpos"],
        explains: |request, _, _| request.has("-9223372036854775808"),
        reason: "a rank that can not be negated is refused from 7.2 on",
    },
    Difference { peers: REDIS, commands: &["restore"], explains: |_, _, _| true, reason: "a payload of 7.2 is newer" },
    Difference {
        peers: REDIS,
        commands: &["object|encoding"],
        explains: |_, _, _| true,
        reason: "before 7.2 a small list was a quicklist, a small set of strings a hashtable",
    },
    Difference {
        peers: BOTH,
        commands: &["object|encoding"],
        explains: |_, _, theirs| *theirs == Reply::Bulk(Some(b"skiplist".to_vec())),
        reason: "theirs make a large sorted set of one that SORT reads",
    },
    Difference {
        peers: VALKEY,
        commands: &["scan", "sscan", "hscan", "zscan"],
        explains: |_, ours, theirs| {
            is_error(ours) != is_error(theirs) && mentions_cursor(ours) != mentions_cursor(theirs)
        },
        reason: "from Valkey 8.0 on spaces may stand before a cursor, and an empty one is none",
    },
    Difference {
        peers: VALKEY,
        commands: &["scan"],
        explains: |request, _, _| request.has("type"),
        reason: "an unknown type is an error from Valkey 8.0 on",
    },
    Difference {
        peers: BOTH,
        commands: SORTED,
        explains: |_, ours, theirs| agree(Comparison::Spelling, ours, theirs),
        reason: "no score of ours is a negative zero; of theirs none is in a listpack",
    },
    Difference {
        peers: VALKEY,
        commands: &["zrangebyscore", "zrevrangebyscore", "zrangebylex", "zrevrangebylex", "zrange", "zrangestore"],
        explains: |request, _, _| request.has("limit") && request.words.iter().any(|word| word.starts_with(b"-")),
        reason: "behind a negative offset there is nothing up to 7.2",
    },
    Difference {
        peers: BOTH,
        commands: &["lset"],
        explains: |request, _, theirs| {
            number(request, 2).is_some_and(|index| i32::try_from(index).is_err()) && !is_error(theirs)
        },
        reason: "theirs cut an index to 32 bits",
    },
    Difference {
        peers: BOTH,
        commands: &["sort", "sort_ro"],
        explains: |_, ours, theirs| is_error(theirs) && !is_error(ours),
        reason: "theirs take an earlier number out of range for this one's: they do not clear errno",
    },
];

fn mentions_cursor(reply: &Reply) -> bool {
    matches!(reply, Reply::Line(line) if line == "-ERR invalid cursor")
}

/// An argument as a number.
fn number(request: &Request, index: usize) -> Option<i64> {
    std::str::from_utf8(request.words.get(index)?).ok()?.parse().ok()
}

/// How the replies to a request are compared.
pub(super) fn comparison(peer: Peer, request: &Request, ours: &Reply, theirs: &Reply) -> Comparison {
    let name = request.name.as_str();
    let explains = |difference: &&Difference| {
        difference.peers.contains(&peer)
            && difference.commands.contains(&name)
            && (difference.explains)(request, ours, theirs)
    };
    // Theirs read most arguments that are no keys as C strings, which end at a zero byte.
    if DIFFERENCES.iter().any(|difference| explains(&difference)) || ours != theirs && request.has_zero_byte() {
        return Comparison::Nothing;
    }
    let known = ANY_VERSION.iter().find(|(names, _, _)| names.contains(&name));
    match known.map_or_else(|| of_options(request), |(_, comparison, _)| *comparison) {
        // 7.0 prints doubles with 17 digits, whether or not it takes so many.
        Comparison::Exact if peer == Peer::Redis7_0 => Comparison::Spelling,
        comparison => comparison,
    }
}

/// What depends on a request's options.
fn of_options(request: &Request) -> Comparison {
    match request.name.as_str() {
        // The reference cuts equal distances off with a sort that is not stable, and stores
        // the last digits of distances as its C library's sine gives them.
        "geosearch" | "georadius_ro" | "georadiusbymember_ro" if request.has("count") => Comparison::Shape,
        "geosearchstore" | "georadius" | "georadiusbymember" if request.has("count") || request.has("storedist") => {
            Comparison::Shape
        }
        // Equal weights stand in the order of a hash table, or of a sort that is not stable.
        "sort" | "sort_ro" if request.has("by") && (request.has("limit") || request.has("store")) => Comparison::Shape,
        "sort" | "sort_ro" if request.has("limit") && request.has("alpha") => Comparison::Shape,
        "sort" | "sort_ro" => Comparison::Unordered(1),
        _ => Comparison::Exact,
    }
}
