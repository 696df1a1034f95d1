//! Primaries, replicas and the stream between them.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! replication {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Replicaof = special("replicaof", Kind::Primary).also(&["slaveof"]).immutable();
            Masteruser = optional_text("masteruser").also(&["primaryuser"]).sensitive();
            Masterauth = optional_text("masterauth").also(&["primaryauth"]).sensitive();
            ReplicaServeStaleData = boolean("replica-serve-stale-data", true).also(&["slave-serve-stale-data"]);
            ReplicaReadOnly = boolean("replica-read-only", true).also(&["slave-read-only"]);
            ReplicaPriority = integer("replica-priority", 100, 0, INT_MAX).also(&["slave-priority"]);
            ReplicaLazyFlush = boolean("replica-lazy-flush", false).also(&["slave-lazy-flush"]);
            ReplicaIgnoreMaxmemory = boolean("replica-ignore-maxmemory", true).also(&["slave-ignore-maxmemory"]);
            ReplicaIgnoreDiskWriteErrors = boolean("replica-ignore-disk-write-errors", false);
            ReplicaAnnounced = boolean("replica-announced", true);
            ReplicaAnnounceIp = optional_text("replica-announce-ip").also(&["slave-announce-ip"]);
            ReplicaAnnouncePort = integer("replica-announce-port", 0, 0, 65535).also(&["slave-announce-port"]);
            MinReplicasToWrite = integer("min-replicas-to-write", 0, 0, INT_MAX).also(&["min-slaves-to-write"]);
            MinReplicasMaxLag = integer("min-replicas-max-lag", 10, 0, INT_MAX).also(&["min-slaves-max-lag"]);
            ReplTimeout = integer("repl-timeout", 60, 1, INT_MAX);
            ReplPingReplicaPeriod = integer("repl-ping-replica-period", 10, 1, INT_MAX)
                .also(&["repl-ping-slave-period"]);
            ReplBacklogSize = bytes("repl-backlog-size", 1 << 20, 1, BYTES_MAX);
            ReplBacklogTtl = integer("repl-backlog-ttl", 3600, 0, LONG_MAX);
            ReplDisableTcpNodelay = boolean("repl-disable-tcp-nodelay", false);
            ReplMptcp = boolean("repl-mptcp", false);
            ReplDisklessSync = boolean("repl-diskless-sync", true);
            ReplDisklessSyncDelay = integer("repl-diskless-sync-delay", 5, 0, INT_MAX);
            ReplDisklessSyncMaxReplicas = integer("repl-diskless-sync-max-replicas", 0, 0, INT_MAX);
            ReplDisklessLoad =
                choice::<DisklessLoad>("repl-diskless-load", DisklessLoad::Disabled as u32).deny_loading();
            DualChannelReplicationEnabled = boolean("dual-channel-replication-enabled", false);
            PropagationErrorBehavior =
                choice::<PropagationError>("propagation-error-behavior", PropagationError::Ignore as u32);
            ImportMode = boolean("import-mode", false);
        }
    };
}
