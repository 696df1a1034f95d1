//! What is measured of commands.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! latency {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            SlowlogLogSlowerThan = integer("slowlog-log-slower-than", 10000, -1, LONG_MAX)
                .also(&["commandlog-execution-slower-than"]);
            SlowlogMaxLen = integer("slowlog-max-len", 128, 0, LONG_MAX).also(&["commandlog-slow-execution-max-len"]);
            CommandlogRequestLargerThan = integer("commandlog-request-larger-than", 1 << 20, -1, LONG_MAX);
            CommandlogLargeRequestMaxLen = integer("commandlog-large-request-max-len", 128, 0, LONG_MAX);
            CommandlogReplyLargerThan = integer("commandlog-reply-larger-than", 1 << 20, -1, LONG_MAX);
            CommandlogLargeReplyMaxLen = integer("commandlog-large-reply-max-len", 128, 0, LONG_MAX);
            LatencyMonitorThreshold = integer("latency-monitor-threshold", 0, 0, LONG_MAX);
            LatencyTracking = boolean("latency-tracking", true);
            LatencyTrackingInfoPercentiles = special("latency-tracking-info-percentiles", Kind::Percentiles);
        }
    };
}
