//! When a value changes from its compact encoding to the large one.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! data_type {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            HashMaxListpackEntries = integer("hash-max-listpack-entries", 512, 0, LONG_MAX)
                .also(&["hash-max-ziplist-entries"]);
            HashMaxListpackValue = bytes("hash-max-listpack-value", 64, 0, BYTES_MAX).also(&["hash-max-ziplist-value"]);
            ListMaxListpackSize = integer("list-max-listpack-size", -2, INT_MIN, INT_MAX)
                .also(&["list-max-ziplist-size"]);
            ListCompressDepth = integer("list-compress-depth", 0, 0, INT_MAX);
            SetMaxIntsetEntries = integer("set-max-intset-entries", 512, 0, LONG_MAX);
            SetMaxListpackEntries = integer("set-max-listpack-entries", 128, 0, LONG_MAX);
            SetMaxListpackValue = integer("set-max-listpack-value", 64, 0, LONG_MAX);
            ZsetMaxListpackEntries = integer("zset-max-listpack-entries", 128, 0, LONG_MAX)
                .also(&["zset-max-ziplist-entries"]);
            ZsetMaxListpackValue = bytes("zset-max-listpack-value", 64, 0, BYTES_MAX).also(&["zset-max-ziplist-value"]);
            HllSparseMaxBytes = bytes("hll-sparse-max-bytes", 3000, 0, BYTES_MAX);
            StreamNodeMaxBytes = bytes("stream-node-max-bytes", 4096, 0, BYTES_MAX);
            StreamNodeMaxEntries = integer("stream-node-max-entries", 100, 0, LONG_MAX);
        }
    };
}
