//! Passwords, ACLs, and what needs permission.

/// Hands its entries on, after those of the families before it, to the next macro of the list in brackets.
macro_rules! security {
    ([$next:ident $($later:ident)*] $($before:tt)*) => {
        $next! { [$($later)*] $($before)*
            Requirepass = optional_text("requirepass").sensitive();
            Aclfile = text("aclfile", "").immutable();
            AcllogMaxLen = integer("acllog-max-len", 128, 0, LONG_MAX);
            AclPubsubDefault = choice::<AclPubsubDefault>("acl-pubsub-default", AclPubsubDefault::Resetchannels as u32);
            EnableProtectedConfigs =
                choice::<Protection>("enable-protected-configs", Protection::No as u32).immutable();
            EnableDebugCommand = choice::<Protection>("enable-debug-command", Protection::No as u32).immutable();
            EnableModuleCommand = choice::<Protection>("enable-module-command", Protection::No as u32).immutable();
            HideUserDataFromLog = boolean("hide-user-data-from-log", true);
            HashSeed = optional_text("hash-seed").immutable().sensitive();
        }
    };
}
