//! TLS: where it is used, with which files and which options.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! tls {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            TlsPort = integer("tls-port", 0, 0, 65535);
            TlsCluster = boolean("tls-cluster", false);
            TlsReplication = boolean("tls-replication", false);
            TlsAuthClients = choice::<TlsAuthClients>("tls-auth-clients", TlsAuthClients::Yes as u32);
            TlsAuthClientsUser = choice::<TlsAuthClientsUser>("tls-auth-clients-user", TlsAuthClientsUser::Off as u32);
            TlsCertFile = optional_text("tls-cert-file").volatile();
            TlsKeyFile = optional_text("tls-key-file").volatile();
            TlsKeyFilePass = optional_text("tls-key-file-pass").sensitive();
            TlsClientCertFile = optional_text("tls-client-cert-file").volatile();
            TlsClientKeyFile = optional_text("tls-client-key-file").volatile();
            TlsClientKeyFilePass = optional_text("tls-client-key-file-pass").sensitive();
            TlsDhParamsFile = optional_text("tls-dh-params-file").volatile();
            TlsCaCertFile = optional_text("tls-ca-cert-file").volatile();
            TlsCaCertDir = optional_text("tls-ca-cert-dir").volatile();
            TlsAutoReloadInterval = integer("tls-auto-reload-interval", 0, 0, INT_MAX);
            TlsProtocols = optional_text("tls-protocols");
            TlsCiphers = optional_text("tls-ciphers");
            TlsCiphersuites = optional_text("tls-ciphersuites");
            TlsPreferServerCiphers = boolean("tls-prefer-server-ciphers", false);
            TlsSessionCaching = boolean("tls-session-caching", true);
            TlsSessionCacheSize = integer("tls-session-cache-size", 20480, 0, INT_MAX);
            TlsSessionCacheTimeout = integer("tls-session-cache-timeout", 300, 0, INT_MAX);
        }
    };
}
