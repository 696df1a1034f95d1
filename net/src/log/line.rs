//! A line of the log, in each of the formats.

use engine::boundary::effects::LogLevel;
use engine::config::{LogFormat, LogTimestampFormat};
use jiff::Zoned;
use std::io::Write;

/// Months as a line shows them, whatever the locale.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a line tells.
pub(super) struct Line<'a> {
    pub(super) process: u32,
    pub(super) role: u8,
    /// Local time.
    pub(super) time: Zoned,
    pub(super) level: LogLevel,
    pub(super) message: &'a str,
}

impl Line<'_> {
    /// Appends the line and its end.
    pub(super) fn write(&self, format: LogFormat, timestamp: LogTimestampFormat, target: &mut Vec<u8>) {
        match format {
            LogFormat::Legacy => {
                target.extend_from_slice(format!("{}:{} ", self.process, char::from(self.role)).as_bytes());
                self.write_time(timestamp, target);
                target.extend_from_slice(&[b' ', sign(self.level), b' ']);
                target.extend_from_slice(self.message.as_bytes());
            }
            LogFormat::Logfmt => {
                let (process, role, level) = (self.process, role_name(self.role), level_name(self.level));
                target.extend_from_slice(format!("pid={process} role={role} timestamp=\"").as_bytes());
                self.write_time(timestamp, target);
                target.extend_from_slice(format!("\" level={level} message=\"").as_bytes());
                write_escaped(self.message, target);
                target.push(b'"');
            }
            LogFormat::Json => {
                let (process, role, level) = (self.process, role_name(self.role), level_name(self.level));
                target
                    .extend_from_slice(format!("{{\"pid\":{process},\"role\":\"{role}\",\"timestamp\":\"").as_bytes());
                self.write_time(timestamp, target);
                target.extend_from_slice(format!("\",\"level\":\"{level}\",\"message\":\"").as_bytes());
                write_escaped(self.message, target);
                target.extend_from_slice(b"\"}");
            }
        }
        target.push(b'\n');
    }

    fn write_time(&self, format: LogTimestampFormat, target: &mut Vec<u8>) {
        let time = &self.time;
        let (year, month, day) = (time.year(), time.month(), time.day());
        let (hour, minute, second, ms) = (time.hour(), time.minute(), time.second(), time.millisecond());
        // Writing to a vector cannot fail.
        drop(match format {
            LogTimestampFormat::Legacy => {
                let month = MONTHS[usize::from(month.unsigned_abs()) - 1];
                write!(target, "{day:02} {month} {year} {hour:02}:{minute:02}:{second:02}.{ms:03}")
            }
            LogTimestampFormat::Iso8601 => {
                let offset = time.offset().seconds();
                let sign = if offset < 0 { '-' } else { '+' };
                let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
                write!(
                    target,
                    "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}{sign}{hours:02}:{minutes:02}"
                )
            }
            LogTimestampFormat::Milliseconds => write!(target, "{}", time.timestamp().as_millisecond()),
        });
    }
}

fn sign(level: LogLevel) -> u8 {
    match level {
        LogLevel::Debug => b'.',
        LogLevel::Verbose => b'-',
        LogLevel::Notice => b'*',
        LogLevel::Warning => b'#',
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Verbose => "info",
        LogLevel::Notice => "notice",
        LogLevel::Warning => "warning",
    }
}

fn role_name(role: u8) -> &'static str {
    match role {
        super::ROLE_PRIMARY => "primary",
        super::ROLE_REPLICA => "replica",
        _ => "starting",
    }
}

fn write_escaped(text: &str, target: &mut Vec<u8>) {
    for &byte in text.as_bytes() {
        match byte {
            b'"' => target.extend_from_slice(b"\\\""),
            b'\\' => target.extend_from_slice(b"\\\\"),
            b'\n' => target.extend_from_slice(b"\\n"),
            b'\r' => target.extend_from_slice(b"\\r"),
            b'\t' => target.extend_from_slice(b"\\t"),
            0x08 => target.extend_from_slice(b"\\b"),
            0x0c => target.extend_from_slice(b"\\f"),
            0..b' ' => target.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => target.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_every_format() {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
        let time = jiff::Timestamp::from_millisecond(1_767_225_600_007).unwrap().to_zoned(zone);
        let line = Line { process: 12, role: b'M', time, level: LogLevel::Notice, message: "a \"b\"" };
        for (format, timestamp, expected) in [
            (LogFormat::Legacy, LogTimestampFormat::Legacy, "12:M 01 Jan 2026 02:00:00.007 * a \"b\"\n"),
            (LogFormat::Legacy, LogTimestampFormat::Iso8601, "12:M 2026-01-01T02:00:00.007+02:00 * a \"b\"\n"),
            (
                LogFormat::Logfmt,
                LogTimestampFormat::Milliseconds,
                "pid=12 role=primary timestamp=\"1767225600007\" level=notice message=\"a \\\"b\\\"\"\n",
            ),
            (
                LogFormat::Json,
                LogTimestampFormat::Milliseconds,
                "{\"pid\":12,\"role\":\"primary\",\"timestamp\":\"1767225600007\",\"level\":\"notice\",\"message\":\"a \\\"b\\\"\"}\n",
            ),
        ] {
            let mut written = Vec::new();
            line.write(format, timestamp, &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }

    #[test]
    fn what_would_end_a_quoted_text_or_a_line_is_escaped() {
        let mut written = Vec::new();
        write_escaped("\t\r\n\u{8}\u{c}\u{1}\"\\é", &mut written);
        assert_eq!(String::from_utf8(written).unwrap(), "\\t\\r\\n\\b\\f\\u0001\\\"\\\\é");
    }
}
