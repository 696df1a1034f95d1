//! The family through the engine's front door.

use crate::engine::test_world::World;
use crate::server::personality::Personality;
use alloc::format;
use alloc::string::String;

/// Requests of one connection, each with its reply.
fn table(world: &mut World, cases: &[(&str, &str)]) {
    let client = world.connect();
    for (request, reply) in cases {
        let got = world.ask(client, request);
        assert_eq!(got, format!("{reply}\r\n"), "{request}");
    }
}

#[test]
fn simple_commands() {
    table(
        &mut World::new(),
        &[
            ("PING", "+PONG"),
            ("ping hello", "$5\r\nhello"),
            ("PING a b", "-ERR wrong number of arguments for 'ping' command"),
            ("ECHO x", "$1\r\nx"),
            ("ECHO", "-ERR wrong number of arguments for 'echo' command"),
            ("SELECT 15", "+OK"),
            ("SELECT 16", "-ERR DB index is out of range"),
            ("SELECT -1", "-ERR DB index is out of range"),
            ("SELECT x", "-ERR value is not an integer or out of range"),
            ("SELECT 99999999999", "-ERR value is out of range, value must between -2147483648 and 2147483647"),
            ("CLIENT ID", ":1"),
            ("CLIENT GETNAME", "$-1"),
            ("CLIENT SETNAME me", "+OK"),
            ("CLIENT GETNAME", "$2\r\nme"),
            ("CLIENT SETNAME a\nb", "-ERR Client names cannot contain spaces, newlines or special characters."),
            ("CLIENT SETNAME ", "+OK"),
            ("CLIENT GETNAME", "$-1"),
            ("CLIENT SETINFO LIB-NAME x", "+OK"),
            ("CLIENT SETINFO lib-ver ä", "-ERR lib-ver cannot contain spaces, newlines or special characters."),
            ("CLIENT SETINFO foo x", "-ERR Unrecognized option 'foo'"),
            ("CLIENT GETREDIR", ":-1"),
            ("CLIENT NO-EVICT x", "-ERR syntax error"),
            ("CLIENT NO-TOUCH on", "+OK"),
            ("CLIENT UNBLOCK 1 foo", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
            ("CLIENT UNBLOCK 1", ":0"),
            ("CLIENT UNBLOCK x", "-ERR value is not an integer or out of range"),
            ("CLIENT foo", "-ERR unknown subcommand 'foo'. Try CLIENT HELP."),
            ("CLIENT", "-ERR wrong number of arguments for 'client' command"),
            ("CLIENT ID x", "-ERR wrong number of arguments for 'client|id' command"),
            ("RESET", "+RESET"),
        ],
    );
}
