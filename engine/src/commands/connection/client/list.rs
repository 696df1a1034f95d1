//! CLIENT LIST and CLIENT INFO.

use crate::base::number::parse_i64;
use crate::boundary::id::ClientId;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::commands::connection::client::filter::Filter;
use crate::resp::request::Arguments;
use crate::session::Session;
use alloc::string::String;
use alloc::vec::Vec;

/// CLIENT INFO.
pub(super) const CLIENT_INFO: Command = Command {
    name: "info",
    group: Group::Connection,
    since: "6.2.0",
    summary: "Describes the connection in one line.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::LOADING.and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &["nondeterministic_output"],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: client_info,
};

/// CLIENT LIST.
pub(super) const CLIENT_LIST: Command = Command {
    name: "list",
    group: Group::Connection,
    since: "2.4.0",
    summary: "Describes connections, one a line.",
    complexity: "O(N) where N is the number of connections",
    arity: -2,
    flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::CONNECTION).and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &["nondeterministic_output"],
    keys: &[],
    arguments: &[
        Argument::new(
            "client-type",
            ArgumentKind::OneOf(&[
                Argument::token("normal", "normal"),
                Argument::token("master", "master"),
                Argument::token("replica", "replica"),
                Argument::token("pubsub", "pubsub"),
            ]),
        )
        .after("TYPE")
        .optional()
        .since("5.0.0"),
        Argument::new("client-id", ArgumentKind::Integer).after("ID").optional().multiple().since("6.2.0"),
        Argument::new("username", ArgumentKind::String).after("USER").optional().since("8.1.0"),
        Argument::new("addr", ArgumentKind::String).after("ADDR").optional().since("8.1.0"),
        Argument::new("laddr", ArgumentKind::String).after("LADDR").optional().since("8.1.0"),
        Argument::new("skipme", ArgumentKind::OneOf(&[Argument::token("yes", "YES"), Argument::token("no", "NO")]))
            .after("SKIPME")
            .optional()
            .since("8.1.0"),
        Argument::new("maxage", ArgumentKind::Integer).after("MAXAGE").optional().since("8.1.0"),
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
                Argument::token("replica", "replica"),
                Argument::token("pubsub", "pubsub"),
            ]),
        )
        .after("NOT-TYPE")
        .optional()
        .since("9.0.0"),
        Argument::new("not-client-id", ArgumentKind::Integer).after("NOT-ID").optional().multiple().since("9.0.0"),
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
    ],
    subcommands: &[],
    handler: client_list,
};

fn client_info(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    measure(context, &arguments);
    let mut line = String::new();
    context.server.describe_client(context.session, context.now, &mut line);
    line.push('\n');
    context.session.argument_bytes = 0;
    context.reply.verbatim("txt", line.as_bytes());
    Ok(())
}

fn client_list(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let listed = if let Some(numbers) = only_numbers(&arguments) {
        numbers?
    } else {
        let filter = Filter::parse(context, &arguments, 2)?;
        matching(context, &filter)
    };
    measure(context, &arguments);
    let mut lines = String::new();
    for id in listed {
        if let Some(session) = session(context, id) {
            context.server.describe_client(session, context.now, &mut lines);
            lines.push('\n');
        }
    }
    context.session.argument_bytes = 0;
    context.reply.verbatim("txt", lines.as_bytes());
    Ok(())
}

/// Figures of the own connection that are kept only for who looks.
fn measure(context: &mut Context<'_>, arguments: &Arguments<'_>) {
    let session = &mut *context.session;
    session.argument_bytes = arguments.byte_count() as u64;
    session.unsent = context.reply.position().saturating_sub(session.output_start) as u64;
}

/// The connections of `CLIENT LIST ID id …`, which are listed as named, twice
/// if named twice; `None` if the request is of another form.
fn only_numbers(arguments: &Arguments<'_>) -> Option<Result<Vec<ClientId>, Error>> {
    const BAD_NUMBER: Error = Error::Text("ERR Invalid client ID");
    let first = arguments.get(3)?;
    if !arguments[2].eq_ignore_ascii_case(b"ID") {
        return None;
    }
    let number = |text: &[u8]| parse_i64(text).map(|number| ClientId(number as u64));
    if number(first).is_some() && arguments.iter().skip(4).any(Filter::is_keyword) {
        return None;
    }
    Some(arguments.iter().skip(3).map(|text| number(text).ok_or(BAD_NUMBER)).collect())
}

/// All open connections that fit a filter, in order of age.
pub(super) fn matching(context: &Context<'_>, filter: &Filter<'_>) -> Vec<ClientId> {
    let open = context.server.sessions.iter().filter(|session| !session.closing);
    let all = open.chain([&*context.session]);
    let mut found: Vec<ClientId> =
        all.filter(|session| filter.fits(context, session)).map(|session| session.id).collect();
    found.sort_unstable();
    found
}

fn session<'a>(context: &'a Context<'_>, id: ClientId) -> Option<&'a Session> {
    if id == context.session.id {
        return Some(context.session);
    }
    context.server.sessions.get(id).filter(|session| !session.closing)
}
