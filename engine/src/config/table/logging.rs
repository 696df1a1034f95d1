//! What is written about the process, and where.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! logging {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Loglevel = choice::<LogLevel>("loglevel", LogLevel::Notice as u32);
            Logfile = text("logfile", "").immutable();
            LogFormat = choice::<LogFormat>("log-format", LogFormat::Legacy as u32);
            LogTimestampFormat =
                choice::<LogTimestampFormat>("log-timestamp-format", LogTimestampFormat::Legacy as u32);
            SyslogEnabled = boolean("syslog-enabled", false).immutable();
            SyslogIdent = text("syslog-ident", "redis").immutable();
            SyslogFacility = choice::<SyslogFacility>("syslog-facility", SyslogFacility::Local0 as u32).immutable();
            CrashLogEnabled = boolean("crash-log-enabled", true);
            CrashMemcheckEnabled = boolean("crash-memcheck-enabled", true);
            AlwaysShowLogo = boolean("always-show-logo", false).immutable();
            IgnoreWarnings = text("ignore-warnings", "");
        }
    };
}
