//! Cluster mode.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! cluster {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            ClusterEnabled = boolean("cluster-enabled", false).immutable();
            ClusterConfigFile = text("cluster-config-file", "nodes.conf").ruled(TextRule::ClusterFileName).immutable();
            ClusterConfigSaveBehavior =
                choice::<ClusterConfigSave>("cluster-config-save-behavior", ClusterConfigSave::Sync as u32);
            ClusterDatabases = integer("cluster-databases", 1, 1, INT_MAX).immutable();
            ClusterPort = integer("cluster-port", 0, 0, 65535).immutable();
            ClusterNodeTimeout = integer("cluster-node-timeout", 15000, 0, LONG_MAX);
            ClusterManualFailoverTimeout = integer("cluster-manual-failover-timeout", 5000, 1, INT_MAX);
            ClusterReplicaValidityFactor = integer("cluster-replica-validity-factor", 10, 0, INT_MAX)
                .also(&["cluster-slave-validity-factor"]);
            ClusterReplicaNoFailover = boolean("cluster-replica-no-failover", false)
                .also(&["cluster-slave-no-failover"]);
            ClusterMigrationBarrier = integer("cluster-migration-barrier", 1, 0, INT_MAX);
            ClusterAllowReplicaMigration = boolean("cluster-allow-replica-migration", true);
            ClusterRequireFullCoverage = boolean("cluster-require-full-coverage", true);
            ClusterAllowReadsWhenDown = boolean("cluster-allow-reads-when-down", false);
            ClusterAllowPubsubshardWhenDown = boolean("cluster-allow-pubsubshard-when-down", true);
            ClusterLinkSendbufLimit = bytes("cluster-link-sendbuf-limit", 0, 0, u64::MAX);
            ClusterBlacklistTtl = integer("cluster-blacklist-ttl", 60, 0, LONG_MAX);
            ClusterSlotStatsEnabled = boolean("cluster-slot-stats-enabled", false);
            ClusterSlotMigrationLogMaxLen = integer("cluster-slot-migration-log-max-len", 1000, 0, LONG_MAX);
            SlotMigrationMaxFailoverReplBytes = integer("slot-migration-max-failover-repl-bytes", 0, -1, LONG_MAX);
            ClusterPreferredEndpointType =
                choice::<PreferredEndpoint>("cluster-preferred-endpoint-type", PreferredEndpoint::Ip as u32);
            ClusterAnnounceIp = optional_text("cluster-announce-ip");
            ClusterAnnounceHostname = optional_text("cluster-announce-hostname").ruled(TextRule::Hostname);
            ClusterAnnounceHumanNodename = optional_text("cluster-announce-human-nodename").ruled(TextRule::NodeName);
            ClusterAnnouncePort = integer("cluster-announce-port", 0, 0, 65535);
            ClusterAnnounceTlsPort = integer("cluster-announce-tls-port", 0, 0, 65535);
            ClusterAnnounceBusPort = integer("cluster-announce-bus-port", 0, 0, 65535);
            ClusterAnnounceClientPort = integer("cluster-announce-client-port", 0, 0, 65535);
            ClusterAnnounceClientTlsPort = integer("cluster-announce-client-tls-port", 0, 0, 65535);
            ClusterAnnounceClientIpv4 = optional_text("cluster-announce-client-ipv4").ruled(TextRule::Ipv4);
            ClusterAnnounceClientIpv6 = optional_text("cluster-announce-client-ipv6").ruled(TextRule::Ipv6);
        }
    };
}
