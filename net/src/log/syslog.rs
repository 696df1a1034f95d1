//! The system's log, as datagrams to `/dev/log` (RFC 3164).

use super::line::{Line, MONTHS};
use engine::boundary::effects::LogLevel;
use engine::config::SyslogFacility;
use std::os::unix::net::UnixDatagram;

const SOCKET: &str = "/dev/log";

/// A sender of lines to the system's log.
pub(super) struct Syslog {
    ident: String,
    facility: u8,
    socket: Option<UnixDatagram>,
}

impl Syslog {
    pub(super) fn new(ident: String, facility: SyslogFacility) -> Syslog {
        Syslog { ident, facility: facility_number(facility), socket: connect() }
    }

    /// Sends a line; the daemon of the system's log may have been started anew meanwhile.
    pub(super) fn send(&mut self, line: &Line<'_>) {
        let time = &line.time;
        let text = format!(
            "<{}>{} {:2} {:02}:{:02}:{:02} {}[{}]: {}",
            self.facility << 3 | severity(line.level),
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
            self.socket = connect();
            if let Some(socket) = &self.socket {
                drop(socket.send(text.as_bytes()));
            }
        }
    }
}

fn connect() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(SOCKET).ok()?;
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
