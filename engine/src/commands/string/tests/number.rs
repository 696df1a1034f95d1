//! INCR and the like, LCS.

use super::{NOT_FLOAT, NOT_INTEGER, SYNTAX, server};
use crate::testing::TestServer;

#[test]
fn integers() {
    let overflow = "-ERR increment or decrement would overflow";
    TestServer::new().check(&[
        ("INCR k", ":1"),
        ("DECR k", ":0"),
        ("DECR k", ":-1"),
        ("INCRBY k 1000000000000", ":999999999999"),
        ("DECRBY k -1", ":1000000000000"),
        ("INCRBY k x", NOT_INTEGER),
        ("INCRBY k 1.5", NOT_INTEGER),
        ("DECRBY k -9223372036854775808", "-ERR decrement would overflow"),
        ("SET k 9223372036854775807", "+OK"),
        ("INCR k", overflow),
        ("INCRBY k -9223372036854775808", ":-1"),
        ("INCRBY k -9223372036854775808", overflow),
        ("SET k -9223372036854775808", "+OK"),
        ("DECR k", overflow),
        ("SET k ' 11'", "+OK"),
        ("INCR k", NOT_INTEGER),
        ("SET k ''", "+OK"),
        ("INCR k", NOT_INTEGER),
        ("APPEND k 12", ":2"),
        ("INCR k", ":13"),
    ]);
}

#[test]
fn floats() {
    let nan = "-ERR increment would produce NaN or Infinity";
    TestServer::new().check(&[
        ("INCRBYFLOAT k 1", "$1 1"),
        ("INCRBYFLOAT k 0.25", "$4 1.25"),
        ("INCRBYFLOAT k 1.1", "$4 2.35"),
        ("SET k 3.0", "+OK"),
        ("INCRBYFLOAT k -1.100", "$3 1.9"),
        ("SET k 17179869184", "+OK"),
        ("INCRBYFLOAT k 1.5", "$13 17179869185.5"),
        ("SET k 5.0e3", "+OK"),
        ("INCRBYFLOAT k 2.0e2", "$4 5200"),
        ("INCRBYFLOAT k x", NOT_FLOAT),
        ("INCRBYFLOAT k ''", NOT_FLOAT),
        ("INCRBYFLOAT k nan", NOT_FLOAT),
        ("INCRBYFLOAT k +inf", nan),
        ("INCRBYFLOAT k -inf", nan),
        ("SET k ' 11'", "+OK"),
        ("INCRBYFLOAT k 1", NOT_FLOAT),
        ("SET k 1", "+OK"),
        ("INCRBYFLOAT k -1", "$1 0"),
        ("INCR k", ":1"),
    ]);
}

#[test]
fn longest_common_subsequence() {
    let mut server = server(&["MSET a ohmytext b mynewtext n 12345 m 1X345 e ''"]);
    server.check(&[
        ("LCS a b", "$6 mytext"),
        ("LCS a b LEN", ":6"),
        ("LCS a b IDX", "*4 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6"),
        ("LCS a b IDX MINMATCHLEN 4", "*4 $7 matches *1 *2 *2 :4 :7 *2 :5 :8 $3 len :6"),
        ("LCS a b idx minmatchlen 4 withmatchlen", "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"),
        ("LCS a b IDX MINMATCHLEN -5 MINMATCHLEN 9", "*4 $7 matches *0 $3 len :6"),
        ("LCS n m", "$4 1345"),
        ("LCS a missing", "$0 "),
        ("LCS e a LEN", ":0"),
        ("LCS missing missing IDX", "*4 $7 matches *0 $3 len :0"),
        ("LCS a b LEN IDX", "-ERR If you want both the length and indexes, please just use IDX."),
        ("LCS a b MINMATCHLEN", SYNTAX),
        ("LCS a b MINMATCHLEN x", NOT_INTEGER),
        ("LCS a b FOO", SYNTAX),
        ("LCS a", "-ERR wrong number of arguments for 'lcs' command"),
    ]);
}
