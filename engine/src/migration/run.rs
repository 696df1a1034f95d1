//! How transfers go on: with what comes over their connections, and with the
//! clock.

use super::transfer::Transfer;
use super::{IDLE_MS, Idle, Migration};
use crate::boundary::effects::{Effect, Orders};
use crate::boundary::id::LinkId;
use crate::boundary::input::LinkEvent;
use crate::boundary::time::Now;
use crate::config::Id;
use crate::replication::wait::DEMOTED;
use crate::server::Server;
use crate::server::deferred::Waiter;
use alloc::string::{String, ToString};

impl Server {
    /// Keys begin to go to another server; the reply to who waits comes in the
    /// end.
    pub(crate) fn begin_migration(&mut self, waiter: Waiter, migration: Migration, now: Now, orders: &mut Orders) {
        let waiting = migration.port.and_then(|port| self.migrations.take_idle(&migration.host, port));
        let over = waiting.ok_or_else(|| self.connect_for(&migration, orders));
        self.migrations.hold(&migration);
        self.migrations.transfers.push(Transfer::new(waiter, migration, over, now));
        self.migrations.due = true;
    }

    fn connect_for(&mut self, migration: &Migration, orders: &mut Orders) -> LinkId {
        let link = self.next_link();
        let source = String::from_utf8_lossy(self.config.text(Id::BindSourceAddr)).into_owned();
        let host = migration.host.clone();
        if let Some(port) = migration.port {
            orders.list.push(Effect::Connect { link, host, port, source });
        }
        link
    }

    /// Something happened on a connection of these.
    pub(crate) fn migration_event(&mut self, link: LinkId, event: LinkEvent<'_>, now: Now, orders: &mut Orders) {
        let migrations = &mut self.migrations;
        if let Some(at) = migrations.idle.iter().position(|idle| idle.link == link) {
            // Nothing was asked: it is gone, or makes no sense.
            match event {
                LinkEvent::Connected { .. } | LinkEvent::Written(_) => return,
                LinkEvent::Received(_) => orders.list.push(Effect::LinkClose { link }),
                LinkEvent::Closed(_) => {}
            }
            migrations.idle.remove(at);
            return;
        }
        let running = |transfer: &Transfer| transfer.link == link && transfer.result.is_none();
        let Some(at) = migrations.transfers.iter().position(running) else { return };
        let transfer = &mut migrations.transfers[at];
        transfer.extend(now);
        migrations.due = true;
        match event {
            LinkEvent::Connected { .. } => {
                transfer.connected = true;
                orders.list.push(Effect::LinkRead { link });
            }
            LinkEvent::Received(bytes) => {
                self.statistics.received += bytes.len() as u64;
                if transfer.receive(bytes).is_ok() {
                    orders.list.push(Effect::LinkRead { link });
                } else {
                    orders.list.push(Effect::LinkClose { link });
                    transfer.fail();
                }
            }
            LinkEvent::Written(count) => transfer.unsent = transfer.unsent.saturating_sub(count),
            LinkEvent::Closed(_) => self.migration_lost(at, now, orders),
        }
    }

    /// A connection is gone. If the other server has said nothing yet it may have
    /// been closed while it waited, and another is made.
    fn migration_lost(&mut self, at: usize, now: Now, orders: &mut Orders) {
        let transfer = &mut self.migrations.transfers[at];
        if !transfer.connected || transfer.answered || transfer.again {
            return transfer.fail();
        }
        let Transfer { waiter, migration, .. } = self.migrations.transfers.remove(at);
        let over = Err(self.connect_for(&migration, orders));
        let transfer = Transfer { again: true, ..Transfer::new(waiter, migration, over, now) };
        self.migrations.transfers.insert(at, transfer);
    }

    /// The timer has come: gives up what takes too long, closes what has waited
    /// long enough.
    pub(crate) fn migrations_tick(&mut self, now: Now, orders: &mut Orders) {
        let migrations = &mut self.migrations;
        migrations.due = true;
        for transfer in &mut migrations.transfers {
            if transfer.until <= now.monotonic && transfer.result.is_none() {
                transfer.fail();
                migrations.closing.push(transfer.link);
            }
        }
        migrations.idle.retain(|idle| {
            let waits = now.monotonic.since(idle.since) < IDLE_MS * 1000;
            if !waits {
                orders.list.push(Effect::LinkClose { link: idle.link });
            }
            waits
        });
    }

    /// The server becomes a replica: it may delete nothing any more.
    pub(crate) fn give_up_migrations(&mut self) {
        for transfer in &mut self.migrations.transfers {
            if transfer.result.is_none() {
                self.migrations.closing.push(transfer.link);
            }
            transfer.arrived.clear();
            transfer.broken = true;
            transfer.result = Some(Err(DEMOTED.to_string()));
            self.migrations.due = true;
        }
    }

    /// True if what arrived may be deleted now.
    pub(crate) fn may_delete_migrated(&self, now: Now) -> bool {
        !self.loading && !self.exclusive && self.pause_at(now).is_none()
    }

    /// The connection of a transfer that has ended waits for another, if all is
    /// well with it.
    pub(crate) fn keep_connection(&mut self, transfer: &Transfer, result: &Result<(), String>, now: Now) {
        let (Some(port), true, false) = (transfer.migration.port, transfer.connected, transfer.broken) else {
            return;
        };
        self.migrations.keep_idle(Idle {
            host: transfer.migration.host.clone(),
            port,
            link: transfer.link,
            selected: result.is_ok().then_some(transfer.migration.destination),
            since: now.monotonic,
        });
    }
}
