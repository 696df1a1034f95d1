//! What each session takes of memory, as it was when it was last put back, and
//! whose turn it is when all together take more than `maxmemory-clients`.

use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::ClientId;
use crate::session::Session;
use crate::session::class::Class;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Sizes of clients are told apart by powers of two from this one on.
const SIZE_CLASS_MIN: u32 = 15;
/// Likewise, up to this one.
const SIZE_CLASS_MAX: u32 = 33;

/// The accounts of all sessions, by their place.
#[derive(Default, Debug)]
pub(super) struct Ledger {
    accounts: Vec<Account>,
    /// Bytes of all.
    total: u64,
    /// Bytes of those that count against `maxmemory`.
    counted: u64,
    /// Bytes of those that may be evicted.
    evictable: u64,
    /// Who may be evicted, the one that goes first at the end.
    by_size: BTreeSet<(u32, Reverse<ClientId>)>,
}

/// The account of one session.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Account {
    /// Whose it is; meaningless where there is no session.
    client: u64,
    bytes: u64,
    /// False for replicas: what they are owed must not cost keys, whose deletions
    /// they would be owed, too.
    counted: bool,
    /// Set if it may be evicted.
    evictable: bool,
}

impl Account {
    fn of(session: &Session) -> Account {
        let (counted, evictable) = match session.class() {
            Class::Normal | Class::Pubsub => (true, !session.no_evict),
            Class::Primary => (true, false),
            Class::Replica => (false, false),
        };
        Account { client: session.id.0, bytes: session.memory(), counted, evictable }
    }

    fn rank(&self) -> (u32, Reverse<ClientId>) {
        let class = (u64::BITS - self.bytes.leading_zeros()).clamp(SIZE_CLASS_MIN, SIZE_CLASS_MAX);
        (class, Reverse(ClientId(self.client)))
    }
}

impl Ledger {
    /// Takes down what a session takes now.
    #[inline]
    pub(super) fn note(&mut self, slot: usize, session: &Session) {
        let account = Account::of(session);
        if self.accounts.get(slot) != Some(&account) {
            self.replace(slot, account);
        }
    }

    /// The session in a place is gone.
    pub(super) fn forget(&mut self, slot: usize) {
        self.replace(slot, Account::default());
    }

    fn replace(&mut self, slot: usize, account: Account) {
        if slot >= self.accounts.len() {
            self.accounts.resize(slot + 1, Account::default());
        }
        let before = core::mem::replace(&mut self.accounts[slot], account);
        self.add_up(before, account);
    }

    fn add_up(&mut self, before: Account, after: Account) {
        let share = |counts: bool, account: &Account| if counts { account.bytes } else { 0 };
        self.total = self.total - before.bytes + after.bytes;
        self.counted = self.counted - share(before.counted, &before) + share(after.counted, &after);
        self.evictable = self.evictable - share(before.evictable, &before) + share(after.evictable, &after);
        let ranks = (before.evictable.then(|| before.rank()), after.evictable.then(|| after.rank()));
        if ranks.0 != ranks.1 {
            if let Some(rank) = ranks.0 {
                self.by_size.remove(&rank);
            }
            self.by_size.extend(ranks.1);
        }
    }

    /// What the session in a place was last taken down with.
    pub(super) fn bytes(&self, slot: usize) -> u64 {
        self.accounts.get(slot).map_or(0, |account| account.bytes)
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn counted(&self) -> u64 {
        self.counted
    }

    pub(super) fn evictable(&self) -> u64 {
        self.evictable
    }

    /// Who is evicted first: of the largest, by powers of two, the one that has been
    /// connected for longest.
    pub(super) fn first_to_evict(&self) -> Option<ClientId> {
        self.by_size.last().map(|&(_, Reverse(client))| client)
    }
}

impl Image for Ledger {
    fn blank() -> Ledger {
        Ledger::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.each([&mut self.accounts])?;
        if tape.reads() {
            let accounts = core::mem::take(&mut self.accounts);
            // A sum that does not fit is of an image that nobody wrote.
            let sum = accounts.iter().try_fold(0, |sum: u64, account| sum.checked_add(account.bytes));
            sum.ok_or(Damaged)?;
            accounts.iter().for_each(|&account| self.add_up(Account::default(), account));
            self.accounts = accounts;
        }
        Ok(())
    }
}

impl Image for Account {
    fn blank() -> Account {
        Account::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Account { client, bytes, counted, evictable } = self;
        tape.each([client, bytes, counted, evictable])
    }
}
