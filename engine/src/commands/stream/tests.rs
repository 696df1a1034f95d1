//! Tables of requests and replies, as valkey-server 8.0.1 gives them, and copies of the data that follow what changes
//! are recorded.

use crate::base::random::Random;
use crate::boundary::id::DatabaseId;
use crate::command::generate::{Settings, request, runnable};
use crate::command::spec::Group;
use crate::command::table::{CommandId, CommandTable};
use crate::testing::{START_MS, TestServer};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
    }
    server.changes();
    server
}

#[test]
fn entries() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("XADD s 1-1 temp 21 hum x", "$3 1-1"),
        ("XADD s 1-* temp 22 hum y", "$3 1-2"),
        ("XADD s 2 other -5", "$3 2-0"),
        ("XADD s 2 a b", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
        ("XADD s 2-0 a b", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
        ("XADD s 1-5 a b", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
        ("XADD s 0-0 a b", "-ERR The ID specified in XADD must be greater than 0-0"),
        ("XADD s - a b", "-ERR Invalid stream ID specified as stream command argument"),
        ("XADD s 5-1 a", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD s 5-1 a b c", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD s *", "-ERR wrong number of arguments for 'xadd' command"),
        ("XADD none NOMKSTREAM 1 a b", "$-1"),
        ("XADD none 0-* a b", "$3 0-1"),
        ("XADD s 2-18446744073709551615 a b", "$22 2-18446744073709551615"),
        ("XADD s 2-* a b", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
        ("XADD m 18446744073709551615-18446744073709551615 a b", "$41 18446744073709551615-18446744073709551615"),
        ("XADD m * a b", "-ERR The stream has exhausted the last possible ID, unable to add more items"),
        ("XADD string 1 a b", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XLEN s", ":4"),
        ("XLEN nokey", ":0"),
        ("XLEN string", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XRANGE s - +", "*4 *2 $3 1-1 *4 $4 temp $2 21 $3 hum $1 x *2 $3 1-2 *4 $4 temp $2 22 $3 hum $1 y *2 $3 2-0 *2 $5 other $2 -5 *2 $22 2-18446744073709551615 *2 $1 a $1 b"),
        ("XRANGE s 1 1", "*2 *2 $3 1-1 *4 $4 temp $2 21 $3 hum $1 x *2 $3 1-2 *4 $4 temp $2 22 $3 hum $1 y"),
        ("XRANGE s (1-1 (2", "*2 *2 $3 1-2 *4 $4 temp $2 22 $3 hum $1 y *2 $3 2-0 *2 $5 other $2 -5"),
        ("XRANGE s 1-2 + COUNT 1", "*1 *2 $3 1-2 *4 $4 temp $2 22 $3 hum $1 y"),
        ("XRANGE s - + COUNT 0", "*-1"),
        ("XRANGE s - + COUNT -1", "*-1"),
        ("XRANGE s - + COUNT", "-ERR syntax error"),
        ("XRANGE s - + COUNT x", "-ERR value is not an integer or out of range"),
        ("XRANGE s x +", "-ERR Invalid stream ID specified as stream command argument"),
        ("XRANGE s (- +", "-ERR Invalid stream ID specified as stream command argument"),
        ("XRANGE s (18446744073709551615-18446744073709551615 +", "-ERR invalid start ID for the interval"),
        ("XRANGE s - (0-0", "-ERR invalid end ID for the interval"),
        ("XRANGE nokey - +", "*0"),
        ("XRANGE string - +", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XREVRANGE s + -", "*4 *2 $22 2-18446744073709551615 *2 $1 a $1 b *2 $3 2-0 *2 $5 other $2 -5 *2 $3 1-2 *4 $4 temp $2 22 $3 hum $1 y *2 $3 1-1 *4 $4 temp $2 21 $3 hum $1 x"),
        ("XREVRANGE s + (2-0 COUNT 1", "*1 *2 $22 2-18446744073709551615 *2 $1 a $1 b"),
        ("XREVRANGE s 1-1 2", "*0"),
        ("TYPE s", "+stream"),
        ("OBJECT ENCODING s", "$6 stream"),
    ]);
}

#[test]
fn removal() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("XADD s 1 a b", "$3 1-0"),
        ("XADD s 2 a c", "$3 2-0"),
        ("XADD s 3 d e", "$3 3-0"),
        ("XADD s 4 a f", "$3 4-0"),
        ("XDEL s 2 9", ":1"),
        ("XDEL s 2 x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XDEL nokey x", ":0"),
        ("XDEL string 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XRANGE s - +", "*3 *2 $3 1-0 *2 $1 a $1 b *2 $3 3-0 *2 $1 d $1 e *2 $3 4-0 *2 $1 a $1 f"),
        ("XINFO STREAM s", "*20 $6 length :3 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $3 4-0 $20 max-deleted-entry-id $3 2-0 $13 entries-added :4 $23 recorded-first-entry-id $3 1-0 $6 groups :0 $11 first-entry *2 $3 1-0 *2 $1 a $1 b $10 last-entry *2 $3 4-0 *2 $1 a $1 f"),
        ("XDEL s 1 3 4", ":3"),
        ("XLEN s", ":0"),
        ("EXISTS s", ":1"),
        ("XADD s 4-0 a b", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
        ("XADD s 5-0 a b", "$3 5-0"),
        ("XINFO STREAM s", "*20 $6 length :1 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $3 5-0 $20 max-deleted-entry-id $3 4-0 $13 entries-added :5 $23 recorded-first-entry-id $3 5-0 $6 groups :0 $11 first-entry *2 $3 5-0 *2 $1 a $1 b $10 last-entry *2 $3 5-0 *2 $1 a $1 b"),
        ("XSETID s 4", "-ERR The ID specified in XSETID is smaller than the target stream top item"),
        ("XSETID s 9 ENTRIESADDED 0", "-ERR The entries_added specified in XSETID is smaller than the target stream length"),
        ("XSETID s 9 ENTRIESADDED -1", "-ERR entries_added must be positive"),
        ("XSETID s 9 ENTRIESADDED 9 MAXDELETEDID 10", "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"),
        ("XSETID s 9 ENTRIESADDED 9 MAXDELETEDID 8", "+OK"),
        ("XSETID s 7", "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"),
        ("XSETID s 9 FOO 1", "-ERR syntax error"),
        ("XSETID nokey 1", "-ERR no such key"),
        ("XSETID string 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XSETID s -", "-ERR Invalid stream ID specified as stream command argument"),
        ("XINFO STREAM s", "*20 $6 length :1 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $3 9-0 $20 max-deleted-entry-id $3 8-0 $13 entries-added :9 $23 recorded-first-entry-id $3 5-0 $6 groups :0 $11 first-entry *2 $3 5-0 *2 $1 a $1 b $10 last-entry *2 $3 5-0 *2 $1 a $1 b"),
    ]);
}

#[test]
fn trimming() {
    let mut server = server(&["CONFIG SET stream-node-max-entries 2", "SET string v"]);
    server.check(&[
        ("XADD s 1 a 1", "$3 1-0"),
        ("XADD s 2 a 2", "$3 2-0"),
        ("XADD s 3 a 3", "$3 3-0"),
        ("XADD s 4 a 4", "$3 4-0"),
        ("XADD s 5 a 5", "$3 5-0"),
        ("XADD s 6 a 6", "$3 6-0"),
        ("XADD s 7 a 7", "$3 7-0"),
        ("XTRIM s MAXLEN ~ 5", ":2"),
        ("XTRIM s MAXLEN 6", ":0"),
        ("XTRIM s MAXLEN ~ 5", ":0"),
        ("XTRIM s MAXLEN ~ 3 LIMIT 1", ":0"),
        ("XTRIM s MAXLEN ~ 3 LIMIT 2", ":2"),
        ("XTRIM s MINID = 5", ":0"),
        ("XTRIM s MINID ~ 8", ":3"),
        ("XRANGE s - +", "*0"),
        ("XADD s MAXLEN = 1 8 a 8", "$3 8-0"),
        ("XADD s MINID 9 9 a 9", "$3 9-0"),
        ("XRANGE s - +", "*1 *2 $3 9-0 *2 $1 a $1 9"),
        ("XTRIM s MAXLEN -1", "-ERR The MAXLEN argument must be >= 0."),
        ("XTRIM s MAXLEN x", "-ERR value is not an integer or out of range"),
        ("XTRIM s MINID x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XTRIM s MAXLEN 1 MINID 2", "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible"),
        ("XTRIM s MAXLEN 1 LIMIT 2", "-ERR syntax error, LIMIT cannot be used without the special ~ option"),
        ("XTRIM s MAXLEN ~ 1 LIMIT -1", "-ERR The LIMIT argument must be >= 0."),
        ("XTRIM s LIMIT 1", "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"),
        ("XTRIM s LIMIT 0", "-ERR syntax error, XTRIM must be called with a trimming strategy"),
        ("XTRIM s LIMIT 0 LIMIT 0", "-ERR syntax error, XTRIM must be called with a trimming strategy"),
        ("XTRIM s FOO 1", "-ERR syntax error"),
        ("XTRIM s MAXLEN ~", "-ERR value is not an integer or out of range"),
        ("XADD s LIMIT 3 10 a b", "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"),
        (
            "XADD s MAXLEN ~ 3 MINID 4 10 a b",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        ("XTRIM nokey MAXLEN 1", ":0"),
        ("XTRIM string MAXLEN 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XADD s MAXLEN 0 10 a b", "$4 10-0"),
        ("XLEN s", ":0"),
    ]);
}

#[test]
fn reading() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("XADD s 1 a 1", "$3 1-0"),
        ("XADD s 2 a 2", "$3 2-0"),
        ("XADD t 5 b 3", "$3 5-0"),
        ("XREAD STREAMS s 0", "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 2"),
        (
            "XREAD COUNT 1 STREAMS s t nokey 1 0-0 0",
            "*2 *2 $1 s *1 *2 $3 2-0 *2 $1 a $1 2 *2 $1 t *1 *2 $3 5-0 *2 $1 b $1 3",
        ),
        ("XREAD COUNT 0 STREAMS s 1", "*1 *2 $1 s *1 *2 $3 2-0 *2 $1 a $1 2"),
        ("XREAD STREAMS s $", "*-1"),
        ("XREAD STREAMS s t + +", "*2 *2 $1 s *1 *2 $3 2-0 *2 $1 a $1 2 *2 $1 t *1 *2 $3 5-0 *2 $1 b $1 3"),
        ("XREAD STREAMS nokey +", "*-1"),
        ("XREAD STREAMS s", "-ERR wrong number of arguments for 'xread' command"),
        (
            "XREAD STREAMS s t 0",
            "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
        ),
        (
            "XREAD STREAMS s >",
            "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        ),
        ("XREAD STREAMS s x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XREAD STREAMS string 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XREAD COUNT x STREAMS s 0", "-ERR value is not an integer or out of range"),
        (
            "XREAD GROUP g c STREAMS s 0",
            "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
        ),
        ("XREAD NOACK STREAMS s 0", "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."),
        ("XREAD FOO STREAMS s 0", "-ERR syntax error"),
        ("XREAD COUNT 1 BLOCK 5", "-ERR syntax error"),
        ("XREAD BLOCK -1 STREAMS s 0", "-ERR timeout is negative"),
        ("XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range"),
        ("XREAD BLOCK 9223372036854775807 STREAMS s 0", "-ERR timeout is out of range"),
    ]);
}

#[test]
fn groups() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("XGROUP CREATE nokey g 0", "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."),
        ("XGROUP CREATE s g 0 MKSTREAM", "+OK"),
        ("XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists"),
        ("XGROUP CREATE s h $ ENTRIESREAD 5", "+OK"),
        ("XGROUP CREATE s i x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XGROUP CREATE s i -", "-ERR Invalid stream ID specified as stream command argument"),
        ("XGROUP CREATE s i 0 FOO", "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP."),
        ("XGROUP CREATE s i 0 ENTRIESREAD -2", "-ERR value for ENTRIESREAD must be positive or -1"),
        ("XGROUP CREATE s i 0 ENTRIESREAD x", "-ERR value is not an integer or out of range"),
        ("XGROUP CREATE s i 0 MKSTREAM MKSTREAM MKSTREAM MKSTREAM", "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP."),
        ("XGROUP CREATE string g 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XADD s 1 a 1", "$3 1-0"),
        ("XADD s 2 a 2", "$3 2-0"),
        ("XADD s 3 a 3", "$3 3-0"),
        ("XGROUP SETID s h 2", "+OK"),
        ("XGROUP SETID s h -", "+OK"),
        ("XGROUP SETID s h $ ENTRIESREAD 3", "+OK"),
        ("XGROUP SETID s none 1", "-NOGROUP No such consumer group 'none' for key name 's'"),
        ("XGROUP SETID s h 1 ENTRIESREAD 1 ENTRIESREAD 1", "-ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP."),
        ("XGROUP SETID s h 1 FOO", "-ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP."),
        ("XGROUP CREATECONSUMER s g alice", ":1"),
        ("XGROUP CREATECONSUMER s g alice", ":0"),
        ("XGROUP CREATECONSUMER s none alice", "-NOGROUP No such consumer group 'none' for key name 's'"),
        ("XGROUP CREATECONSUMER nokey g alice", "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."),
        ("XINFO GROUPS s", "*2 *12 $4 name $1 g $9 consumers :1 $7 pending :0 $17 last-delivered-id $3 0-0 $12 entries-read $-1 $3 lag :3 *12 $4 name $1 h $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 3-0 $12 entries-read :3 $3 lag :0"),
        ("XREADGROUP GROUP g alice COUNT 2 STREAMS s >", "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 2"),
        ("XREADGROUP GROUP g bob STREAMS s >", "*1 *2 $1 s *1 *2 $3 3-0 *2 $1 a $1 3"),
        ("XREADGROUP GROUP g bob STREAMS s >", "*-1"),
        ("XREADGROUP GROUP g carol NOACK STREAMS s >", "*-1"),
        ("XREADGROUP GROUP g alice STREAMS s 0", "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 2"),
        ("XREADGROUP GROUP g alice COUNT 1 STREAMS s 1", "*1 *2 $1 s *1 *2 $3 2-0 *2 $1 a $1 2"),
        ("XREADGROUP GROUP g alice STREAMS s $", "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."),
        ("XREADGROUP GROUP g alice STREAMS s +", "-ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set."),
        ("XREADGROUP GROUP none alice STREAMS s >", "-NOGROUP No such key 's' or consumer group 'none' in XREADGROUP with GROUP option"),
        ("XREADGROUP GROUP g alice STREAMS nokey >", "-NOGROUP No such key 'nokey' or consumer group 'g' in XREADGROUP with GROUP option"),
        ("XREADGROUP GROUP g alice STREAMS string >", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XREADGROUP GROUP g alice COUNT 1 STREAMS s t >", "-ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."),
        ("XREADGROUP COUNT 1 NOACK NOACK STREAMS s >", "-ERR Missing GROUP option for XREADGROUP"),
        ("XPENDING s g", "*4 :3 $3 1-0 $3 3-0 *2 *2 $5 alice $1 2 *2 $3 bob $1 1"),
        ("XACK s g 1 9", ":1"),
        ("XACK s g x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XACK s none 1", ":0"),
        ("XACK nokey g x", ":0"),
        ("XACK string g 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XPENDING s g", "*4 :2 $3 2-0 $3 3-0 *2 *2 $5 alice $1 1 *2 $3 bob $1 1"),
        ("XPENDING s h", "*4 :0 $-1 $-1 *-1"),
        ("XPENDING s none", "-NOGROUP No such key 's' or consumer group 'none'"),
        ("XPENDING s g - +", "-ERR syntax error"),
        ("XPENDING s g - + x", "-ERR value is not an integer or out of range"),
        ("XPENDING s g - + 10 nobody", "*0"),
        ("XPENDING s g IDLE x - + 10", "-ERR value is not an integer or out of range"),
        ("XPENDING s g IDLE 1 - +", "-ERR syntax error"),
        ("XPENDING s g - + 0", "*0"),
        ("XINFO GROUPS s", "*2 *12 $4 name $1 g $9 consumers :3 $7 pending :2 $17 last-delivered-id $3 3-0 $12 entries-read :3 $3 lag :0 *12 $4 name $1 h $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 3-0 $12 entries-read :3 $3 lag :0"),
        ("XINFO GROUPS nokey", "-ERR no such key"),
        ("XINFO CONSUMERS s none", "-NOGROUP No such consumer group 'none' for key name 's'"),
        ("XINFO STREAM s FOO", "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP."),
        ("XINFO STREAM s FULL COUNT", "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP."),
        ("XINFO STREAM s FULL FOO 1", "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP."),
        ("XINFO STREAM s FULL COUNT x", "-ERR value is not an integer or out of range"),
        ("XGROUP DELCONSUMER s g alice", ":1"),
        ("XGROUP DELCONSUMER s g alice", ":0"),
        ("XGROUP DESTROY s g", ":1"),
        ("XGROUP DESTROY s g", ":0"),
        ("XGROUP DESTROY nokey g", "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."),
    ]);
}

#[test]
fn claims() {
    let mut server = server(&["SET string v"]);
    server.check(&[
        ("XADD s 1 a 1", "$3 1-0"),
        ("XADD s 2 a 2", "$3 2-0"),
        ("XADD s 3 a 3", "$3 3-0"),
        ("XADD s 4 a 4", "$3 4-0"),
        ("XGROUP CREATE s g 0", "+OK"),
        (
            "XREADGROUP GROUP g alice COUNT 3 STREAMS s >",
            "*1 *2 $1 s *3 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 2 *2 $3 3-0 *2 $1 a $1 3",
        ),
        ("XCLAIM s g bob 0 1 2 4", "*2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 2-0 *2 $1 a $1 2"),
        ("XCLAIM s g bob 100000 3", "*0"),
        ("XCLAIM s g bob 0 3 JUSTID", "*1 $3 3-0"),
        ("XCLAIM s g bob 0 4 FORCE JUSTID RETRYCOUNT 7", "*1 $3 4-0"),
        ("XDEL s 2", ":1"),
        ("XCLAIM s g alice 0 2 3", "*1 *2 $3 3-0 *2 $1 a $1 3"),
        ("XREADGROUP GROUP g bob STREAMS s 0", "*1 *2 $1 s *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 4-0 *2 $1 a $1 4"),
        ("XPENDING s g", "*4 :3 $3 1-0 $3 4-0 *2 *2 $5 alice $1 1 *2 $3 bob $1 2"),
        ("XCLAIM s g alice x 1", "-ERR Invalid min-idle-time argument for XCLAIM"),
        ("XCLAIM s g alice 0 1 FOO", "-ERR Unrecognized XCLAIM option 'FOO'"),
        ("XCLAIM s g alice 0 1 IDLE x", "-ERR Invalid IDLE option argument for XCLAIM"),
        ("XCLAIM s g alice 0 1 TIME x", "-ERR Invalid TIME option argument for XCLAIM"),
        ("XCLAIM s g alice 0 1 RETRYCOUNT x", "-ERR Invalid RETRYCOUNT option argument for XCLAIM"),
        ("XCLAIM s g alice 0 1 LASTID x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XCLAIM s g alice 0 1 IDLE", "-ERR Unrecognized XCLAIM option 'IDLE'"),
        ("XCLAIM s g alice 0 FORCE", "*0"),
        ("XCLAIM s none alice 0 1", "-NOGROUP No such key 's' or consumer group 'none'"),
        ("XCLAIM nokey g alice 0 1", "-NOGROUP No such key 'nokey' or consumer group 'g'"),
        ("XCLAIM string g alice 0 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XADD s 5 a 5", "$3 5-0"),
        ("XREADGROUP GROUP g alice STREAMS s >", "*1 *2 $1 s *2 *2 $3 4-0 *2 $1 a $1 4 *2 $3 5-0 *2 $1 a $1 5"),
        ("XDEL s 4", ":1"),
        ("XAUTOCLAIM s g bob 0 0 COUNT 2", "*3 $3 4-0 *2 *2 $3 1-0 *2 $1 a $1 1 *2 $3 3-0 *2 $1 a $1 3 *0"),
        ("XAUTOCLAIM s g bob 0 4 COUNT 2", "*3 $3 0-0 *1 *2 $3 5-0 *2 $1 a $1 5 *1 $3 4-0"),
        ("XAUTOCLAIM s g carol 0 (3 JUSTID", "*3 $3 0-0 *1 $3 5-0 *0"),
        ("XAUTOCLAIM s g carol 100000 0", "*3 $3 0-0 *0 *0"),
        ("XAUTOCLAIM s g carol x 0", "-ERR Invalid min-idle-time argument for XAUTOCLAIM"),
        ("XAUTOCLAIM s g carol 0 x", "-ERR Invalid stream ID specified as stream command argument"),
        ("XAUTOCLAIM s g carol 0 0 COUNT 0", "-ERR COUNT must be > 0"),
        ("XAUTOCLAIM s g carol 0 0 COUNT x", "-ERR COUNT must be > 0"),
        ("XAUTOCLAIM s g carol 0 0 FOO", "-ERR syntax error"),
        ("XAUTOCLAIM s g carol 0 0 COUNT", "-ERR syntax error"),
        ("XAUTOCLAIM s none carol 0 0", "-NOGROUP No such key 's' or consumer group 'none'"),
        ("XAUTOCLAIM string g carol 0 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("XPENDING s g", "*4 :3 $3 1-0 $3 5-0 *2 *2 $3 bob $1 2 *2 $5 carol $1 1"),
    ]);
}

#[test]
fn changes() {
    let mut server = server(&["CONFIG SET stream-node-max-entries 2"]);
    let now = START_MS;
    let auto = format!("xadd s: XADD s {now}-0 a b");
    let claim = |ids: &str, count: u64, last: &str| {
        format!(" s: XCLAIM s g alice 0 {ids} TIME {now} RETRYCOUNT {count} FORCE JUSTID LASTID {last}")
    };
    let (first, again) = (claim("6-0", 1, "6-0"), claim("6-0", 2, "6-0"));
    let stolen = format!(" s: XCLAIM s g bob 0 6-0 TIME {now} RETRYCOUNT 3 FORCE JUSTID LASTID 6-0");
    for (request, changes) in [
        ("XADD s 1 a b", &["new s", "xadd s: command"][..]),
        ("XADD s 1-* a b", &["xadd s: XADD s 1-1 a b"]),
        ("XADD s 1 a b", &[]),
        ("XADD none NOMKSTREAM 1 a b", &[]),
        ("XADD s MAXLEN 3 2 a b", &["xadd s: command"]),
        ("XADD s MAXLEN 2 3 a b", &["xadd s: command", "xtrim s"]),
        ("XADD s MAXLEN ~ 1 LIMIT 9 4 a b", &["xadd s: XADD s MAXLEN = 1 4-0 a b", "xtrim s"]),
        ("XADD s MINID ~ 4 5 a b", &["xadd s: XADD s MINID = 4-0 5-0 a b"]),
        ("XTRIM s MAXLEN 2", &[]),
        ("XTRIM s MINID ~ 3", &[]),
        ("XADD s 6 a b", &["xadd s: command"]),
        ("XTRIM s MAXLEN ~ 1", &["xtrim s: XTRIM s MAXLEN = 1"]),
        ("XADD s 7 a b", &["xadd s: command"]),
        ("XDEL s 9", &[]),
        ("XDEL s 7", &["xdel s: command"]),
        ("XADD s 8-5 a b", &["xadd s: command"]),
        ("XSETID s 9", &["xsetid s: command"]),
        ("XGROUP CREATE s g 0", &["xgroup-create s: command"]),
        ("XGROUP CREATE s g 0", &[]),
        ("XGROUP CREATE t g $ MKSTREAM", &["new t", "xgroup-create t: command"]),
        ("XGROUP SETID s g 4", &["xgroup-setid s: command"]),
        ("XDEL s 8-5", &["xdel s: command"]),
        (
            "XREADGROUP GROUP g alice STREAMS s >",
            &[
                "xgroup-createconsumer s: XGROUP CREATECONSUMER s g alice",
                &first,
                " s: XGROUP SETID s g 6-0 ENTRIESREAD -1",
            ],
        ),
        ("XREADGROUP GROUP g alice STREAMS s >", &[]),
        ("XREADGROUP GROUP g alice STREAMS s 5", &[&again]),
        ("XREADGROUP GROUP g alice STREAMS s 9", &[]),
        ("XACK s g 5", &[]),
        ("XCLAIM s g bob 0 6 9", &["xgroup-createconsumer s: XGROUP CREATECONSUMER s g bob", &stolen]),
        ("XCLAIM s g bob 0 9 LASTID 8", &[" s: XGROUP SETID s g 8-0 ENTRIESREAD -1"]),
        ("XAUTOCLAIM s g bob 100 0", &[]),
        ("XACK s g 6 7", &[" s: command"]),
        ("XGROUP CREATECONSUMER s g bob", &[]),
        ("XGROUP CREATECONSUMER s g carol", &["xgroup-createconsumer s: command"]),
        ("XGROUP DELCONSUMER s g dave", &[]),
        ("XGROUP DELCONSUMER s g bob", &["xgroup-delconsumer s: command"]),
        ("XGROUP DESTROY s h", &[]),
        ("XGROUP DESTROY s g", &["xgroup-destroy s: command"]),
        ("XADD s * a b", &[&auto]),
        ("XREAD STREAMS s 0", &[]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

#[test]
fn what_counts_towards_a_save() {
    let mut server = server(&["XADD s 1 a b", "XADD s 2 a b", "XADD s 3 a b", "XGROUP CREATE s g 0"]);
    for (request, count) in [
        ("XREADGROUP GROUP g alice COUNT 2 STREAMS s >", 2),
        ("XREADGROUP GROUP g alice STREAMS s 0", 0),
        ("XREADGROUP GROUP g bob STREAMS s 0", 1),
        ("XREADGROUP GROUP g bob NOACK STREAMS s >", 1),
        ("XCLAIM s g bob 0 1 2", 2),
        ("XACK s g 1 2 3", 2),
        ("XADD s MAXLEN 1 4 a b", 1),
        ("XADD s 5 a b", 1),
        ("XTRIM s MAXLEN 0", 2),
    ] {
        let before = server.engine.keyspace().dirty;
        server.send(request);
        assert_eq!(server.engine.keyspace().dirty - before, count, "{request}");
    }
}

#[test]
fn nobody_waits_in_a_transaction() {
    server(&["XADD s 1 a b", "XGROUP CREATE s g $"]).check(&[
        ("MULTI", "+OK"),
        ("XREAD BLOCK 0 STREAMS s $", "+QUEUED"),
        ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "+QUEUED"),
        ("EXEC", "*2 *-1 *-1"),
        ("XREAD BLOCK 0 STREAMS s 0", "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 a $1 b"),
    ]);
}

#[test]
fn times() {
    let mut server = server(&["XADD s 1 a b", "XADD s 2 a b", "XGROUP CREATE s g 0", "XGROUP CREATECONSUMER s g bob"]);
    server.send("XREADGROUP GROUP g alice COUNT 1 STREAMS s >");
    server.advance_ms(70);
    let consumers = "*2 *8 $4 name $5 alice $7 pending :1 $4 idle :70 $8 inactive :70 \
        *8 $4 name $3 bob $7 pending :0 $4 idle :70 $8 inactive :-1";
    server.check(&[
        ("XPENDING s g - + 10", "*1 *4 $3 1-0 $5 alice :70 :1"),
        ("XPENDING s g IDLE 71 - + 10", "*0"),
        ("XPENDING s g IDLE 70 - + 10 alice", "*1 *4 $3 1-0 $5 alice :70 :1"),
        ("XINFO CONSUMERS s g", consumers),
        ("XCLAIM s g bob 71 1", "*0"),
        ("XAUTOCLAIM s g bob 71 0", "*3 $3 0-0 *0 *0"),
        ("XCLAIM s g bob 70 1 IDLE 30 JUSTID", "*1 $3 1-0"),
        ("XPENDING s g - + 10", "*1 *4 $3 1-0 $3 bob :30 :1"),
        ("XCLAIM s g bob 0 1 IDLE -30", "*1 *2 $3 1-0 *2 $1 a $1 b"),
        ("XPENDING s g - + 10", "*1 *4 $3 1-0 $3 bob :0 :2"),
    ]);
}

fn commands(table: &CommandTable) -> Vec<CommandId> {
    let of_streams = |id: &CommandId| table.command(*id).group == Group::Stream;
    runnable(table).into_iter().filter(of_streams).collect()
}

/// What is recorded, as requests.
fn repeat(copy: &mut TestServer, changes: &[String], sent: &[Vec<u8>]) {
    let mut pending = false;
    for change in changes {
        let Some((_, record)) = change.split_once(": ") else { continue };
        if record == "command" {
            pending = true;
            continue;
        }
        let words: Vec<Vec<u8>> = record.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        send(copy, &words);
    }
    if pending {
        send(copy, sent);
    }
}

fn send(server: &mut TestServer, words: &[Vec<u8>]) -> Vec<u8> {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    server.send_arguments(&words)
}

/// Any requests, right and wrong: a copy that gets what is recorded has the same
/// data, so has what was dumped and restored, and the account of memory is right.
#[test]
fn copies_are_the_same() {
    let table = CommandTable::new(&[super::COMMANDS]);
    let commands = commands(&table);
    for seed in 0..4 {
        let mut random = Random::from_seed(seed);
        let settings = Settings { keys: 3, value_max: 20, now_ms: START_MS, ..Settings::default() };
        let config = format!("save ''\nstream-node-max-entries {}\n", [100, 3, 0, 1][seed as usize]);
        let (mut server, mut copy) = (TestServer::with_config(&config), TestServer::with_config(&config));
        let mut replied = 0;
        for step in 0..6000 {
            let mut words =
                request(&table, commands[random.below(commands.len() as u64) as usize], &settings, &mut random);
            // What has a space in it, or is no text, can't be told from the log.
            words.retain(|word| word.is_ascii() && !word.is_empty() && word.iter().all(u8::is_ascii_graphic));
            if words.iter().any(|word| word.eq_ignore_ascii_case(b"block")) {
                // Who waits says nothing more.
                continue;
            }
            if step % 3 > 0 {
                let (key, id) = (random.below(2) + 1, random.below(40));
                let line = match random.below(6) {
                    0..3 => format!("XADD key:{key} {}-* temp {id}", step / 50),
                    3 => {
                        format!("XREADGROUP GROUP g {} COUNT 3 STREAMS key:{key} >", ["alice", "bob"][id as usize % 2])
                    }
                    4 => format!("XGROUP CREATE key:{key} g 0"),
                    _ => format!("XDEL key:{key} {}-{}", step / 50, id % 10),
                };
                words = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            }
            server.changes();
            replied += usize::from(send(&mut server, &words).first() != Some(&b'-'));
            repeat(&mut copy, &server.changes(), &words);
            if step % 100 == 0 {
                assert_eq!(server.engine.data_hash(), copy.engine.data_hash(), "seed {seed}, step {step}");
                server.advance_ms(3);
                copy.advance_ms(3);
                through_files(&mut server);
            }
        }
        assert!(replied > 2000, "{replied}");
        for key in ["key:0", "key:1", "key:2", "key:{tag}"] {
            server.send(&format!("DEL {key}"));
        }
        server.send("FLUSHALL");
        let database = server.engine.keyspace().database(DatabaseId(0));
        assert_eq!(database.bytes(), database.overhead_bytes());
    }
}

/// Dumps and restores streams: nothing changes by it.
fn through_files(server: &mut TestServer) {
    let hash = server.engine.data_hash();
    for key in ["key:1", "key:2"] {
        let payload = server.send_arguments(&[b"DUMP", key.as_bytes()]);
        let start = payload.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
        if !payload.starts_with(b"$-1") {
            let payload = &payload[start..payload.len() - 2];
            let reply = server.send_arguments(&[b"RESTORE", key.as_bytes(), b"0", payload, b"REPLACE"]);
            assert_eq!(reply, b"+OK\r\n");
        }
    }
    assert_eq!(server.engine.data_hash(), hash);
}
