//! Listening, connections and their buffers.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! network {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Bind = special("bind", Kind::Addresses { default: &["*", "-::*"] });
            Port = integer("port", 6379, 0, 65535);
            BindSourceAddr = optional_text("bind-source-addr");
            ProtectedMode = boolean("protected-mode", true);
            Unixsocket = optional_text("unixsocket").immutable();
            Unixsocketperm = special("unixsocketperm", Kind::Octal { upper: 0o777 }).immutable();
            Unixsocketgroup = optional_text("unixsocketgroup").immutable();
            TcpBacklog = integer("tcp-backlog", 511, 0, INT_MAX).immutable();
            TcpKeepalive = integer("tcp-keepalive", 300, 0, INT_MAX);
            SocketMarkId = integer("socket-mark-id", 0, 0, UINT_MAX).immutable();
            Mptcp = boolean("mptcp", false).immutable();
            RdmaBind = special("rdma-bind", Kind::Addresses { default: &[] });
            RdmaPort = integer("rdma-port", 0, 0, 65535);
            RdmaRxSize = bytes("rdma-rx-size", 1 << 20, 64 << 10, 16 << 20).immutable();
            RdmaCompletionVector = integer("rdma-completion-vector", -1, -1, 1024).immutable();
            Timeout = integer("timeout", 0, 0, INT_MAX);
            Maxclients = integer("maxclients", 10000, 1, UINT_MAX);
            MaxNewConnectionsPerCycle = integer("max-new-connections-per-cycle", 10, 1, 1000);
            MaxNewTlsConnectionsPerCycle = integer("max-new-tls-connections-per-cycle", 1, 1, 1000);
            IoThreads = integer("io-threads", 1, 1, 128).immutable();
            IoThreadsDoReads = boolean("io-threads-do-reads", false).immutable();
            PrefetchBatchMaxSize = integer("prefetch-batch-max-size", 16, 0, 128);
            ClientQueryBufferLimit = bytes("client-query-buffer-limit", 1 << 30, 1 << 20, BYTES_MAX);
            ClientOutputBufferLimit = special("client-output-buffer-limit", Kind::OutputBufferLimits);
            ProtoMaxBulkLen = bytes("proto-max-bulk-len", 512 << 20, 1 << 20, BYTES_MAX);
        }
    };
}
