//! How much memory, what is evicted or expired, what is freed in the background.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! memory {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Maxmemory = bytes("maxmemory", 0, 0, u64::MAX);
            MaxmemoryClients = special("maxmemory-clients", Kind::BytesOrPercent { percent_max: 100 });
            MaxmemoryPolicy = choice::<MaxmemoryPolicy>("maxmemory-policy", MaxmemoryPolicy::Noeviction as u32);
            MaxmemorySamples = integer("maxmemory-samples", 5, 1, INT_MAX);
            MaxmemoryEvictionTenacity = integer("maxmemory-eviction-tenacity", 10, 0, 100);
            LfuLogFactor = integer("lfu-log-factor", 10, 0, INT_MAX);
            LfuDecayTime = integer("lfu-decay-time", 1, 0, INT_MAX);
            ActiveExpireEffort = integer("active-expire-effort", 1, 1, 10);
            Activerehashing = boolean("activerehashing", true);
            LazyfreeLazyEviction = boolean("lazyfree-lazy-eviction", false);
            LazyfreeLazyExpire = boolean("lazyfree-lazy-expire", false);
            LazyfreeLazyServerDel = boolean("lazyfree-lazy-server-del", false);
            LazyfreeLazyUserDel = boolean("lazyfree-lazy-user-del", false);
            LazyfreeLazyUserFlush = boolean("lazyfree-lazy-user-flush", false);
            Activedefrag = boolean("activedefrag", false);
            ActiveDefragIgnoreBytes = bytes("active-defrag-ignore-bytes", 100 << 20, 1, BYTES_MAX);
            ActiveDefragThresholdLower = integer("active-defrag-threshold-lower", 10, 0, 1000);
            ActiveDefragThresholdUpper = integer("active-defrag-threshold-upper", 100, 0, 1000);
            ActiveDefragCycleMin = integer("active-defrag-cycle-min", 1, 1, 99);
            ActiveDefragCycleMax = integer("active-defrag-cycle-max", 25, 1, 99);
            ActiveDefragCycleUs = integer("active-defrag-cycle-us", 500, 0, 100_000);
            ActiveDefragMaxScanFields = integer("active-defrag-max-scan-fields", 1000, 1, LONG_MAX);
            JemallocBgThread = boolean("jemalloc-bg-thread", true);
            TrackingTableMaxKeys = integer("tracking-table-max-keys", 1_000_000, 0, LONG_MAX);
        }
    };
}
