//! The searches' entries in the command table.

use super::super::UNIT;
use super::{georadius, georadius_ro, georadiusbymember, georadiusbymember_ro, geosearch, geosearchstore};
use crate::command::spec::*;

const LONGITUDE: Argument = Argument::new("longitude", ArgumentKind::Double);
const LATITUDE: Argument = Argument::new("latitude", ArgumentKind::Double);
const RADIUS: Argument = Argument::new("radius", ArgumentKind::Double);
const MEMBER: Argument = Argument::new("member", ArgumentKind::String);
const FROM: Argument = Argument::new(
    "from",
    ArgumentKind::OneOf(&[
        MEMBER.after("FROMMEMBER"),
        Argument::new("fromlonlat", ArgumentKind::Block(&[LONGITUDE, LATITUDE])).after("FROMLONLAT"),
    ]),
)
.optional();
const BY: Argument = Argument::new(
    "by",
    ArgumentKind::OneOf(&[
        Argument::new("circle", ArgumentKind::Block(&[RADIUS.after("BYRADIUS"), UNIT])),
        Argument::new(
            "box",
            ArgumentKind::Block(&[
                Argument::new("width", ArgumentKind::Double).after("BYBOX"),
                Argument::new("height", ArgumentKind::Double),
                UNIT,
            ]),
        ),
        Argument::new(
            "polygon",
            ArgumentKind::Block(&[
                Argument::new("num-vertices", ArgumentKind::Integer).after("BYPOLYGON"),
                Argument::new("vertices", ArgumentKind::Block(&[LONGITUDE, LATITUDE])).multiple(),
            ]),
        )
        .since("9.0.0"),
    ]),
);
const ORDER: Argument =
    Argument::new("order", ArgumentKind::OneOf(&[Argument::token("asc", "ASC"), Argument::token("desc", "DESC")]))
        .optional();
const ANY: Argument = Argument::token("any", "ANY").optional();
const COUNT: Argument = Argument::new("count", ArgumentKind::Integer).after("COUNT");
const COUNT_ANY: Argument = Argument::new("count-block", ArgumentKind::Block(&[COUNT, ANY])).optional();
const COUNT_ANY_LATER: Argument =
    Argument::new("count-block", ArgumentKind::Block(&[COUNT, ANY.since("6.2.0")])).optional();
const WITHCOORD: Argument = Argument::token("withcoord", "WITHCOORD").optional();
const WITHDIST: Argument = Argument::token("withdist", "WITHDIST").optional();
const WITHHASH: Argument = Argument::token("withhash", "WITHHASH").optional();
const STORE: Argument = Argument::new(
    "store",
    ArgumentKind::OneOf(&[
        Argument::new("storekey", ArgumentKind::Key(1)).after("STORE"),
        Argument::new("storedistkey", ArgumentKind::Key(2)).after("STOREDIST"),
    ]),
)
.optional();

const READS: Categories = Categories::GEO.and(Categories::READ).and(Categories::SLOW);
const WRITES: Categories = Categories::GEO.and(Categories::SLOW).and(Categories::WRITE);
const COMPLEXITY: &str =
    "O(N+log(M)) where N is the number of members in the cells that cover the area, and M of those in the area";

const fn source(index: i32) -> KeySpec {
    KeySpec {
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        begin: Begin::Index(index),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }
}

/// Of two destinations the last one counts.
const fn destination(word: &'static str, from: i32) -> KeySpec {
    KeySpec {
        flags: KeyFlags::OW.and(KeyFlags::UPDATE).and(KeyFlags::VARIABLE_FLAGS),
        begin: Begin::Keyword(word, from),
        find: Find::Range { last: 0, step: 1, limit: 0 },
        notes: "",
    }
}

/// GEOSEARCH.
pub(in crate::commands::geo) const GEOSEARCH: Command = Command {
    name: "geosearch",
    group: Group::Geo,
    since: "6.2.0",
    summary: "Finds the members of a geospatial index that lie in a circle, a box or a polygon.",
    complexity: COMPLEXITY,
    arity: -7,
    flags: Flags::READONLY,
    categories: READS,
    tips: &[],
    keys: &[source(1)],
    arguments: &[Argument::new("key", ArgumentKind::Key(0)), FROM, BY, ORDER, COUNT_ANY, WITHCOORD, WITHDIST, WITHHASH],
    subcommands: &[],
    handler: geosearch,
};

/// GEOSEARCHSTORE.
pub(in crate::commands::geo) const GEOSEARCHSTORE: Command = Command {
    name: "geosearchstore",
    group: Group::Geo,
    since: "6.2.0",
    summary: "Stores the members of a geospatial index that lie in a circle, a box or a polygon.",
    complexity: COMPLEXITY,
    arity: -8,
    flags: Flags::DENYOOM.and(Flags::WRITE),
    categories: WRITES,
    tips: &[],
    keys: &[
        KeySpec {
            flags: KeyFlags::OW.and(KeyFlags::UPDATE),
            begin: Begin::Index(1),
            find: Find::Range { last: 0, step: 1, limit: 0 },
            notes: "",
        },
        source(2),
    ],
    arguments: &[
        Argument::new("destination", ArgumentKind::Key(0)),
        Argument::new("source", ArgumentKind::Key(1)),
        FROM,
        BY,
        ORDER,
        COUNT_ANY,
        Argument::token("storedist", "STOREDIST").optional(),
    ],
    subcommands: &[],
    handler: geosearchstore,
};

/// GEORADIUS.
pub(in crate::commands::geo) const GEORADIUS: Command = Command {
    name: "georadius",
    group: Group::Geo,
    since: "3.2.0",
    summary: "Finds the members of a geospatial index around a position, or stores them.",
    complexity: COMPLEXITY,
    arity: -6,
    flags: Flags::DENYOOM.and(Flags::MOVABLE_KEYS).and(Flags::WRITE),
    categories: WRITES,
    tips: &[],
    keys: &[source(1), destination("STORE", 6), destination("STOREDIST", 6)],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        LONGITUDE,
        LATITUDE,
        RADIUS,
        UNIT,
        WITHCOORD,
        WITHDIST,
        WITHHASH,
        COUNT_ANY_LATER,
        ORDER,
        STORE,
    ],
    subcommands: &[],
    handler: georadius,
};

/// GEORADIUS_RO.
pub(in crate::commands::geo) const GEORADIUS_RO: Command = Command {
    name: "georadius_ro",
    group: Group::Geo,
    since: "3.2.10",
    summary: "Finds the members of a geospatial index around a position.",
    complexity: COMPLEXITY,
    arity: -6,
    flags: Flags::READONLY,
    categories: READS,
    tips: &[],
    keys: &[source(1)],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        LONGITUDE,
        LATITUDE,
        RADIUS,
        UNIT,
        WITHCOORD,
        WITHDIST,
        WITHHASH,
        COUNT_ANY_LATER,
        ORDER,
    ],
    subcommands: &[],
    handler: georadius_ro,
};

/// GEORADIUSBYMEMBER.
pub(in crate::commands::geo) const GEORADIUSBYMEMBER: Command = Command {
    name: "georadiusbymember",
    group: Group::Geo,
    since: "3.2.0",
    summary: "Finds the members of a geospatial index around one of them, or stores them.",
    complexity: COMPLEXITY,
    arity: -5,
    flags: Flags::DENYOOM.and(Flags::MOVABLE_KEYS).and(Flags::WRITE),
    categories: WRITES,
    tips: &[],
    keys: &[source(1), destination("STORE", 5), destination("STOREDIST", 5)],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        MEMBER,
        RADIUS,
        UNIT,
        WITHCOORD,
        WITHDIST,
        WITHHASH,
        COUNT_ANY,
        ORDER,
        STORE,
    ],
    subcommands: &[],
    handler: georadiusbymember,
};

/// GEORADIUSBYMEMBER_RO.
pub(in crate::commands::geo) const GEORADIUSBYMEMBER_RO: Command = Command {
    name: "georadiusbymember_ro",
    group: Group::Geo,
    since: "3.2.10",
    summary: "Finds the members of a geospatial index around one of them.",
    complexity: COMPLEXITY,
    arity: -5,
    flags: Flags::READONLY,
    categories: READS,
    tips: &[],
    keys: &[source(1)],
    arguments: &[
        Argument::new("key", ArgumentKind::Key(0)),
        MEMBER,
        RADIUS,
        UNIT,
        WITHCOORD,
        WITHDIST,
        WITHHASH,
        COUNT_ANY,
        ORDER,
    ],
    subcommands: &[],
    handler: georadiusbymember_ro,
};
