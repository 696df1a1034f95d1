//! CLIENT KILL.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::commands::connection::client::filter::Filter;
use crate::commands::connection::client::list::matching;
use crate::resp::request::Arguments;

/// CLIENT KILL.
pub(super) const CLIENT_KILL: Command = Command {
    name: "kill",
    group: Group::Connection,
    since: "2.4.0",
    summary: "Closes connections that fit an address or filters.",
    complexity: "O(N) where N is the number of connections",
    arity: -3,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::CONNECTION).and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "filter",
        ArgumentKind::OneOf(&[
            Argument::new("old-format", ArgumentKind::String),
            Argument::new(
                "new-format",
                ArgumentKind::OneOf(&[
                    Argument::new("client-id", ArgumentKind::Integer).after("ID").optional().multiple().since("2.8.12"),
                    Argument::new(
                        "client-type",
                        ArgumentKind::OneOf(&[
                            Argument::token("normal", "normal"),
                            Argument::token("master", "master").since("3.2.0"),
                            Argument::token("primary", "primary").since("8.0.0"),
                            Argument::token("slave", "slave"),
                            Argument::token("replica", "replica").since("5.0.0"),
                            Argument::token("pubsub", "pubsub"),
                        ]),
                    )
                    .after("TYPE")
                    .optional()
                    .since("2.8.12"),
                    Argument::new("username", ArgumentKind::String).after("USER").optional(),
                    Argument::new("addr", ArgumentKind::String).after("ADDR").optional(),
                    Argument::new("laddr", ArgumentKind::String).after("LADDR").optional().since("6.2.0"),
                    Argument::new(
                        "skipme",
                        ArgumentKind::OneOf(&[Argument::token("yes", "YES"), Argument::token("no", "NO")]),
                    )
                    .after("SKIPME")
                    .optional(),
                    Argument::new("maxage", ArgumentKind::Integer).after("MAXAGE").optional().since("8.0.0"),
                    Argument::new("name", ArgumentKind::String).after("NAME").optional().since("9.0.0"),
                    Argument::new("idle", ArgumentKind::Integer).after("IDLE").optional().since("9.0.0"),
                    Argument::new("flags", ArgumentKind::String).after("FLAGS").optional().since("9.0.0"),
                    Argument::new("lib-name", ArgumentKind::String).after("LIB-NAME").optional().since("9.0.0"),
                    Argument::new("lib-ver", ArgumentKind::String).after("LIB-VER").optional().since("9.0.0"),
                    Argument::new("db", ArgumentKind::Integer).after("DB").optional().since("9.0.0"),
                    Argument::new("capa", ArgumentKind::String).after("CAPA").optional().since("9.0.0"),
                    Argument::new("ip", ArgumentKind::String).after("IP").optional().since("9.0.0"),
                    Argument::new(
                        "not-client-type",
                        ArgumentKind::OneOf(&[
                            Argument::token("normal", "normal"),
                            Argument::token("master", "master"),
                            Argument::token("primary", "primary"),
                            Argument::token("slave", "slave"),
                            Argument::token("replica", "replica"),
                            Argument::token("pubsub", "pubsub"),
                        ]),
                    )
                    .after("NOT-TYPE")
                    .optional()
                    .since("9.0.0"),
                    Argument::new("not-client-id", ArgumentKind::Integer)
                        .after("NOT-ID")
                        .optional()
                        .multiple()
                        .since("9.0.0"),
                    Argument::new("not-username", ArgumentKind::String).after("NOT-USER").optional().since("9.0.0"),
                    Argument::new("not-addr", ArgumentKind::String).after("NOT-ADDR").optional().since("9.0.0"),
                    Argument::new("not-laddr", ArgumentKind::String).after("NOT-LADDR").optional().since("9.0.0"),
                    Argument::new("not-name", ArgumentKind::String).after("NOT-NAME").optional().since("9.0.0"),
                    Argument::new("not-flags", ArgumentKind::String).after("NOT-FLAGS").optional().since("9.0.0"),
                    Argument::new("not-lib-name", ArgumentKind::String).after("NOT-LIB-NAME").optional().since("9.0.0"),
                    Argument::new("not-lib-ver", ArgumentKind::String).after("NOT-LIB-VER").optional().since("9.0.0"),
                    Argument::new("not-db", ArgumentKind::Integer).after("NOT-DB").optional().since("9.0.0"),
                    Argument::new("not-capa", ArgumentKind::String).after("NOT-CAPA").optional().since("9.0.0"),
                    Argument::new("not-ip", ArgumentKind::String).after("NOT-IP").optional().since("9.0.0"),
                ]),
            )
            .multiple(),
        ]),
    )],
    subcommands: &[],
    handler: client_kill,
};

fn client_kill(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.len() == 3 {
        if kill(context, &Filter::by_address(arguments.get(2).unwrap_or(&[]))) == 0 {
            return Err(Error::Text("ERR No such client"));
        }
        context.reply.ok();
        return Ok(());
    }
    let mut filter = Filter::parse(context, &arguments, 2)?;
    filter.skip_me.get_or_insert(true);
    let killed = kill(context, &filter);
    context.reply.integer(killed);
    Ok(())
}

/// Closes the connections that fit, the own one after its reply; returns how
/// many there are.
fn kill(context: &mut Context<'_>, filter: &Filter<'_>) -> i64 {
    let found = matching(context, filter);
    for &client in &found {
        if client == context.session.id {
            context.session.closing = true;
        } else {
            context.server.disconnect(client, context.orders);
        }
    }
    found.len() as i64
}
