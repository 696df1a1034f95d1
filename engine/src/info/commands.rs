//! Sections that count by command and by error.

use super::Source;
use super::field::ratio;
use crate::command::table::CommandId;
use crate::config::format_percentile;
use alloc::string::String;
use core::fmt::Write;

pub(super) fn commandstats(source: &Source<'_>, out: &mut String) {
    for (index, command) in source.server.statistics.commands.iter().enumerate() {
        if command.calls == 0 && command.rejected == 0 && command.failed == 0 {
            continue;
        }
        let name = source.server.commands.full_name(CommandId(index as u16));
        let microseconds = command.nanoseconds / 1000;
        let _ = write!(
            out,
            "cmdstat_{name}:calls={},usec={microseconds},usec_per_call={:.2},rejected_calls={},failed_calls={}\r\n",
            command.calls,
            ratio(microseconds, command.calls),
            command.rejected,
            command.failed
        );
    }
}

pub(super) fn errorstats(source: &Source<'_>, out: &mut String) {
    for (code, count) in &source.server.statistics.errors {
        let _ = write!(out, "errorstat_{code}:count={count}\r\n");
    }
}

pub(super) fn latencystats(source: &Source<'_>, out: &mut String) {
    if !source.server.statistics.latency_tracking {
        return;
    }
    let percentiles = source.server.config.percentiles();
    for (index, histogram) in source.server.statistics.latency.iter().enumerate() {
        let Some(histogram) = histogram else { continue };
        let _ = write!(out, "latency_percentiles_usec_{}:", source.server.commands.full_name(CommandId(index as u16)));
        for (index, &percentile) in percentiles.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let microseconds = histogram.percentile(percentile) as f64 / 1000.0;
            let _ = write!(out, "{comma}p{}={microseconds:.3}", format_percentile(percentile));
        }
        out.push_str("\r\n");
    }
}
