//! What tests and developers use. No pattern of CONFIG GET finds these.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! developer {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            RdbKeySaveDelay = integer("rdb-key-save-delay", 0, INT_MIN, INT_MAX).hidden();
            KeyLoadDelay = integer("key-load-delay", 0, INT_MIN, INT_MAX).hidden();
            LoadingProcessEventsIntervalBytes =
                integer("loading-process-events-interval-bytes", 2 << 20, 1024, INT_MAX).hidden();
            AofDisableAutoGc = boolean("aof-disable-auto-gc", false).hidden();
            ClusterPingInterval = integer("cluster-ping-interval", 0, 0, LONG_MAX).hidden();
            WatchdogPeriod = integer("watchdog-period", 0, 0, INT_MAX).hidden();
            UseExitOnPanic = boolean("use-exit-on-panic", false).hidden();
            EventsPerIoThread = integer("events-per-io-thread", 2, 0, INT_MAX).hidden();
            EnableDebugAssert = boolean("enable-debug-assert", false).immutable().hidden();
            DebugContext = text("debug-context", "").hidden();
        }
    };
}
