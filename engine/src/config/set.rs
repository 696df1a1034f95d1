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
        self.replaced
            .iter()
            .find(|(replaced, ..)| *replaced == id)
            .map(|(_, _, value)| value)
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
    pub fn set(
        &mut self,
        pairs: &[(&[u8], &[u8])],
        circumstances: Circumstances,
    ) -> Result<Undo, SetError> {
        let targets = self.settable(pairs, circumstances)?;
        let mut undo = Undo {
            replaced: Vec::new(),
        };
        for (&(id, name), (_, argument)) in targets.iter().zip(pairs) {
            let kind = &id.parameter().kind;
            let value = match parse(kind, self.value(id), &split_value(id, argument), false) {
                Ok(value) => value,
                Err(fault) => {
                    self.roll_back(undo);
                    return Err(SetError::Failed {
                        argument: name.into(),
                        fault,
                    });
                }
            };
            if value == *self.value(id) && !id.parameter().flags.volatile {
                continue;
            }
            let previous = self.assign(id, value);
            match undo
                .replaced
                .iter_mut()
                .find(|(replaced, ..)| *replaced == id)
            {
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
            let failed = |fault| {
                Err(SetError::Failed {
                    argument: given.to_vec(),
                    fault,
                })
            };
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
        value
            .split(|&byte| byte == b' ')
            .map(<[u8]>::to_vec)
            .collect()
    }
}
