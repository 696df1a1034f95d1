//! Snapshots and the append only file.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! persistence {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Save = special("save", Kind::SavePoints);
            Dir = optional_text("dir").protected().deny_loading();
            Dbfilename = text("dbfilename", "dump.rdb").ruled(TextRule::SnapshotName).protected();
            Rdbcompression = boolean("rdbcompression", true);
            Rdbchecksum = boolean("rdbchecksum", true).immutable();
            RdbVersion = integer("rdb-version", 11, 10, 11);
            RdbVersionCheck = choice::<RdbVersionCheck>("rdb-version-check", RdbVersionCheck::Strict as u32);
            RdbDelSyncFiles = boolean("rdb-del-sync-files", false);
            RdbSaveIncrementalFsync = boolean("rdb-save-incremental-fsync", true);
            SanitizeDumpPayload =
                choice::<SanitizeDumpPayload>("sanitize-dump-payload", SanitizeDumpPayload::No as u32);
            StopWritesOnBgsaveError = boolean("stop-writes-on-bgsave-error", true);
            Appendonly = boolean("appendonly", false).deny_loading();
            Appendfilename = text("appendfilename", "appendonly.aof").ruled(TextRule::AppendFileName).immutable();
            Appenddirname = text("appenddirname", "appendonlydir").ruled(TextRule::AppendDirectoryName).immutable();
            Appendfsync = choice::<AppendFsync>("appendfsync", AppendFsync::Everysec as u32);
            NoAppendfsyncOnRewrite = boolean("no-appendfsync-on-rewrite", false);
            AutoAofRewritePercentage = integer("auto-aof-rewrite-percentage", 100, 0, INT_MAX);
            AutoAofRewriteMinSize = bytes("auto-aof-rewrite-min-size", 64 << 20, 0, BYTES_MAX);
            AofRewriteIncrementalFsync = boolean("aof-rewrite-incremental-fsync", true);
            AofLoadTruncated = boolean("aof-load-truncated", true);
            AofUseRdbPreamble = boolean("aof-use-rdb-preamble", true);
            AofTimestampEnabled = boolean("aof-timestamp-enabled", false);
        }
    };
}
