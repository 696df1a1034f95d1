//! Who a connection is: its number, its name, its library.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

/// CLIENT ID.
pub(super) const CLIENT_ID: Command = Command {
    name: "id",
    group: Group::Connection,
    since: "5.0.0",
    summary: "Answers the number of the connection.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: client_id,
};

/// CLIENT GETNAME.
pub(super) const CLIENT_GETNAME: Command = Command {
    name: "getname",
    group: Group::Connection,
    since: "2.6.9",
    summary: "Answers the name of the connection.",
    complexity: "O(1)",
    arity: 2,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: client_getname,
};

/// CLIENT SETNAME.
pub(super) const CLIENT_SETNAME: Command = Command {
    name: "setname",
    group: Group::Connection,
    since: "2.6.9",
    summary: "Names the connection.",
    complexity: "O(1)",
    arity: 3,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    keys: &[],
    arguments: &[Argument::new("connection-name", ArgumentKind::String)],
    subcommands: &[],
    handler: client_setname,
};

/// CLIENT SETINFO.
pub(super) const CLIENT_SETINFO: Command = Command {
    name: "setinfo",
    group: Group::Connection,
    since: "7.2.0",
    summary: "States name or version of the library of the client.",
    complexity: "O(1)",
    arity: 4,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    keys: &[],
    arguments: &[Argument::new(
        "attr",
        ArgumentKind::OneOf(&[
            Argument::new("libname", ArgumentKind::String).after("lib-name"),
            Argument::new("libver", ArgumentKind::String).after("lib-ver"),
        ]),
    )],
    subcommands: &[],
    handler: client_setinfo,
};

/// CLIENT CAPA.
pub(super) const CLIENT_CAPA: Command = Command {
    name: "capa",
    group: Group::Connection,
    since: "8.0.0",
    summary: "Declares what the client is able to handle.",
    complexity: "O(1)",
    arity: -3,
    flags: Flags::ALLOW_BUSY.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[Argument::new("capability", ArgumentKind::String).multiple()],
    subcommands: &[],
    handler: client_capa,
};

/// What a name is refused with.
pub(in crate::commands::connection) const BAD_NAME: Error =
    Error::Text("ERR Client names cannot contain spaces, newlines or special characters.");

/// True if CLIENT LIST can show it: its fields are divided by spaces.
pub(in crate::commands::connection) fn is_printable(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

fn client_id(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.integer(context.session.id.0 as i64);
    Ok(())
}

fn client_getname(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    if context.session.name.is_empty() {
        context.reply.null();
    } else {
        context.reply.bulk(&context.session.name);
    }
    Ok(())
}

fn client_setname(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if !is_printable(&arguments[2]) {
        return Err(BAD_NAME);
    }
    context.session.name = arguments[2].to_vec();
    context.reply.ok();
    Ok(())
}

fn client_setinfo(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let attribute = &arguments[2];
    let session = &mut *context.session;
    let target = if attribute.eq_ignore_ascii_case(b"LIB-NAME") {
        &mut session.library_name
    } else if attribute.eq_ignore_ascii_case(b"LIB-VER") {
        &mut session.library_version
    } else {
        let attribute = String::from_utf8_lossy(attribute);
        return Err(Error::Formatted(format!("ERR Unrecognized option '{attribute}'")));
    };
    if !is_printable(&arguments[3]) {
        let attribute = String::from_utf8_lossy(attribute);
        let text = format!("ERR {attribute} cannot contain spaces, newlines or special characters.");
        return Err(Error::Formatted(text));
    }
    *target = arguments[3].to_vec();
    context.reply.ok();
    Ok(())
}

/// What is not known is passed over: it may be a later version's.
fn client_capa(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if arguments.iter().skip(2).any(|capability| capability.eq_ignore_ascii_case(b"redirect")) {
        context.session.takes_redirects = true;
    }
    context.reply.ok();
    Ok(())
}
