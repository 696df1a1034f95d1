//! The server as a whole and the process it runs as.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! general {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Databases = integer("databases", 16, 1, INT_MAX).immutable();
            Hz = integer("hz", 10, 0, INT_MAX).clamped(1, 500);
            DynamicHz = boolean("dynamic-hz", true);
            NotifyKeyspaceEvents = special("notify-keyspace-events", Kind::KeyspaceEvents);
            BusyReplyThreshold = integer("busy-reply-threshold", 5000, 0, LONG_MAX).also(&["lua-time-limit"]);
            ExtendedRedisCompatibility = boolean("extended-redis-compatibility", false);
            AvailabilityZone = text("availability-zone", "");
            LocaleCollate = text("locale-collate", "");
            ShutdownTimeout = integer("shutdown-timeout", 10, 0, INT_MAX);
            ShutdownOnSigint =
                special("shutdown-on-sigint", Kind::ChoiceSet { names: ShutdownOptions::NAMES, default: 0 });
            ShutdownOnSigterm =
                special("shutdown-on-sigterm", Kind::ChoiceSet { names: ShutdownOptions::NAMES, default: 0 });
            Record = optional_text("record");
            RecordMaxSize = bytes("record-max-size", 4 << 30, 0, BYTES_MAX);
            Daemonize = boolean("daemonize", false).immutable();
            Supervised = choice::<Supervised>("supervised", Supervised::No as u32).immutable();
            Pidfile = optional_text("pidfile").immutable();
            SetProcTitle = boolean("set-proc-title", true).immutable();
            ProcTitleTemplate =
                text("proc-title-template", "{title} {listen-addr} {server-mode}").ruled(TextRule::TitleTemplate);
            ServerCpulist = optional_text("server_cpulist").also(&["server-cpulist"]).immutable();
            BioCpulist = optional_text("bio_cpulist").also(&["bio-cpulist"]).immutable();
            AofRewriteCpulist = optional_text("aof_rewrite_cpulist").also(&["aof-rewrite-cpulist"]).immutable();
            BgsaveCpulist = optional_text("bgsave_cpulist").also(&["bgsave-cpulist"]).immutable();
            OomScoreAdj = choice::<OomScoreAdjustment>("oom-score-adj", OomScoreAdjustment::No as u32);
            OomScoreAdjValues = special("oom-score-adj-values", Kind::OomScores);
            DisableThp = boolean("disable-thp", true).immutable();
        }
    };
}
