//! LATENCY HISTOGRAM.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::table::CommandId;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use crate::server::histogram::Histogram;
use alloc::vec::Vec;

pub(super) fn histogram(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let table = &context.server.commands;
    let asked: Vec<CommandId> = if arguments.len() == 2 {
        table.commands().collect()
    } else {
        arguments.iter().skip(2).filter_map(|name| table.find_full_name(name)).collect()
    };
    let all = asked.into_iter().flat_map(|id| core::iter::once(id).chain(table.subcommands(id)));
    let statistics = &context.server.statistics;
    let found: Vec<_> = all.filter_map(|id| Some((id, statistics.latency.get(id.0 as usize)?.as_deref()?))).collect();
    context.reply.map(found.len());
    for (id, histogram) in found {
        context.reply.bulk(table.full_name(id).as_bytes());
        write_histogram(&mut context.reply, histogram);
    }
    Ok(())
}

/// The calls that took less than each power of two, as far as there are more
/// than below the power before.
fn write_histogram(reply: &mut Reply<'_>, histogram: &Histogram) {
    let mut before = 0;
    let steps: Vec<_> =
        histogram.cumulative().filter(|&(_, below)| core::mem::replace(&mut before, below) < below).collect();
    reply.map(2);
    reply.bulk(b"calls");
    reply.integer(histogram.total() as i64);
    reply.bulk(b"histogram_usec");
    reply.map(steps.len());
    for (end_ns, below) in steps {
        // The reference's buckets reach one part in 128 beyond the power.
        reply.integer(((end_ns + end_ns / 128 - 1) / 1000) as i64);
        reply.integer(below as i64);
    }
}
