//! Each checker lets right runs pass and catches wrong ones: one that has become
//! nonsense is noticed here.

use super::recovery::Ended;
use super::*;
use crate::cluster::history::Born;

const KEPT: Ended = Ended { kept_before: None, promises_hold: true, untrue: false };

/// Two nodes and one history, in which the first wrote register 0, 1 and 0
/// again, by the writes 0, 1 and 2, at offsets 10, 20 and 30.
fn watch() -> Watch {
    let mut watch = Watch { nodes: vec![NodeView::default(); 2], ..Watch::default() };
    let history = watch.begin_history([1; 40], None, Born::Empty);
    for (write, register) in [0, 1, 0].into_iter().enumerate() {
        watch.writes.push(Write { register, executed: None, acknowledged_at: Some(write as u64) });
        let offset = 10 * (write as u64 + 1);
        let view = &mut watch.nodes[0];
        view.position = Some((history, offset));
        view.note_reached(history, offset);
        view.on_disk = vec![history];
        watch.executed(0, write, write as u64);
    }
    watch
}

fn fault(mut watch: Watch, check: impl FnOnce(&mut Watch)) -> Option<&'static str> {
    check(&mut watch);
    watch.fault.map(|fault| fault.checker)
}

#[test]
fn pairs() {
    assert_eq!(fault(watch(), |watch| watch.check_pair("here", &1, &1)), None);
    assert_eq!(fault(watch(), |watch| watch.check_pair("here", &1, &2)), Some("atomic"));
}

#[test]
fn waits() {
    let waits = |offset, count, reached| {
        fault(watch(), |watch| {
            watch.nodes[1].note_reached(0, reached);
            watch.check_wait(0, 0, offset, count, &[1]);
        })
    };
    assert_eq!(waits(30, 1, 30), None);
    assert_eq!(waits(30, 0, 20), None);
    assert_eq!(waits(30, 1, 20), Some("wait"));
    assert_eq!(waits(20, 2, 30), Some("wait"));
    let demoted = |replica, reign| {
        fault(watch(), |watch| {
            watch.nodes[0].replica = replica;
            watch.nodes[0].reign = reign;
            watch.check_still_primary(0, Some((0, 0, 0)));
        })
    };
    assert_eq!((demoted(false, 0), demoted(true, 1)), (None, Some("unblock")));
}

#[test]
fn expiry() {
    let expires = |replica| {
        fault(watch(), |watch| {
            watch.nodes[1].replica = replica;
            watch.check_expiry(1, 1, replica);
        })
    };
    assert_eq!((expires(false), expires(true)), (None, Some("expiry")));
}

#[test]
fn the_same_offset() {
    let compare = |hash| {
        fault(watch(), |watch| {
            watch.check_same_offset(0, 0, 30, 7, None);
            watch.check_same_offset(1, 0, 30, hash, None);
        })
    };
    assert_eq!((compare(7), compare(8)), (None, Some("same-offset")));
}

#[test]
fn watched_registers() {
    assert_eq!(fault(watch(), |watch| watch.check_exchange(2, Some(0))), None);
    assert_eq!(fault(watch(), |watch| watch.check_exchange(2, None)), Some("watch"));
    assert_eq!(fault(watch(), |watch| watch.check_exchange(1, Some(0))), Some("watch"));
}

#[test]
fn recoveries() {
    let recovers = |values: [Option<usize>; 2], ended, promised| {
        fault(watch(), |watch| {
            if let Some(write) = promised {
                watch.promised(0, write);
            }
            watch.nodes[0].life += 1;
            watch.check_recovery(0, &values, ended);
        })
    };
    let all = [Some(2), Some(1)];
    assert_eq!(recovers(all, KEPT, Some(2)), None);
    assert_eq!(recovers([Some(0), Some(1)], KEPT, Some(1)), None);
    assert_eq!(recovers([Some(0), Some(1)], KEPT, Some(2)), Some("promise"));
    assert_eq!(recovers([Some(2), None], KEPT, None), Some("recovery"));
    assert_eq!(recovers([Some(0), None], Ended { kept_before: Some(1), ..KEPT }, None), None);
    assert_eq!(recovers([Some(0), None], Ended { kept_before: Some(2), ..KEPT }, None), Some("window"));
}

#[test]
fn promotions() {
    let goes_on = |values: [Option<usize>; 2]| fault(watch(), |watch| _ = watch.check_promotion(1, (0, 20), &values));
    assert_eq!(goes_on([Some(0), Some(1)]), None);
    assert_eq!(goes_on([Some(0), None]), Some("promotion"));
    assert_eq!(goes_on([Some(2), None]), Some("promotion"));
}

#[test]
fn losses() {
    assert_eq!(fault(watch(), |watch| watch.check_loss(0, &[Some(2), Some(1)])), None);
    assert_eq!(fault(watch(), |watch| watch.check_loss(0, &[Some(0), Some(1)])), Some("loss"));
    let handover = |cut| {
        fault(watch(), |watch| {
            let history = watch.begin_history([2; 40], Some((0, cut)), Born::Handover);
            let values = if cut == 3 { [Some(2), Some(1)] } else { [Some(0), Some(1)] };
            watch.check_loss(history, &values);
        })
    };
    assert_eq!((handover(3), handover(2)), (None, Some("handover")));
}

#[test]
fn roles() {
    let executes = |replica| {
        fault(watch(), |watch| {
            watch.nodes[0].replica = replica;
            watch.writes.push(Write { register: 0, executed: None, acknowledged_at: None });
            watch.executed(0, 3, 9);
        })
    };
    assert_eq!((executes(false), executes(true)), (None, Some("roles")));
}
