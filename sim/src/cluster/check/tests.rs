//! Each checker lets right runs pass and catches wrong ones. A checker that has
//! become nonsense is noticed, which is tested as well: with each switched to it.

use super::converge::Standing;
use super::recovery::Ended;
use super::*;
use crate::cluster::draw::draw_plan;
use crate::cluster::history::Born;
use crate::cluster::runs::{Manner, run_plan};

const KEPT: Ended = Ended { kept_before: None, promises_hold: true, untrue: false };

/// Something that a checker sees, and whether it must let that pass.
type Case = (Checker, &'static str, bool, fn(&mut Watch));

/// Two nodes and one history, in which the first wrote register 0, 1 and 0
/// again, by the writes 0, 1 and 2, at offsets 10, 20 and 30.
fn watch(mutant: Option<Mutant>) -> Watch {
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
        watch.note_written(history, offset);
    }
    watch.mutant = mutant;
    watch
}

const CASES: &[Case] = &[
    (Checker::Ahead, "a replica at the end", true, |watch| watch.check_ahead(1, 0, 30)),
    (Checker::Ahead, "a replica behind the end", false, |watch| watch.check_ahead(1, 0, 31)),
    (Checker::Atomic, "equal", true, |watch| watch.check_pair("here", &1, &1)),
    (Checker::Atomic, "unequal", false, |watch| watch.check_pair("here", &1, &2)),
    (Checker::Converge, "in time", true, |watch| watch.check_converged(None)),
    (Checker::Converge, "late", false, |watch| watch.check_converged(Some(&[Standing { position: None, data: 1 }]))),
    (Checker::Expiry, "on a primary", true, |watch| expires(watch, false)),
    (Checker::Expiry, "on a replica", false, |watch| expires(watch, true)),
    (Checker::Handover, "with all", true, |watch| hands_over(watch, 3)),
    (Checker::Handover, "without the last", false, |watch| hands_over(watch, 2)),
    (Checker::Linear, "in turn", true, |watch| reads(watch, Some(1))),
    (Checker::Linear, "the value before", false, |watch| reads(watch, Some(0))),
    (Checker::Loss, "all there", true, |watch| watch.check_loss(0, &[Some(2), Some(1)])),
    (Checker::Loss, "the last missing", false, |watch| watch.check_loss(0, &[Some(0), Some(1)])),
    (Checker::Once, "asked for", true, |watch| counts(watch, 2)),
    (Checker::Once, "not asked for", false, |watch| counts(watch, 3)),
    (Checker::Progress, "some", true, |watch| watch.check_progress(1, 3)),
    (Checker::Progress, "nobody who could", true, |watch| watch.check_progress(0, 0)),
    (Checker::Progress, "none", false, |watch| watch.check_progress(0, 3)),
    (Checker::Promise, "kept", true, |watch| recovers(watch, [Some(2), Some(1)], KEPT, Some(2))),
    (Checker::Promise, "with less than was there", true, |watch| recovers(watch, [Some(0), Some(1)], KEPT, Some(1))),
    (Checker::Promise, "broken", false, |watch| recovers(watch, [Some(0), Some(1)], KEPT, Some(2))),
    (Checker::Promotion, "a prefix", true, |watch| _ = watch.check_promotion(1, (0, 20), &[Some(0), Some(1)])),
    (Checker::Promotion, "too short", false, |watch| _ = watch.check_promotion(1, (0, 20), &[Some(0), None])),
    (Checker::Promotion, "none", false, |watch| _ = watch.check_promotion(1, (0, 20), &[Some(2), None])),
    (Checker::Recovery, "a prefix", true, |watch| recovers(watch, [Some(0), Some(1)], KEPT, None)),
    (Checker::Recovery, "no prefix", false, |watch| recovers(watch, [Some(2), None], KEPT, None)),
    (Checker::Roles, "by a primary", true, |watch| executes(watch, false)),
    (Checker::Roles, "by a replica", false, |watch| executes(watch, true)),
    (Checker::SameOffset, "the same", true, |watch| compares(watch, 7)),
    (Checker::SameOffset, "others", false, |watch| compares(watch, 8)),
    (Checker::Unblock, "by a primary", true, |watch| answers(watch, false, 0)),
    (Checker::Unblock, "after it became a replica", false, |watch| answers(watch, true, 1)),
    (Checker::Wait, "for one that is there", true, |watch| waits(watch, 30, 1, 30)),
    (Checker::Wait, "for none", true, |watch| waits(watch, 30, 0, 20)),
    (Checker::Wait, "for one that is not there yet", false, |watch| waits(watch, 30, 1, 20)),
    (Checker::Wait, "for more than there are", false, |watch| waits(watch, 20, 2, 30)),
    (Checker::WaitAof, "not for long yet", true, |watch| watch.check_answered(0, false)),
    (Checker::WaitAof, "too long", false, |watch| watch.check_answered(0, true)),
    (Checker::Watch, "unchanged", true, |watch| watch.check_exchange(2, Some(0))),
    (Checker::Watch, "written", false, |watch| watch.check_exchange(2, None)),
    (Checker::Watch, "never written", false, |watch| watch.check_exchange(1, Some(0))),
    (Checker::Window, "lost in time", true, |watch| recovers(watch, [Some(0), None], kept_before(1), None)),
    (Checker::Window, "lost too late", false, |watch| recovers(watch, [Some(0), None], kept_before(2), None)),
];

fn kept_before(time: u64) -> Ended {
    Ended { kept_before: Some(time), ..KEPT }
}

fn expires(watch: &mut Watch, replica: bool) {
    watch.nodes[1].replica = replica;
    watch.check_expiry(1, 1, replica);
}

fn counts(watch: &mut Watch, number: i64) {
    watch.note_count_asked(1);
    watch.note_count_asked(1);
    watch.check_count(1, number);
}

fn hands_over(watch: &mut Watch, cut: usize) {
    let history = watch.begin_history([2; 40], Some((0, cut)), Born::Handover);
    let values = if cut == 3 { [Some(2), Some(1)] } else { [Some(0), Some(1)] };
    watch.check_loss(history, &values);
}

fn reads(watch: &mut Watch, value: Option<usize>) {
    let place = (0, 0, 0, 0);
    watch.wrote(place, 0, 0, 1);
    watch.wrote(place, 1, 2, 3);
    watch.read(place, value, 4, 5);
    watch.check_linear();
}

fn recovers(watch: &mut Watch, values: [Option<usize>; 2], ended: Ended, promised: Option<usize>) {
    if let Some(write) = promised {
        watch.promised(0, write);
    }
    watch.nodes[0].life += 1;
    watch.check_recovery(0, &values, ended);
}

fn executes(watch: &mut Watch, replica: bool) {
    watch.nodes[0].replica = replica;
    watch.writes.push(Write { register: 0, executed: None, acknowledged_at: None });
    watch.executed(0, 3, 9);
}

fn compares(watch: &mut Watch, hash: u64) {
    watch.check_same_offset(0, 0, 30, 7, None);
    watch.check_same_offset(1, 0, 30, hash, None);
}

fn answers(watch: &mut Watch, replica: bool, reign: u64) {
    watch.nodes[0].replica = replica;
    watch.nodes[0].reign = reign;
    watch.check_still_primary(0, Some((0, 0, 0)));
}

fn waits(watch: &mut Watch, offset: u64, count: i64, reached: u64) {
    watch.nodes[1].note_reached(0, reached);
    watch.check_wait(0, 0, offset, count, &[1]);
}

/// What of the cases was not judged as it must be.
fn complaints(mutant: Option<Mutant>) -> Vec<(Checker, &'static str)> {
    let misjudged = |(checker, name, right, see): &Case| {
        let mut watch = watch(mutant);
        see(&mut watch);
        let expected = (!right).then_some(checker.name());
        (watch.fault.map(|fault| fault.checker) != expected).then_some((*checker, *name))
    };
    CASES.iter().filter_map(misjudged).collect()
}

#[test]
fn right_runs_pass_and_wrong_ones_do_not() {
    assert_eq!(complaints(None), []);
}

#[test]
fn a_checker_that_is_nonsense_is_noticed() {
    for &checker in Checker::ALL {
        for accepts in [true, false] {
            let found = complaints(Some(Mutant { checker, accepts }));
            assert!(
                found.iter().any(|(of, _)| *of == checker),
                "{checker:?}, which accepts: {accepts}, goes unnoticed"
            );
        }
    }
}

/// In runs in which nothing is wrong, too: each checker has its say in them.
#[test]
fn a_checker_that_refuses_everything_fails_seeds() {
    for &checker in Checker::ALL {
        let mutant = Some(Mutant { checker, accepts: false });
        let fails = |seed: &u64| {
            let fault = run_plan(&draw_plan(*seed), Manner { mutant, ..Manner::default() }).fault;
            fault.is_some_and(|fault| fault.checker == checker.name())
        };
        assert!((0..SEEDS).any(|seed| fails(&seed)), "{checker:?} has no say in {SEEDS} seeds");
    }
}

#[test]
fn mutants_are_read() {
    assert_eq!("atomic:accepts".parse(), Ok(Mutant { checker: Checker::Atomic, accepts: true }));
    assert_eq!("same-offset:refuses".parse(), Ok(Mutant { checker: Checker::SameOffset, accepts: false }));
    assert!("atomic".parse::<Mutant>().is_err() && "none:refuses".parse::<Mutant>().is_err());
}

const SEEDS: u64 = 30;
