//! CONFIG SET: every parameter of one command is set, or none.
//!
//! [`Config::set`] checks and stores all values and hands back an [`Undo`]. The engine then puts the changed parameters into
//! effect; when that fails it gives the undo to [`Config::roll_back`], applies what was there before, and answers
//! [`SetError::Failed`].

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::choice::Protection;
use super::fault::Fault;
use super::parse::parse;
use super::value::Value;
use super::{Config, Id};

/// What CONFIG SET needs to know beyond its arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// A data set is being loaded.
    pub loading: bool,
    /// The client came over loopback or a Unix socket.
    pub client_is_local: bool,
}

/// What a CONFIG SET replaced.
#[derive(Debug)]
#[must_use]
pub struct Undo {
    /// In the order in which they were set.
    replaced: Vec<(Id, &'static str, Value)>,
}

impl Undo {
    /// The parameters that changed, each once, in the order in which they were set, with the name that the client used (of
    /// several the last). A parameter set to the value it had is not among them unless it is volatile.
    pub fn changed(&self) -> impl Iterator<Item = (Id, &'static str)> {
        self.replaced.iter().map(|(id, name, _)| (*id, *name))
    }

    /// What a parameter held before; `None` when it did not change.
    pub fn previous(&self, id: Id) -> Option<&Value> {
        self.replaced.iter().find(|(replaced, ..)| *replaced == id).map(|(_, _, value)| value)
    }
}

/// Why CONFIG SET changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// A parameter is not settable during loading; the reply is the one that all commands give then.
    Loading,
    /// No parameter has this name.
    UnknownOption(Vec<u8>),
    /// A parameter refused its value, or the value could not be put into effect.
    Failed {
        /// The name of the parameter, as the reference spells it in this error.
        argument: Vec<u8>,
        /// Why.
        fault: Fault,
    },
}

impl fmt::Display for SetError {
    /// The error reply, code included, without the line break.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::Loading => out.write_str("LOADING Redis is loading the dataset in memory"),
            SetError::UnknownOption(name) => write!(
                out,
                "ERR Unknown option or number of arguments for CONFIG SET - '{}'",
                String::from_utf8_lossy(name)
            ),
            SetError::Failed { argument, fault } => write!(
                out,
                "ERR CONFIG SET failed (possibly related to argument '{}') - {fault}",
                String::from_utf8_lossy(argument)
            ),
        }
    }
}

impl Config {
    /// Sets all `pairs` of name and value, or none.
    ///
    /// # Errors
    /// The reason of the first pair that is refused; then the configuration is as it was.
    pub fn set(&mut self, pairs: &[(&[u8], &[u8])], circumstances: Circumstances) -> Result<Undo, SetError> {
        let targets = self.settable(pairs, circumstances)?;
        let mut undo = Undo { replaced: Vec::new() };
        for (&(id, name), (_, argument)) in targets.iter().zip(pairs) {
            let kind = &id.parameter().kind;
            let value = match parse(kind, self.value(id), &split_value(id, argument), false) {
                Ok(value) => value,
                Err(fault) => {
                    self.roll_back(undo);
                    return Err(SetError::Failed { argument: name.into(), fault });
                }
            };
            if value == *self.value(id) && !id.parameter().flags.volatile {
                continue;
            }
            let previous = self.assign(id, value);
            match undo.replaced.iter_mut().find(|(replaced, ..)| *replaced == id) {
                Some((_, known, _)) => *known = name,
                None => undo.replaced.push((id, name, previous)),
            }
        }
        Ok(undo)
    }

    /// Takes a CONFIG SET back.
    pub fn roll_back(&mut self, undo: Undo) {
        for (id, _, value) in undo.replaced.into_iter().rev() {
            self.assign(id, value);
        }
    }

    /// The parameters that `pairs` name, when all of them may be set; the first that may not decides the error.
    fn settable(
        &self,
        pairs: &[(&[u8], &[u8])],
        circumstances: Circumstances,
    ) -> Result<Vec<(Id, &'static str)>, SetError> {
        let mut targets: Vec<(Id, &'static str)> = Vec::with_capacity(pairs.len());
        for &(given, _) in pairs {
            let Some((id, name)) = Id::named(given) else {
                return Err(SetError::UnknownOption(given.to_vec()));
            };
            let flags = id.parameter().flags;
            let failed = |fault| Err(SetError::Failed { argument: given.to_vec(), fault });
            if flags.immutable {
                return failed(Fault::Immutable);
            }
            let protection = self.chosen::<Protection>(Id::EnableProtectedConfigs);
            if flags.protected && !protection.permits(circumstances.client_is_local) {
                return failed(Fault::Protected);
            }
            if flags.deny_loading && circumstances.loading {
                return Err(SetError::Loading);
            }
            if targets.iter().any(|(_, known)| *known == name) {
                return failed(Fault::Duplicate);
            }
            targets.push((id, name));
        }
        Ok(targets)
    }
}

/// The value of CONFIG SET as arguments: a list is split at each single space, and the empty string is no argument at all.
fn split_value(id: Id, value: &[u8]) -> Vec<Vec<u8>> {
    if !id.parameter().kind.takes_many_arguments() {
        alloc::vec![value.to_vec()]
    } else if value.is_empty() {
        Vec::new()
    } else {
        value.split(|&byte| byte == b' ').map(<[u8]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const REMOTE: Circumstances = Circumstances { loading: false, client_is_local: false };

    fn set(config: &mut Config, pairs: &[(&str, &str)]) -> Result<Undo, SetError> {
        let pairs: Vec<(&[u8], &[u8])> =
            pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        config.set(&pairs, REMOTE)
    }

    fn answered(config: &Config, name: &str) -> String {
        String::from_utf8(config.get(&[name.as_bytes()])[0].1.clone()).unwrap()
    }

    /// Name, value, and the reply of the reference.
    #[rustfmt::skip]
    const REFUSED: &[(&[(&str, &str)], &str)] = &[
        (&[("PORT", "abc")], "ERR CONFIG SET failed (possibly related to argument 'port') - argument couldn't be parsed into an integer"),
        (&[("port", "70000")], "ERR CONFIG SET failed (possibly related to argument 'port') - argument must be between 0 and 65535 inclusive"),
        (&[("Daemonize", "yes")], "ERR CONFIG SET failed (possibly related to argument 'Daemonize') - can't set immutable config"),
        (&[("dbfilename", "a")], "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config"),
        (&[("foo", "1"), ("port", "3")], "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"),
        (&[("port", "3"), ("Port", "3")], "ERR CONFIG SET failed (possibly related to argument 'Port') - duplicate parameter"),
        (&[("appendonly", "1")], "ERR CONFIG SET failed (possibly related to argument 'appendonly') - argument must be 'yes' or 'no'"),
        (&[("maxmemory", "1x")], "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value"),
        (&[("maxmemory-clients", "101%")], "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be less or equal to 100"),
        (&[("appendfsync", "maybe")], "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument(s) must be one of the following: everysec, always, no"),
        (&[("shutdown-on-sigint", "")], "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigint') - argument(s) must be one of the following: default, save, nosave, now, force"),
        (&[("save", "900 1 a")], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters"),
        (&[("save", "900  1")], "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters"),
        (&[("maxclients", "-1")], "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive"),
        (&[("slave-priority", "x")], "ERR CONFIG SET failed (possibly related to argument 'slave-priority') - argument couldn't be parsed into an integer"),
        (&[("notify-keyspace-events", "q")], "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        (&[("client-output-buffer-limit", "master 1 2 3")], "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Invalid client class specified in buffer limit configuration."),
    ];

    #[test]
    fn refusals_read_as_the_reference_words_them() {
        let mut config = Config::new();
        for (pairs, reply) in REFUSED {
            assert_eq!(set(&mut config, pairs).unwrap_err().to_string(), *reply);
        }
    }

    #[test]
    fn answers_are_normalised() {
        for (name, value, answer) in [
            ("maxmemory", "1mb", "1048576"),
            ("maxmemory-clients", "5%", "5%"),
            ("shutdown-on-sigterm", "now nosave", "nosave now"),
            ("oom-score-adj", "relative", "yes"),
            ("latency-tracking-info-percentiles", "0.1 99.99999999 1e1", "0.1 100 10"),
            (
                "client-output-buffer-limit",
                "replica 1mb 2 3",
                "normal 0 0 0 slave 1048576 2 3 pubsub 33554432 8388608 60",
            ),
            ("notify-keyspace-events", "KEA", "AKE"),
            ("save", "", ""),
            ("bind", "127.0.0.1 -::1", "127.0.0.1 -::1"),
            ("requirepass", "p w", "p w"),
            ("lua-time-limit", "7", "7"),
        ] {
            let mut config = Config::new();
            let undo = set(&mut config, &[(name, value)]).unwrap();
            assert_eq!(answered(&config, name), answer, "{name}");
            assert_eq!(undo.changed().map(|(_, name)| name).collect::<Vec<_>>(), [name]);
            config.roll_back(undo);
            assert_eq!(answered(&config, name), answered(&Config::new(), name), "{name}");
        }
    }

    #[test]
    fn all_or_nothing() {
        let mut config = Config::new();
        let error = set(&mut config, &[("port", "1"), ("slave-priority", "7"), ("hz", "x")]).unwrap_err();
        assert_eq!(error, SetError::Failed { argument: b"hz".to_vec(), fault: Fault::NotInteger });
        assert_eq!((config.integer(Id::Port), config.integer(Id::ReplicaPriority)), (6379, 100));
    }

    #[test]
    fn a_name_and_its_alias_may_both_be_set_and_are_undone_together() {
        let mut config = Config::new();
        let undo = set(&mut config, &[("slave-priority", "3"), ("replica-priority", "4")]).unwrap();
        assert_eq!(config.integer(Id::ReplicaPriority), 4);
        assert_eq!(undo.changed().collect::<Vec<_>>(), [(Id::ReplicaPriority, "replica-priority")]);
        assert_eq!(undo.previous(Id::ReplicaPriority), Some(&Value::Integer(100)));
        config.roll_back(undo);
        assert_eq!(config.integer(Id::ReplicaPriority), 100);
    }

    #[test]
    fn only_changes_count_unless_the_parameter_is_volatile() {
        let mut config = Config::new();
        let undo = set(&mut config, &[("port", "6379"), ("tls-cert-file", "")]).unwrap();
        assert_eq!(undo.changed().collect::<Vec<_>>(), [(Id::TlsCertFile, "tls-cert-file")]);
    }

    #[test]
    fn circumstances_decide() {
        let mut config = Config::new();
        let loading = Circumstances { loading: true, ..REMOTE };
        assert_eq!(config.set(&[(b"appendonly", b"yes")], loading).unwrap_err(), SetError::Loading);
        assert_eq!(
            config.set(&[(b"foo", b""), (b"appendonly", b"yes")], loading).unwrap_err(),
            SetError::UnknownOption(b"foo".to_vec())
        );
        config.assign(Id::EnableProtectedConfigs, Value::Choice(Protection::Local as u32));
        assert!(config.set(&[(b"dbfilename", b"a")], REMOTE).is_err());
        assert!(config.set(&[(b"dbfilename", b"a")], Circumstances { client_is_local: true, ..REMOTE }).is_ok());
    }
}
