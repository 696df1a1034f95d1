//! The system's log, as datagrams to `/dev/log` (RFC 3164).

use super::line::{Line, MONTHS};
use engine::boundary::effects::LogLevel;
use engine::config::SyslogFacility;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Where the system's log listens.
pub(super) const SOCKET: &str = "/dev/log";

/// A sender of lines to the system's log.
pub(super) struct Syslog {
    ident: String,
    facility: u8,
    path: PathBuf,
    socket: Option<UnixDatagram>,
}

impl Syslog {
    /// Sends to the socket of this path.
    pub(super) fn new(ident: String, facility: SyslogFacility, path: &Path) -> Syslog {
        Syslog { ident, facility: facility_number(facility), path: path.to_owned(), socket: connect(path) }
    }

    /// Sends a line; the daemon of the system's log may have been started anew meanwhile.
    pub(super) fn send(&mut self, line: &Line<'_>) {
        let time = &line.time;
        let text = format!(
            "<{}>{} {:2} {:02}:{:02}:{:02} {}[{}]: {}",
            (self.facility << 3) | severity(line.level),
            MONTHS[usize::from(time.month().unsigned_abs()) - 1],
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            self.ident,
            line.process,
            line.message
        );
        let sent = self.socket.as_ref().is_some_and(|socket| socket.send(text.as_bytes()).is_ok());
        if !sent {
            self.socket = connect(&self.path);
            if let Some(socket) = &self.socket {
                drop(socket.send(text.as_bytes()));
            }
        }
    }
}

fn connect(path: &Path) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(path).ok()?;
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

fn severity(level: LogLevel) -> u8 {
    match level {
        LogLevel::Debug => 7,
        LogLevel::Verbose => 6,
        LogLevel::Notice => 5,
        LogLevel::Warning => 4,
    }
}

fn facility_number(facility: SyslogFacility) -> u8 {
    match facility {
        SyslogFacility::User => 1,
        SyslogFacility::Local0 => 16,
        SyslogFacility::Local1 => 17,
        SyslogFacility::Local2 => 18,
        SyslogFacility::Local3 => 19,
        SyslogFacility::Local4 => 20,
        SyslogFacility::Local5 => 21,
        SyslogFacility::Local6 => 22,
        SyslogFacility::Local7 => 23,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_datagram_even_after_the_log_began_anew() {
        let path = std::env::temp_dir().join(format!("reprise-syslog-{}", std::process::id()));
        let zone = jiff::tz::TimeZone::UTC;
        let time = jiff::Timestamp::from_second(1_767_225_600).unwrap().to_zoned(zone);
        let line = Line { process: 12, role: b'M', time, level: LogLevel::Warning, message: "text" };
        let mut syslog = Syslog::new("redis".into(), SyslogFacility::Local0, &path);
        for _ in 0..2 {
            drop(std::fs::remove_file(&path));
            let log = UnixDatagram::bind(&path).unwrap();
            syslog.send(&line);
            let mut buffer = [0; 128];
            let length = log.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"<132>Jan  1 00:00:00 redis[12]: text");
        }
        drop(std::fs::remove_file(&path));
    }
}
