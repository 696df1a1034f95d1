//! The log: one line an event, to standard output, a file, or the system's log.
//!
//! ```text
//! tracing events of the driver ─┐
//! Effect::Log of the engine ────┼─> Logger: level filter ─> line.rs ─> destination.rs
//! ```
//!
//! A line is written with one call and nothing is held back, so that what was logged before a crash is there.

mod destination;
mod line;
mod subscriber;
mod syslog;

use crate::shared::Log;
use destination::Destination;
use engine::boundary::effects::LogLevel;
use engine::config::{self, Config, Id, LogFormat, LogTimestampFormat};
use line::Line;
use std::io::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use syslog::Syslog;

/// The process before it serves: what it says then carries this role, `C`.
pub const ROLE_STARTING: u8 = b'C';
/// A server that follows nobody.
pub const ROLE_PRIMARY: u8 = b'M';
/// A server that follows another.
pub const ROLE_REPLICA: u8 = b'S';

/// Writes lines where they belong.
pub struct Logger {
    /// Lines below this are left out, a [`config::LogLevel`].
    least: AtomicU8,
    role: AtomicU8,
    /// A [`LogFormat`].
    format: AtomicU8,
    /// A [`LogTimestampFormat`].
    timestamp: AtomicU8,
    zone: jiff::tz::TimeZone,
    output: Mutex<Output>,
}

struct Output {
    destination: Destination,
    syslog: Option<Syslog>,
    /// Kept, so that a line costs no allocation.
    buffer: Vec<u8>,
}

impl Logger {
    /// A logger to standard output that says what is worth knowing in production.
    pub fn new() -> Arc<Logger> {
        Arc::new(Logger {
            least: AtomicU8::new(config::LogLevel::Notice as u8),
            role: AtomicU8::new(ROLE_STARTING),
            format: AtomicU8::new(LogFormat::Legacy as u8),
            timestamp: AtomicU8::new(LogTimestampFormat::Legacy as u8),
            zone: jiff::tz::TimeZone::system(),
            output: Mutex::new(Output {
                destination: Destination::StandardOutput,
                syslog: None,
                buffer: Vec::with_capacity(256),
            }),
        })
    }

    /// Lets the driver's `tracing` events come here.
    pub fn receive_events(self: &Arc<Logger>) {
        // Only a second logger of the process could fail here.
        drop(tracing::subscriber::set_global_default(subscriber::Events(Arc::clone(self))));
    }

    /// Takes level, formats and destination from the configuration. The report of a crash goes there too.
    ///
    /// # Errors
    /// When the log file cannot be opened; then nothing has changed.
    pub fn configure(&self, config: &Config) -> Result<(), Error> {
        let path = config.text(Id::Logfile);
        let destination = if path.is_empty() { Destination::StandardOutput } else { Destination::file(path)? };
        self.set_level(config.chosen(Id::Loglevel));
        self.set_format(config.chosen(Id::LogFormat));
        self.set_timestamp(config.chosen(Id::LogTimestampFormat));
        let syslog = config.boolean(Id::SyslogEnabled).then(|| {
            let ident = String::from_utf8_lossy(config.text(Id::SyslogIdent)).into_owned();
            Syslog::new(ident, config.chosen(Id::SyslogFacility), Path::new(syslog::SOCKET))
        });
        crate::crash::write_to(destination.descriptor());
        let mut output = self.output();
        output.destination = destination;
        output.syslog = syslog;
        Ok(())
    }

    /// `loglevel`.
    pub fn set_level(&self, level: config::LogLevel) {
        self.least.store(level as u8, Ordering::Relaxed);
    }

    /// `log-format`.
    pub fn set_format(&self, format: LogFormat) {
        self.format.store(format as u8, Ordering::Relaxed);
    }

    /// `log-timestamp-format`.
    pub fn set_timestamp(&self, format: LogTimestampFormat) {
        self.timestamp.store(format as u8, Ordering::Relaxed);
    }

    /// The letter behind the process's number: one of the `ROLE_` constants.
    pub fn set_role(&self, role: u8) {
        self.role.store(role, Ordering::Relaxed);
    }

    /// Whether lines of this level are written.
    pub fn enabled(&self, level: LogLevel) -> bool {
        level as u8 >= self.least.load(Ordering::Relaxed)
    }

    /// Writes a text as it is, without time or level.
    pub fn raw(&self, text: &str) {
        if self.enabled(LogLevel::Notice) {
            self.output().destination.write(text.as_bytes());
        }
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Log for Logger {
    fn log(&self, level: LogLevel, message: &str) {
        if !self.enabled(level) {
            return;
        }
        let line = Line {
            process: std::process::id(),
            role: self.role.load(Ordering::Relaxed),
            time: jiff::Timestamp::now().to_zoned(self.zone.clone()),
            level,
            message,
        };
        let mut output = self.output();
        let Output { destination, syslog, buffer } = &mut *output;
        buffer.clear();
        line.write(
            config::Choice::from_number(self.format.load(Ordering::Relaxed).into()),
            config::Choice::from_number(self.timestamp.load(Ordering::Relaxed).into()),
            buffer,
        );
        destination.write(buffer);
        if let Some(syslog) = syslog {
            syslog.send(&line);
        }
    }
}
