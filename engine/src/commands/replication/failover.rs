//! FAILOVER.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::config::{Id, PrimaryAddress};
use crate::replication::follow::failover::Request;
use crate::resp::request::Arguments;

/// FAILOVER.
pub const FAILOVER: Command = Command {
    name: "failover",
    group: Group::Server,
    since: "6.2.0",
    summary: "Hands the part of the primary over to one of its replicas.",
    complexity: "O(1)",
    arity: -1,
    flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::STALE),
    categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
    tips: &[],
    keys: &[],
    arguments: &[
        Argument::new(
            "target",
            ArgumentKind::Block(&[
                Argument::new("host", ArgumentKind::String),
                Argument::new("port", ArgumentKind::Integer),
                Argument::token("force", "FORCE").optional(),
            ]),
        )
        .after("TO")
        .optional(),
        Argument::token("abort", "ABORT").optional(),
        Argument::new("milliseconds", ArgumentKind::Integer).after("TIMEOUT").optional(),
    ],
    subcommands: &[],
    handler: failover,
};

fn failover(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    if context.server.config.boolean(Id::ClusterEnabled) {
        return Err(Error::Text("ERR FAILOVER not allowed in cluster mode."));
    }
    if arguments.len() == 2 && arguments[1].eq_ignore_ascii_case(b"abort") {
        context.abort_failover()?;
    } else {
        context.begin_failover(parse(&arguments)?)?;
    }
    context.reply.ok();
    Ok(())
}

fn parse(arguments: &Arguments<'_>) -> Result<Request, Error> {
    let mut request = Request::default();
    let mut at = 1;
    while let Some(word) = arguments.get(at) {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        if is(b"timeout") && request.timeout_ms == 0 && at + 1 < arguments.len() {
            let timeout = parse_i64(&arguments[at + 1]).ok_or(Error::NotInteger)?;
            request.timeout_ms = u64::try_from(timeout)
                .ok()
                .filter(|&timeout| timeout > 0)
                .ok_or(Error::Text("ERR FAILOVER timeout must be greater than 0"))?;
            at += 2;
        } else if is(b"to") && request.target.is_none() && at + 2 < arguments.len() {
            let port = parse_i64(&arguments[at + 2]).ok_or(Error::NotInteger)?;
            // A port that is none is no replica's.
            let port = u16::try_from(port).unwrap_or(0);
            request.target = Some(PrimaryAddress { host: arguments[at + 1].to_vec(), port });
            at += 3;
        } else if is(b"force") && !request.force {
            request.force = true;
            at += 1;
        } else {
            return Err(Error::Syntax);
        }
    }
    Ok(request)
}
