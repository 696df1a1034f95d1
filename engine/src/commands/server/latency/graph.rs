//! LATENCY GRAPH: an event's samples as columns of letters.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;
use crate::server::latency::{Sample, Series};
use alloc::format;
use alloc::string::String;

/// Rows of the picture.
const ROWS: u64 = 4;
/// Samples in the picture, the latest.
const COLUMNS: usize = 80;

pub(super) fn graph(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let name = String::from_utf8_lossy(&arguments[2]);
    let Some(series) = context.server.latency.get(&arguments[2]) else {
        return Err(Error::Formatted(format!("ERR No samples available for event '{name}'")));
    };
    let text = picture(&name, series, context.now.unix.seconds());
    context.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn picture(name: &str, series: &Series, now_seconds: i64) -> String {
    let samples = || series.samples.iter().skip(series.samples.len().saturating_sub(COLUMNS));
    let bounds = samples()
        .fold((u64::MAX, 0), |(low, high), sample| (low.min(sample.milliseconds), high.max(sample.milliseconds)));
    let (low, high) = bounds;
    let rule = "-".repeat(COLUMNS);
    let mut text = format!("{name} - high {high} ms, low {low} ms (all time high {} ms)\n{rule}\n", series.longest);
    for row in (0..ROWS).rev() {
        text.extend(samples().map(|sample| symbol(sample, bounds, row)));
        text.push('\n');
    }
    let ages: alloc::vec::Vec<String> = samples().map(|sample| age(now_seconds - sample.seconds)).collect();
    let depth = ages.iter().map(String::len).max().unwrap_or(0);
    for line in 0..depth {
        text.push('\n');
        text.extend(ages.iter().map(|age| char::from(*age.as_bytes().get(line).unwrap_or(&b' '))));
    }
    text.push('\n');
    text
}

/// What stands in a row of a sample's column.
fn symbol(sample: &Sample, (low, high): (u64, u64), row: u64) -> char {
    let height = ((sample.milliseconds - low) * (2 * ROWS - 1)).checked_div(high - low).unwrap_or(0);
    match height.checked_sub(2 * row) {
        None => ' ',
        Some(0) => '_',
        Some(1) if row == ROWS - 1 => '#',
        Some(1) => 'o',
        Some(_) => '|',
    }
}

/// How long ago, read downwards.
fn age(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..86_400 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::latency::LatencyMonitor;

    #[test]
    fn a_picture_has_a_column_for_each_sample() {
        let mut monitor = LatencyMonitor::default();
        for (seconds, milliseconds) in [(1, 300), (2, 400), (100, 500)] {
            monitor.add("command", Sample { seconds, milliseconds });
        }
        let text = picture("command", monitor.get(b"command").expect("it was added"), 110);
        let lines: alloc::vec::Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "command - high 500 ms, low 300 ms (all time high 500 ms)");
        assert_eq!(lines[2..], ["  #", "  |", " o|", "_||", "", "111", "mm0", "  s"]);
    }
}
