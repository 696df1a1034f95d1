//! Commands that new programs should not use, since when, and what to use
//! instead, in the state of Redis 7.2.

/// The version that deprecated a command, and its replacement.
pub(super) fn deprecation(full_name: &str) -> Option<(&'static str, &'static str)> {
    Some(match full_name {
        "brpoplpush" => ("6.2.0", "`BLMOVE` with `RIGHT` and `LEFT`"),
        "cluster|slaves" => ("5.0.0", "`CLUSTER REPLICAS`"),
        "georadius" => ("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`"),
        "georadius_ro" => ("6.2.0", "`GEOSEARCH` with `BYRADIUS`"),
        "georadiusbymember" => ("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with `FROMMEMBER` and `BYRADIUS`"),
        "georadiusbymember_ro" => ("6.2.0", "`GEOSEARCH` with `FROMMEMBER` and `BYRADIUS`"),
        "getset" => ("6.2.0", "`SET` with `GET`"),
        "hmset" => ("4.0.0", "`HSET` with several fields"),
        "psetex" => ("2.6.12", "`SET` with `PX`"),
        "quit" => ("7.2.0", "closing the connection"),
        "rpoplpush" => ("6.2.0", "`LMOVE` with `RIGHT` and `LEFT`"),
        "setex" => ("2.6.12", "`SET` with `EX`"),
        "setnx" => ("2.6.12", "`SET` with `NX`"),
        "slaveof" => ("5.0.0", "`REPLICAOF`"),
        "substr" => ("2.0.0", "`GETRANGE`"),
        "zrangebylex" => ("6.2.0", "`ZRANGE` with `BYLEX`"),
        "zrangebyscore" => ("6.2.0", "`ZRANGE` with `BYSCORE`"),
        "zrevrange" => ("6.2.0", "`ZRANGE` with `REV`"),
        "zrevrangebylex" => ("6.2.0", "`ZRANGE` with `REV` and `BYLEX`"),
        "zrevrangebyscore" => ("6.2.0", "`ZRANGE` with `REV` and `BYSCORE`"),
        _ => return None,
    })
}
