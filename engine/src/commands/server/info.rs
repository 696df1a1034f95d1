//! INFO.

use crate::boundary::ask::{Answer, ProcessFigures, Question};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::info as report;
use crate::resp::request::Arguments;

/// INFO.
pub const INFO: Command = Command {
    name: "info",
    group: Group::Server,
    since: "1.0.0",
    summary: "Reports on the server by section.",
    complexity: "O(N), N being the number of databases and clients.",
    arity: -1,
    flags: Flags::LOADING.and(Flags::STALE),
    categories: Categories::DANGEROUS.and(Categories::SLOW),
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    keys: &[],
    arguments: &[Argument::new("section", ArgumentKind::String).optional().multiple()],
    subcommands: &[],
    handler: info,
};

fn info(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let sections = report::selected(arguments.iter().skip(1));
    let process = if report::asks_process(&sections) { process_figures(context) } else { ProcessFigures::default() };
    let source = report::Source::new(context.now, context.server, context.keyspace, context.session, process);
    let text = report::text(&sections, &source);
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// What the process and its allocator say.
pub(super) fn process_figures(context: &mut Context<'_>) -> ProcessFigures {
    match context.orders.ask(Question::Process) {
        Answer::Process(figures) => figures,
        _ => ProcessFigures::default(),
    }
}
