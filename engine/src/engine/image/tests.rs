//! A restored engine does what the one does of which the image was taken.

use super::ImageStep;
use crate::base::random::Random;
use crate::engine::Engine;
use crate::engine::test_world::World;
use crate::keyspace::snapshot::Slice;
use crate::server::personality::Personality;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A slice of images of these tests: small, so that much changes meanwhile.
const SMALL: Slice = Slice { entries: 40, bytes: 4000 };

/// The clients of a world, and what they do.
struct Clients {
    random: Random,
    names: u64,
    cursor: String,
}

impl Clients {
    fn key(&mut self) -> String {
        format!("key:{}", self.random.below(self.names))
    }

    /// Of all sizes and both encodings.
    fn value(&mut self) -> String {
        match self.random.below(8) {
            0 => format!("{}", self.random.below(300)),
            1 => format!("{}", self.random.next_u64() as i64),
            2 => "long".repeat(200 + self.random.below(400) as usize),
            3 => "x".repeat(1000),
            _ => "v".repeat(self.random.below(60) as usize + 1),
        }
    }

    fn request(&mut self) -> String {
        let (key, other, number) = (self.key(), self.key(), self.random.below(5000));
        match self.random.below(60) {
            56 => format!("RPUSH l{key} {} {number}", self.value()),
            57 => format!("LPUSH l{key} {}", self.value()),
            58 => format!("LTRIM l{key} -{} -1", number % 5),
            59 => format!("SADD s{key} {number} {}", self.value()),
            50 => format!("HSET h{key} f{} {}", number % 200, self.value()),
            51 | 52 => format!("HSETEX h{key} PX {} FIELDS 2 f{} a g{number} b", number + 1, number % 200),
            53 => format!("HPEXPIRE h{key} {number} FIELDS 2 f{} g{number}", number % 200),
            54 => format!("HGETEX h{key} PERSIST FIELDS 1 f{}", number % 200),
            55 => format!("HDEL h{key} f{} f{}", number % 200, number % 7),
            0..=7 => format!("SET {key} {}", self.value()),
            8..=10 => format!("SET {key} {} PX {}", self.value(), number + 1),
            11..=14 => format!("GET {key}"),
            15 => format!("APPEND {key} {}", self.value()),
            16 => format!("SETRANGE {key} {} {}", number % 1500, self.value()),
            17 => format!("INCRBY {key} {number}"),
            18..=20 => format!("DEL {key} {other}"),
            21 => format!("PEXPIRE {key} {number}"),
            22 => format!("PERSIST {key}"),
            23 => format!("RENAME {key} {other}"),
            24 => format!("COPY {key} {other} REPLACE"),
            25 => format!("MOVE {key} {}", number % 3),
            26 => format!("SELECT {}", number % 3),
            27 => "RANDOMKEY".into(),
            28 | 29 => format!("SCAN {} COUNT {}", self.cursor, number % 30 + 1),
            30 => format!("MEMORY USAGE {key}"),
            31 => format!("GETEX {key} EX {}", number % 20 + 1),
            32 => format!("OBJECT ENCODING {key}"),
            33 => "MULTI".into(),
            34 => "EXEC".into(),
            35 => format!("WATCH {key}"),
            36 => format!("PUBLISH news:{} {key}", number % 3),
            37 if number % 10 == 0 => format!("SWAPDB {} {}", number % 3, number % 2),
            37 => "CLIENT LIST".into(),
            38 => "INFO memory".into(),
            39 => format!("BLPOP list:{} list:{} 0.{number:04}", number % 3, number % 2),
            40 => format!("BLMOVE list:{} list:{} LEFT RIGHT 0.{number:04}", number % 3, number % 2),
            41 => format!("RPUSH list:{} {number}", number % 3),
            42 => "DEL list:0 list:1 list:2".into(),
            43 | 44 => format!("XADD s:{} * f {} g {key}", number % 3, self.value()),
            45 => format!("XGROUP CREATE s:{} g 0 MKSTREAM", number % 3),
            46 => format!("XREADGROUP GROUP g c{} COUNT 4 STREAMS s:{} >", number % 4, number % 3),
            47 => format!("XAUTOCLAIM s:{} g c{} {} 0 COUNT 3", number % 3, number % 4, number % 20),
            48 => format!("XTRIM s:{} MAXLEN {}", number % 3, number % 300),
            _ => format!("SET {other} {} KEEPTTL", self.value()),
        }
    }

    /// One client's request, or time that passes; what it came to.
    fn act(&mut self, worlds: &mut [World], ids: &[u64]) {
        let ms = if self.random.below(10) == 0 { self.random.below(300) } else { 0 };
        let id = ids[self.random.below(ids.len() as u64) as usize];
        let request = self.request();
        let mut replies = worlds.iter_mut().map(|world| {
            world.advance_ms(ms);
            (world.ask(id, &request), world.engine.next_deadline())
        });
        let first = replies.next();
        for other in replies {
            assert_eq!(first.as_ref(), Some(&other), "{request}");
        }
        if let Some((reply, _)) = first.filter(|_| request.starts_with("SCAN")) {
            self.cursor = reply.split("\r\n").nth(2).filter(|cursor| !cursor.is_empty()).unwrap_or("0").into();
            if self.cursor.parse::<u64>().is_err() {
                self.cursor = "0".into();
            }
        }
    }
}

fn subscribe(world: &mut World) {
    let id = world.connect();
    world.ask(id, "SUBSCRIBE news:1 news:2");
    world.ask(id, "PSUBSCRIBE __key*");
}

/// A world that has seen so many requests, and its clients.
fn busy(seed: u64, names: u64, requests: usize) -> (World, Vec<u64>, Clients) {
    let policies = ["noeviction", "allkeys-lru", "allkeys-lfu", "volatile-ttl", "allkeys-random", "volatile-lru"];
    let policy = policies[seed as usize % policies.len()];
    let memory = if policy == "noeviction" { "0" } else { "2600000" };
    let mut parameters = Vec::from([("maxmemory", memory), ("maxmemory-policy", policy), ("save", "")]);
    if seed % 2 == 1 {
        parameters.push(("notify-keyspace-events", "KEA"));
        parameters.push(("slowlog-log-slower-than", "1"));
    }
    let mut worlds = [World::with(&parameters, Personality::REDIS)];
    let ids: Vec<u64> = (0..4).map(|_| worlds[0].connect()).collect();
    subscribe(&mut worlds[0]);
    let mut clients = Clients { random: Random::from_seed(seed), names, cursor: "0".into() };
    for _ in 0..requests {
        clients.act(&mut worlds, &ids);
    }
    let [world] = worlds;
    (world, ids, clients)
}

/// Takes an image, with requests between its slices, which `later` is told of.
fn image_of(world: &mut World, mut between: impl FnMut(&mut World)) -> Option<(Engine, Vec<u8>)> {
    let (options, began) = (world.engine.options_for_image(), world.now);
    let mut image = world.engine.begin_image().expect("it rests");
    loop {
        match world.engine.step_image(SMALL) {
            ImageStep::More(bytes) => image.extend(bytes),
            ImageStep::Done(bytes) => {
                image.extend(bytes);
                return Some((Engine::restore(options, began, &image).expect("an image"), image));
            }
            ImageStep::Lost => return None,
        }
        between(world);
    }
}

#[test]
fn the_restored_engine_is_the_same_and_stays_so() {
    for seed in 0..9 {
        let (names, requests) = if seed % 3 == 0 { (3000, 6000) } else { (40, 1000) };
        let (mut world, ids, mut clients) = busy(seed, names, requests);
        let hash = world.engine.state_hash();
        let Some((restored, _)) = image_of(&mut world, |_| {}) else { panic!("nothing happened meanwhile") };
        assert_eq!(world.engine.state_hash(), hash, "nobody can tell");
        assert_eq!(restored.state_hash(), hash, "seed {seed}");
        let twin = world.twin(restored);
        let mut worlds = [world, twin];
        for at in 0..1000 {
            clients.act(&mut worlds, &ids);
            if at % 500 == 0 {
                let [one, other] = &worlds;
                assert_eq!(one.engine.state_hash(), other.engine.state_hash(), "seed {seed}, request {at}");
            }
        }
        worlds.iter_mut().for_each(|world| world.advance_ms(30_000));
        assert_eq!(worlds[0].engine.state_hash(), worlds[1].engine.state_hash(), "seed {seed}");
    }
}

#[test]
fn what_happens_while_an_image_grows_is_not_in_it() {
    for seed in 0..4 {
        let (mut world, ids, mut clients) = busy(seed, 3000, 4000);
        let hash = world.engine.state_hash();
        // The same again without an image.
        let (mut undisturbed, _, mut again) = busy(seed, 3000, 4000);
        let image = image_of(&mut world, |world| {
            for _ in 0..20 {
                again.act(core::slice::from_mut(&mut undisturbed), &ids);
                clients.act(core::slice::from_mut(world), &ids);
            }
        });
        let (restored, _) = image.expect("nothing is flushed");
        assert_eq!(restored.state_hash(), hash, "seed {seed}");
        assert_eq!(world.engine.state_hash(), undisturbed.engine.state_hash(), "seed {seed}");
    }
}

#[test]
fn an_image_gives_way_to_a_flush() {
    let (mut world, ids, _) = busy(0, 3000, 2000);
    let flush = |world: &mut World| drop(world.ask(ids[0], "FLUSHALL ASYNC"));
    for command in ["DISCARD", "UNWATCH", "SELECT 0"] {
        world.ask(ids[0], command);
    }
    assert!(image_of(&mut world, flush).is_none());
    assert!(world.engine.rests());
    assert!(image_of(&mut world, flush).is_some(), "there is nothing to be flushed");
}

#[test]
fn what_is_no_image_is_refused() {
    let (mut world, ..) = busy(1, 40, 300);
    let (_, image) = image_of(&mut world, |_| {}).expect("an image");
    let mut random = Random::from_seed(5);
    for _ in 0..300 {
        let mut damaged = image.clone();
        damaged.truncate(random.below(image.len() as u64) as usize);
        if let Some(byte) = damaged.get_mut(random.below(image.len() as u64) as usize) {
            *byte ^= 1 << random.below(8);
        }
        // It need not be noticed, but nothing panics.
        drop(Engine::restore(world.engine.options_for_image(), world.now, &damaged));
    }
}
