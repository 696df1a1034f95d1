//! MEMORY DOCTOR and MEMORY MALLOC-STATS: figures in words.

use crate::base::number::format_human_bytes;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::commands::server::info::process_figures;
use crate::info::Source;
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

/// Below this there is nothing to find out, in bytes.
const LITTLE: u64 = 5 << 20;
/// A difference below this is of no interest, in bytes.
const NEGLIGIBLE: u64 = 10 << 20;

pub(super) fn doctor(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let process = process_figures(context);
    let source = Source::new(context.now, context.server, context.keyspace, context.session, process);
    let text = diagnosis(&source);
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn diagnosis(source: &Source<'_>) -> String {
    let used = source.used_memory();
    if used < LITTLE {
        return String::from("The server uses too little memory to say anything about it.\n");
    }
    let process = &source.process;
    // More of something than of something else by so many percent, and what it means.
    let findings = [
        (
            source.peak_memory(),
            used,
            150,
            "At its peak the server used much more memory than now, and the system may not have it back.",
        ),
        (process.allocator_active, process.allocator_allocated, 110, "The allocator's pages are fragmented."),
        (
            process.allocator_resident,
            process.allocator_active,
            110,
            "The allocator holds pages with nothing in them; MEMORY PURGE may give them back.",
        ),
        (process.resident, process.allocator_resident, 110, "The process holds memory that is not the allocator's."),
        (source.client_memory(), used, 50, "Buffers of clients take more than half of all memory."),
    ];
    let text: String = findings
        .iter()
        .filter(|(more, less, percent, _)| more.saturating_mul(100) > less.saturating_mul(*percent))
        .filter(|(more, less, percent, _)| *percent < 100 || more.saturating_sub(*less) > NEGLIGIBLE)
        .map(|(more, less, _, finding)| {
            format!("{finding} ({} to {})\n", format_human_bytes(*more), format_human_bytes(*less))
        })
        .collect();
    if text.is_empty() { String::from("Nothing is odd about the server's memory.\n") } else { text }
}

pub(super) fn malloc_stats(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let process = process_figures(context);
    let text = format!(
        "Allocator: {}\nallocated: {}\nactive: {}\nresident: {}\nmuzzy: {}\nresident of the process: {}\n",
        context.server.host.allocator,
        process.allocator_allocated,
        process.allocator_active,
        process.allocator_resident,
        process.allocator_muzzy,
        process.resident
    );
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}
