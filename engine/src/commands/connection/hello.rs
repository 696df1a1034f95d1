//! HELLO: the handshake.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::commands::connection::auth::authenticate;
use crate::commands::connection::client::{BAD_NAME, is_printable};
use crate::config::Id;
use crate::resp::reply::Protocol;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

/// HELLO.
pub(super) const HELLO: Command = Command {
    name: "hello",
    group: Group::Connection,
    since: "6.0.0",
    summary: "Chooses the protocol and answers facts of the server, authenticating and naming on the way.",
    complexity: "O(1)",
    arity: -1,
    flags: Flags::ALLOW_BUSY
        .and(Flags::FAST)
        .and(Flags::LOADING)
        .and(Flags::NO_AUTH)
        .and(Flags::NOSCRIPT)
        .and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new(
        "arguments",
        ArgumentKind::Block(&[
            Argument::new("protover", ArgumentKind::Integer),
            Argument::new(
                "auth",
                ArgumentKind::Block(&[
                    Argument::new("username", ArgumentKind::String),
                    Argument::new("password", ArgumentKind::String),
                ]),
            )
            .after("AUTH")
            .optional(),
            Argument::new("clientname", ArgumentKind::String).after("SETNAME").optional(),
        ]),
    )
    .optional()],
    subcommands: &[],
    handler: hello,
};

fn hello(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let protocol = match arguments.get(1) {
        None => None,
        Some(version) => match parse_i64(version).ok_or(Error::ProtocolVersion)? {
            2 => Some(Protocol::Resp2),
            3 => Some(Protocol::Resp3),
            _ => return Err(Error::NoProtocol),
        },
    };
    let mut credentials = None;
    let mut name = None;
    let mut at = 2;
    while let Some(option) = arguments.get(at) {
        let following = arguments.len() - at - 1;
        if option.eq_ignore_ascii_case(b"AUTH") && following >= 2 {
            credentials = Some((&arguments[at + 1], &arguments[at + 2]));
            at += 3;
        } else if option.eq_ignore_ascii_case(b"SETNAME") && following >= 1 {
            name = Some(&arguments[at + 1]).filter(|name| is_printable(name)).ok_or(BAD_NAME).map(Some)?;
            at += 2;
        } else {
            let option = String::from_utf8_lossy(option);
            return Err(Error::Formatted(format!("ERR Syntax error in HELLO option '{option}'")));
        }
    }
    if let Some((user, password)) = credentials {
        authenticate(context, user, password)?;
    }
    if !context.session.authenticated {
        return Err(Error::Text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
             <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the \
             same time",
        ));
    }
    if let Some(name) = name {
        context.session.name = name.to_vec();
    }
    if let Some(protocol) = protocol {
        context.session.protocol = protocol;
        context.reply.set_protocol(protocol);
    }
    greet(context);
    Ok(())
}

/// The facts that HELLO answers.
fn greet(context: &mut Context<'_>) {
    let personality = context.server.personality;
    let zone = context.server.config.text(Id::AvailabilityZone);
    let mode = if context.server.config.boolean(Id::ClusterEnabled) { "cluster" } else { "standalone" };
    let role = if context.server.config.primary().is_some() { "replica" } else { "master" };
    let protocol = if context.session.protocol == Protocol::Resp2 { 2 } else { 3 };
    let reply = &mut context.reply;
    reply.map(7 + usize::from(!zone.is_empty()));
    for (field, value) in [("server", personality.server), ("version", personality.version)] {
        reply.bulk(field.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"proto");
    reply.integer(protocol);
    reply.bulk(b"id");
    reply.integer(context.session.id.0 as i64);
    for (field, value) in [("mode", mode), ("role", role)] {
        reply.bulk(field.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
    if !zone.is_empty() {
        reply.bulk(b"availability_zone");
        reply.bulk(zone);
    }
}
