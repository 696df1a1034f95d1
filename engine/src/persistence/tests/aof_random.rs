//! The append only file under random work: a reload gives the same keys, and a
//! tail that is cut off anywhere gives those that were there before.

use super::aof::over;
use super::*;
use alloc::vec;
use proptest::prelude::*;

const PARAMETERS: &str = "appendonly yes\nauto-aof-rewrite-percentage 0\nappendfsync always";

/// One step of a workload.
#[derive(Clone, Debug)]
enum Step {
    /// Requests of one client, one a line, sent at once.
    Send(String),
    /// So many disk operations end.
    Disk(usize),
    /// So many milliseconds pass.
    Pass(u64),
}

fn key() -> impl Strategy<Value = String> {
    "[a-f]"
}

/// One request that changes something, most of the time.
fn change() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (key(), "[0-9a-z]{0,12}").prop_map(|(key, value)| format!("set {key} \"{value}\"")),
        2 => (key(), 1..5000u32).prop_map(|(key, time)| format!("set {key} 7 px {time}")),
        2 => (key(), "[a-z]{1,40}").prop_map(|(key, value)| format!("append {key} {value}")),
        2 => key().prop_map(|key| format!("incr {key}")),
        2 => (key(), 0..5000u32).prop_map(|(key, time)| format!("pexpire {key} {time}")),
        1 => key().prop_map(|key| format!("persist {key}")),
        1 => key().prop_map(|key| format!("del {key}")),
        1 => (key(), key()).prop_map(|(key, other)| format!("rename {key} {other}")),
        1 => (key(), key(), 0..4u8).prop_map(|(key, other, to)| format!("copy {key} {other} db {to} replace")),
        1 => (key(), key()).prop_map(|(key, other)| format!("mset {key} 1 {other} 2")),
        2 => (key(), 0..4u8).prop_map(|(key, to)| format!("move {key} {to}")),
        1 => (0..4u8, 0..4u8).prop_map(|(one, other)| format!("swapdb {one} {other}")),
        2 => (0..4u8).prop_map(|database| format!("select {database}")),
        1 => Just("flushdb".to_string()),
        2 => ("[xy]", "[0-9a-z]{0,9}").prop_map(|(key, value)| format!("xadd {key} * f \"{value}\"")),
        1 => "[xy]".prop_map(|key| format!("xgroup create {key} g 0 mkstream")),
        1 => ("[xy]", "[ab]").prop_map(|(key, name)| format!("xreadgroup group g {name} count 2 streams {key} >")),
        1 => ("[xy]", "[ab]").prop_map(|(key, name)| format!("xautoclaim {key} g {name} 0 0 count 2")),
        1 => ("[xy]", "[ab]").prop_map(|(key, name)| format!("xgroup delconsumer {key} g {name}")),
    ]
}

/// What belongs together.
fn changes() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => change(),
        2 => proptest::collection::vec(change(), 0..6).prop_map(|lines| {
            let mut all = alloc::vec!["multi".to_string()];
            all.extend(lines);
            all.push("exec".to_string());
            all.join("\n")
        }),
    ]
}

fn policy() -> impl Strategy<Value = String> {
    prop_oneof![Just("always"), Just("everysec"), Just("no")].prop_map(|name| format!("config set appendfsync {name}"))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => changes().prop_map(Step::Send),
        1 => Just(Step::Send("flushall".into())),
        2 => Just(Step::Send("bgrewriteaof".into())),
        1 => policy().prop_map(Step::Send),
        1 => any::<bool>().prop_map(|on| Step::Send(format!("config set appendonly {}", if on { "yes" } else { "no" }))),
        6 => (1..8usize).prop_map(Step::Disk),
        1 => (1..3000u64).prop_map(Step::Pass),
    ]
}

/// The keys that are not past their time.
fn alive(contents: &Contents, now: Now) -> Contents {
    let is_alive = |expiry: &Option<i64>| expiry.is_none_or(|time| time > now.unix.ms());
    contents
        .iter()
        .filter(|(_, (_, expiry))| is_alive(expiry))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The increment that grows, and its length.
fn growing(world: &World) -> (String, usize) {
    let manifest = &world.files["appendonlydir/appendonly.aof.manifest"];
    let manifest = crate::persistence::aof::manifest::Manifest::parse(manifest).unwrap();
    let path = format!("appendonlydir/{}", manifest.increments.last().unwrap().name);
    let length = world.files[&path].len();
    (path, length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_reload_gives_the_same_keys(
        steps in proptest::collection::vec(step(), 1..60),
        rdb in prop_oneof![Just("yes"), Just("no")],
    ) {
        let parameters = format!("{PARAMETERS}\naof-use-rdb-preamble {rdb}");
        let mut world = World::started(&parameters);
        for step in steps {
            match step {
                Step::Send(lines) => world.send(1, &lines),
                Step::Disk(count) => {
                    for _ in 0..count {
                        let _ = world.disk_step() || world.timer_step();
                    }
                }
                Step::Pass(milliseconds) => world.pass_ms(milliseconds),
            }
        }
        world.settle();
        world.ask(1, "config set appendonly yes");
        // A rewrite that could not begin at once begins by the clock.
        world.pass_ms(3000);
        // One append that is synced takes all before with it.
        world.ask(1, "config set appendfsync always\nset last 1");
        let expected = alive(&world.contents(), world.now);
        for files in [&world.files, &world.durable] {
            let again = over(&parameters, files.clone(), world.now);
            prop_assert_eq!(again.exit, None, "{:?}", again.log);
            prop_assert_eq!(&alive(&again.contents(), again.now), &expected);
        }
        world.replies(1);
        prop_assert_eq!(world.ask(1, "debug loadaof"), "+OK\r\n");
        prop_assert_eq!(alive(&world.contents(), world.now), expected);
    }

    #[test]
    fn a_tail_that_is_cut_off_gives_what_was_before(
        steps in proptest::collection::vec(
            prop_oneof![
                12 => changes().prop_map(Step::Send),
                1 => Just(Step::Send("flushall".into())),
                1 => Just(Step::Send("bgrewriteaof".into())),
                1 => policy().prop_map(Step::Send),
                1 => (1..3000u64).prop_map(Step::Pass),
            ],
            1..25,
        ),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 16),
    ) {
        let mut world = World::started(PARAMETERS);
        // What there was when the increment had so many bytes.
        let mut states: BTreeMap<usize, Contents> = BTreeMap::new();
        let (mut path, mut length) = growing(&world);
        states.insert(length, world.contents());
        for step in steps {
            match step {
                Step::Pass(milliseconds) => world.pass_ms(milliseconds),
                Step::Send(lines) => world.send(1, &lines),
                Step::Disk(_) => {}
            }
            // Appends that nobody waits for begin at most once a millisecond.
            world.pass_ms(2);
            let before = core::mem::take(&mut path);
            (path, length) = growing(&world);
            if path != before {
                states.clear();
            }
            states.insert(length, world.contents());
        }
        for cut in cuts {
            let cut = cut.index(length + 1);
            let Some((_, before)) = states.range(..=cut).next_back() else { continue };
            // A key may have expired between a step and the next, which is a unit behind that of the step.
            let after = states.range(cut..).next().map(|(_, after)| alive(after, world.now));
            let mut files = world.files.clone();
            files.get_mut(&path).unwrap().truncate(cut);
            let again = over(PARAMETERS, files, world.now);
            prop_assert_eq!(again.exit, None, "{:?}", again.log);
            let found = alive(&again.contents(), again.now);
            let is_whole = found == alive(before, world.now) || Some(&found) == after.as_ref();
            let journal = String::from_utf8_lossy(&world.files[&path]);
            prop_assert!(is_whole, "{} of {} bytes of {:?} give {:?}", cut, length, journal, found);
        }
    }
}

/// Found at random, once in some thousand runs: what came meanwhile had no file
/// to go to, and nothing went to the file any more.
#[test]
fn switched_on_and_off_while_a_rewrite_takes_its_place() {
    let parameters = format!("{PARAMETERS}\naof-use-rdb-preamble yes");
    let mut world = World::started(&parameters);
    let disk = |world: &mut World, count: usize| {
        for _ in 0..count {
            let _ = world.disk_step() || world.timer_step();
        }
    };
    world.send(1, "config set appendonly no");
    disk(&mut world, 1);
    world.send(1, "bgrewriteaof");
    disk(&mut world, 13);
    world.send(1, "config set appendonly yes\nset a 1\nconfig set appendonly no");
    world.settle();
    world.ask(1, "config set appendonly yes");
    world.pass_ms(3000);
    world.ask(1, "set last 1");
    let again = over(&parameters, world.durable.clone(), world.now);
    assert_eq!(again.contents(), world.contents());
}
