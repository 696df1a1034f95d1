//! MEMORY STATS.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::commands::server::info::process_figures;
use crate::info::Source;
use crate::resp::reply::Reply;
use crate::resp::request::Arguments;
use alloc::format;

/// One figure.
enum Figure {
    Bytes(u64),
    /// What may be negative.
    Difference(u64, u64),
    Ratio(u64, u64),
    Percent(u64, u64),
}

pub(super) fn stats(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    use Figure::{Bytes, Difference, Percent, Ratio};
    let process = process_figures(context);
    let source = Source::new(context.now, context.server, context.keyspace, context.session, process);
    let keys: u64 = source.keyspace.databases().map(|(_, database)| database.len() as u64).sum();
    let (used, startup) = (source.used_memory(), source.server.fixed_memory);
    let (resident, process) = (source.process.resident, &source.process);
    let before = [
        ("peak.allocated", Bytes(source.peak_memory())),
        ("total.allocated", Bytes(used)),
        ("startup.allocated", Bytes(startup)),
        ("replication.backlog", Bytes(0)),
        ("clients.slaves", Bytes(0)),
        ("clients.normal", Bytes(source.client_memory())),
        ("cluster.links", Bytes(0)),
        ("aof.buffer", Bytes(0)),
        ("lua.caches", Bytes(0)),
        ("functions.caches", Bytes(0)),
    ];
    let after = [
        ("overhead.total", Bytes(source.overhead())),
        ("keys.count", Bytes(keys)),
        ("keys.bytes-per-key", Bytes(used.saturating_sub(startup).checked_div(keys).unwrap_or(0))),
        ("dataset.bytes", Bytes(source.dataset())),
        ("dataset.percentage", Percent(source.dataset(), used.saturating_sub(startup))),
        ("peak.percentage", Percent(used, source.peak_memory())),
        ("allocator.allocated", Bytes(process.allocator_allocated)),
        ("allocator.active", Bytes(process.allocator_active)),
        ("allocator.resident", Bytes(process.allocator_resident)),
        ("allocator-fragmentation.ratio", Ratio(process.allocator_active, process.allocator_allocated)),
        ("allocator-fragmentation.bytes", Difference(process.allocator_active, process.allocator_allocated)),
        ("allocator-rss.ratio", Ratio(process.allocator_resident, process.allocator_active)),
        ("allocator-rss.bytes", Difference(process.allocator_resident, process.allocator_active)),
        ("rss-overhead.ratio", Ratio(resident, process.allocator_resident)),
        ("rss-overhead.bytes", Difference(resident, process.allocator_resident)),
        ("fragmentation", Ratio(resident, used)),
        ("fragmentation.bytes", Difference(resident, used)),
    ];
    let filled = || source.keyspace.databases().filter(|(_, database)| !database.is_empty());
    let reply = &mut context.reply;
    reply.map(before.len() + filled().count() + after.len());
    before.iter().for_each(|figure| write(reply, figure));
    for (id, database) in filled() {
        reply.bulk(format!("db.{}", id.0).as_bytes());
        reply.map(3);
        write(reply, &("overhead.hashtable.main", Bytes(database.overhead_bytes() as u64)));
        write(reply, &("overhead.hashtable.expires", Bytes(0)));
        write(reply, &("overhead.hashtable.slot-to-keys", Bytes(0)));
    }
    after.iter().for_each(|figure| write(reply, figure));
    Ok(())
}

fn write(reply: &mut Reply<'_>, (name, figure): &(&str, Figure)) {
    let quotient = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    reply.bulk(name.as_bytes());
    match *figure {
        Figure::Bytes(bytes) => reply.integer(bytes as i64),
        Figure::Difference(more, less) => reply.integer(more as i64 - less as i64),
        Figure::Ratio(part, whole) => reply.double(quotient(part, whole)),
        Figure::Percent(part, whole) => reply.double(100.0 * quotient(part, whole)),
    }
}
