//! LATENCY DOCTOR.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::config::Id;
use crate::resp::request::Arguments;
use crate::server::latency::Series;
use alloc::format;
use alloc::string::String;

pub(super) fn doctor(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let threshold = context.server.config.unsigned(Id::LatencyMonitorThreshold);
    let monitor = &context.server.latency;
    let text = if monitor.iter().len() > 0 {
        monitor.iter().map(|(name, series)| finding(name, series)).collect()
    } else if threshold == 0 {
        String::from(
            "Nothing is monitored: set latency-monitor-threshold to the milliseconds from which on an event counts as \
             slow.\n",
        )
    } else {
        format!("Nothing took {threshold} ms or longer since the monitor was last reset.\n")
    };
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn finding(name: &str, series: &Series) -> String {
    let count = series.samples.len() as u64;
    let mean = series.samples.iter().map(|sample| sample.milliseconds).sum::<u64>().checked_div(count).unwrap_or(0);
    let advice = match name {
        "command" => "SLOWLOG GET shows which commands they were.",
        "fast-command" => "Such commands are quick by nature: the machine itself may have stalled.",
        _ => "",
    };
    format!("{name}: {count} slow events, {mean} ms on average, {} ms the longest. {advice}\n", series.longest)
}
