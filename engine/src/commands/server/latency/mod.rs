//! LATENCY: what was slow, and how long commands take.

mod graph;
mod histogram;
mod prose;

use crate::command::container::{help, missing_subcommand};
use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;
use graph::graph;
use histogram::histogram;
use prose::doctor;

/// LATENCY.
pub const LATENCY: Command = Command {
    name: "latency",
    group: Group::Server,
    since: "2.8.13",
    summary: "Container of commands about latency.",
    complexity: "Depends on the subcommand.",
    arity: -2,
    flags: Flags::NONE,
    categories: Categories::SLOW,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[
        Command {
            name: "doctor",
            group: Group::Server,
            since: "2.8.13",
            summary: "Sums up in prose what was slow.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: doctor,
        },
        Command {
            name: "graph",
            group: Group::Server,
            since: "2.8.13",
            summary: "Draws an event's latencies with letters.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
            keys: &[],
            arguments: &[Argument::new("event", ArgumentKind::String)],
            subcommands: &[],
            handler: graph,
        },
        Command {
            name: "help",
            group: Group::Server,
            since: "2.8.13",
            summary: "Lists the subcommands.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::LOADING.and(Flags::STALE),
            categories: Categories::SLOW,
            tips: &[],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: help,
        },
        Command {
            name: "histogram",
            group: Group::Server,
            since: "7.0.0",
            summary: "Answers how long calls of commands took, as cumulative histograms.",
            complexity: "O(N), N being the number of commands asked for.",
            arity: -2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
            keys: &[],
            arguments: &[Argument::new("COMMAND", ArgumentKind::String).optional().multiple()],
            subcommands: &[],
            handler: histogram,
        },
        Command {
            name: "history",
            group: Group::Server,
            since: "2.8.13",
            summary: "Answers an event's latencies with their times.",
            complexity: "O(1)",
            arity: 3,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
            keys: &[],
            arguments: &[Argument::new("event", ArgumentKind::String)],
            subcommands: &[],
            handler: history,
        },
        Command {
            name: "latest",
            group: Group::Server,
            since: "2.8.13",
            summary: "Answers the latest and the longest latency of each event.",
            complexity: "O(1)",
            arity: 2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
            keys: &[],
            arguments: &[],
            subcommands: &[],
            handler: latest,
        },
        Command {
            name: "reset",
            group: Group::Server,
            since: "2.8.13",
            summary: "Forgets the latencies of all events, or of some.",
            complexity: "O(1)",
            arity: -2,
            flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::NOSCRIPT).and(Flags::STALE),
            categories: Categories::ADMIN.and(Categories::DANGEROUS).and(Categories::SLOW),
            tips: &["request_policy:all_nodes", "response_policy:agg_sum"],
            keys: &[],
            arguments: &[Argument::new("event", ArgumentKind::String).optional().multiple()],
            subcommands: &[],
            handler: reset,
        },
    ],
    handler: missing_subcommand,
};

fn history(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let Some(series) = context.server.latency.get(&arguments[2]) else {
        context.reply.array(0);
        return Ok(());
    };
    context.reply.array(series.samples.len());
    for sample in &series.samples {
        context.reply.array(2);
        context.reply.integer(sample.seconds);
        context.reply.integer(sample.milliseconds as i64);
    }
    Ok(())
}

fn latest(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.array(context.server.latency.iter().len());
    for (name, series) in context.server.latency.iter() {
        let (seconds, milliseconds) = series.samples.back().map_or((0, 0), |last| (last.seconds, last.milliseconds));
        context.reply.array(4);
        context.reply.bulk(name.as_bytes());
        context.reply.integer(seconds);
        context.reply.integer(milliseconds as i64);
        context.reply.integer(series.longest as i64);
    }
    Ok(())
}

fn reset(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let monitor = &mut context.server.latency;
    let count = if arguments.len() == 2 {
        monitor.reset_all()
    } else {
        arguments.iter().skip(2).filter(|event| monitor.reset(event)).count()
    };
    context.reply.integer(count as i64);
    Ok(())
}
