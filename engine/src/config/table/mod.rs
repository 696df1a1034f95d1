//! The table of parameters, one file a family, and [`Id`], which it generates.
//!
//! A family's file is a macro that appends its entries to those it was given and passes all on to the next family; the last
//! link, `finish`, makes the enum and the table of them. So each parameter is stated once. Names and values are those of Redis
//! 7.2.4; what only Valkey 9.1 has follows it. Where both know a parameter by different names, ours is the name that both
//! accept, and the other is an alias.

#[macro_use]
mod network;
#[macro_use]
mod tls;
#[macro_use]
mod memory;
#[macro_use]
mod persistence;
#[macro_use]
mod replication;
#[macro_use]
mod cluster;
#[macro_use]
mod security;
#[macro_use]
mod logging;
#[macro_use]
mod latency;
#[macro_use]
mod data_type;
#[macro_use]
mod general;
#[macro_use]
mod developer;

use super::choice::{
    AclPubsubDefault, AppendFsync, ClusterConfigSave, DisklessLoad, LogFormat, LogLevel, LogTimestampFormat,
    MaxmemoryPolicy, OomScoreAdjustment, PreferredEndpoint, PropagationError, Protection, RdbVersionCheck,
    SanitizeDumpPayload, ShutdownOptions, Supervised, SyslogFacility, TlsAuthClients, TlsAuthClientsUser,
};
use super::parameter::{
    BYTES_MAX, INT_MAX, INT_MIN, Kind, LONG_MAX, Parameter, UINT_MAX, boolean, bytes, choice, integer, optional_text,
    special, text,
};
use super::rule::TextRule;

macro_rules! finish {
    ([] $($variant:ident = $parameter:expr;)*) => {
        /// A parameter, by which the engine asks for its value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Id {
            $(#[doc = concat!("`", stringify!($parameter), "`")] $variant,)*
        }

        impl Id {
            /// Every parameter, in the order of the table.
            pub const ALL: [Id; COUNT] = [$(Id::$variant),*];
        }

        /// How many parameters there are.
        pub const COUNT: usize = [$(stringify!($variant)),*].len();

        static TABLE: [Parameter; COUNT] = [$($parameter),*];
    };
}

network! { [tls memory persistence replication cluster security logging latency data_type general developer finish] }

impl Id {
    /// The entry of this parameter.
    #[inline]
    pub fn parameter(self) -> &'static Parameter {
        &TABLE[self as usize]
    }

    /// The parameter that has `name`, in any case, as its name or an alias, and that name in lower case.
    pub fn named(name: &[u8]) -> Option<(Id, &'static str)> {
        names().find(|(_, known)| known.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// Every name of every parameter in the order of the table, aliases after names.
pub(super) fn names() -> impl Iterator<Item = (Id, &'static str)> {
    Id::ALL.into_iter().flat_map(|id| {
        let parameter = id.parameter();
        core::iter::once(parameter.name).chain(parameter.aliases.iter().copied()).map(move |name| (id, name))
    })
}

#[cfg(test)]
mod tests {
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::vec;
    use alloc::vec::Vec;

    use super::super::Config;
    use super::super::parse::parse;
    use super::super::reference::{REDIS, VALKEY_ONLY, VALKEY_OTHERWISE, VARYING};
    use super::super::value::Value;
    use super::*;
    use crate::base::argv::split_arguments;

    #[test]
    fn names_are_unique_and_in_lower_case() {
        let mut seen = BTreeSet::new();
        for (_, name) in names() {
            assert!(seen.insert(name), "{name} twice");
            assert_eq!(name, name.to_ascii_lowercase());
        }
    }

    #[test]
    fn every_parameter_of_the_references_has_their_default() {
        let otherwise: BTreeMap<&str, &str> = VALKEY_OTHERWISE.iter().copied().collect();
        for of_valkey in [false, true] {
            let config = Config::at_defaults(of_valkey);
            for (name, default) in REDIS.iter().chain(VALKEY_ONLY) {
                let (id, _) = Id::named(name.as_bytes()).unwrap_or_else(|| panic!("{name} is missing"));
                let expected = otherwise.get(name).filter(|_| of_valkey).unwrap_or(default);
                assert_eq!(core::str::from_utf8(&config.format(id)), Ok(*expected), "{name}");
                assert!(config.is_default(id), "{name}");
            }
        }
        for name in VARYING {
            assert!(Id::named(name.as_bytes()).is_some(), "{name} is missing");
        }
    }

    #[test]
    fn nothing_else_is_visible_but_our_own() {
        let known: BTreeSet<&str> =
            REDIS.iter().chain(VALKEY_ONLY).map(|(name, _)| *name).chain(VARYING.iter().copied()).collect();
        let visible = names().filter(|(id, _)| !id.parameter().flags.hidden).map(|(_, name)| name);
        assert_eq!(
            visible.filter(|name| !known.contains(name)).collect::<Vec<_>>(),
            ["rdb-version", "record", "record-max-size"]
        );
    }

    #[test]
    fn every_default_is_a_value_and_reads_back() {
        for id in Id::ALL {
            let parameter = id.parameter();
            let default = Value::default_of(&parameter.kind);
            let text = default.format(parameter);
            let arguments = if !parameter.kind.takes_many_arguments() {
                vec![text]
            } else if text.is_empty() && matches!(parameter.kind, Kind::Primary) {
                vec![b"no".to_vec(), b"one".to_vec()]
            } else {
                split_arguments(&text).unwrap()
            };
            assert_eq!(parse(&parameter.kind, &default, &arguments, false), Ok(default), "{}", parameter.name);
        }
    }

    #[test]
    fn ids_index_the_table() {
        for (index, id) in Id::ALL.into_iter().enumerate() {
            assert_eq!(id as usize, index);
            assert_eq!(Id::named(id.parameter().name.as_bytes()), Some((id, id.parameter().name)));
        }
    }
}
