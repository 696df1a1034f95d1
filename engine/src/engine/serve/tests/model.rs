//! Random clients against a plain model of who must be served when.

use super::World;
use crate::base::random::Random;
use crate::server::personality::Personality;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const CLIENTS: usize = 7;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

#[derive(Clone, Debug)]
enum Value {
    Text,
    List(VecDeque<String>),
}

/// A blocking command.
#[derive(Clone, Debug)]
enum Wish {
    /// BLPOP or BRPOP.
    Pop { keys: Vec<&'static str>, front: bool },
    /// BLMPOP.
    Range { keys: Vec<&'static str>, front: bool, count: usize },
    /// BLMOVE.
    Move { from: &'static str, to: &'static str, front: bool, to_front: bool },
}

#[derive(Clone, Debug)]
struct Waiter {
    client: usize,
    wish: Wish,
    until_ms: Option<u64>,
}

#[derive(Default)]
struct Model {
    values: BTreeMap<&'static str, Value>,
    /// In the order in which they began to wait.
    waiting: Vec<Waiter>,
    ready: VecDeque<&'static str>,
    replies: BTreeMap<usize, String>,
    now_ms: u64,
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn end(front: bool) -> &'static str {
    if front { "LEFT" } else { "RIGHT" }
}

impl Wish {
    fn keys(&self) -> Vec<&'static str> {
        match self {
            Wish::Pop { keys, .. } | Wish::Range { keys, .. } => keys.clone(),
            Wish::Move { from, .. } => Vec::from([*from]),
        }
    }

    fn request(&self, timeout: &str) -> String {
        match self {
            Wish::Pop { keys, front } => {
                format!("{} {} {timeout}", if *front { "BLPOP" } else { "BRPOP" }, keys.join(" "))
            }
            Wish::Range { keys, front, count } => {
                format!("BLMPOP {timeout} {} {} {} COUNT {count}", keys.len(), keys.join(" "), end(*front))
            }
            Wish::Move { from, to, front, to_front } => {
                format!("BLMOVE {from} {to} {} {} {timeout}", end(*front), end(*to_front))
            }
        }
    }
}

impl Model {
    fn list(&mut self, key: &'static str) -> Option<&mut VecDeque<String>> {
        match self.values.get_mut(key) {
            Some(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    fn is_text(&self, key: &str) -> bool {
        matches!(self.values.get(key), Some(Value::Text))
    }

    /// A key has changed.
    fn touch(&mut self, key: &'static str) {
        let wanted = self.waiting.iter().any(|waiter| waiter.wish.keys().contains(&key));
        if wanted && self.list(key).is_some() && !self.ready.contains(&key) {
            self.ready.push_back(key);
        }
    }

    fn take(&mut self, key: &'static str, front: bool) -> Option<String> {
        let list = self.list(key)?;
        let taken = if front { list.pop_front() } else { list.pop_back() };
        if list.is_empty() {
            self.values.remove(key);
        }
        taken
    }

    fn push(&mut self, key: &'static str, front: bool, element: String) {
        let Value::List(list) = self.values.entry(key).or_insert(Value::List(VecDeque::new())) else { return };
        if front {
            list.push_front(element);
        } else {
            list.push_back(element);
        }
    }

    /// What a wish is answered, if it need not wait.
    fn grant(&mut self, wish: &Wish) -> Option<String> {
        for key in wish.keys() {
            if self.is_text(key) {
                return Some(WRONG_TYPE.into());
            }
            if self.list(key).is_none() {
                continue;
            }
            return Some(match *wish {
                Wish::Pop { front, .. } => format!("*2\r\n{}{}", bulk(key), bulk(&self.take(key, front)?)),
                Wish::Range { front, count, .. } => {
                    let taken: Vec<String> = (0..count).map_while(|_| self.take(key, front)).collect();
                    let elements: String = taken.iter().map(|element| bulk(element)).collect();
                    format!("*2\r\n{}*{}\r\n{elements}", bulk(key), taken.len())
                }
                Wish::Move { to, .. } if self.is_text(to) => WRONG_TYPE.into(),
                Wish::Move { to, front, to_front, .. } => {
                    let element = self.take(key, front)?;
                    self.push(to, to_front, element.clone());
                    self.touch(to);
                    bulk(&element)
                }
            });
        }
        None
    }

    fn reply(&mut self, client: usize, text: &str) {
        *self.replies.entry(client).or_default() += text;
    }

    fn serve(&mut self) {
        while let Some(key) = self.ready.pop_front() {
            while self.list(key).is_some() {
                let Some(at) = self.waiting.iter().position(|waiter| waiter.wish.keys().contains(&key)) else { break };
                let waiter = self.waiting.remove(at);
                let reply = self.grant(&waiter.wish).expect("there is a list");
                self.reply(waiter.client, &reply);
            }
        }
    }

    fn wish(&mut self, client: usize, wish: Wish, until_ms: Option<u64>) {
        match self.grant(&wish) {
            Some(reply) => self.reply(client, &reply),
            None => self.waiting.push(Waiter { client, wish, until_ms }),
        }
    }

    /// Another command: its reply.
    fn command(&mut self, words: &[String]) -> String {
        let key = KEYS.into_iter().find(|key| words.get(1).is_some_and(|word| word == key)).unwrap_or("a");
        match words[0].as_str() {
            name @ ("LPUSH" | "RPUSH") => {
                if self.is_text(key) {
                    return WRONG_TYPE.into();
                }
                for element in &words[2..] {
                    self.push(key, name == "LPUSH", element.clone());
                }
                self.touch(key);
                format!(":{}\r\n", self.list(key).map_or(0, |list| list.len()))
            }
            "LPOP" if self.is_text(key) => WRONG_TYPE.into(),
            "LPOP" => self.take(key, true).map_or("$-1\r\n".into(), |element| bulk(&element)),
            "DEL" => format!(":{}\r\n", usize::from(self.values.remove(key).is_some())),
            "SET" => {
                self.values.insert(key, Value::Text);
                "+OK\r\n".into()
            }
            "RENAME" => {
                let other = KEYS.into_iter().find(|key| words[2] == *key).unwrap_or("a");
                let Some(value) = self.values.remove(key) else { return "-ERR no such key\r\n".into() };
                self.values.insert(other, value);
                self.touch(other);
                "+OK\r\n".into()
            }
            "FLUSHDB" => {
                self.values.clear();
                "+OK\r\n".into()
            }
            _ => unreachable!("a command of this test"),
        }
    }

    fn time_out(&mut self) {
        let now_ms = self.now_ms;
        let (over, waiting) = core::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiter| waiter.until_ms.is_some_and(|until_ms| until_ms <= now_ms));
        self.waiting = waiting;
        let over: Vec<Waiter> = over;
        over.iter().for_each(|waiter| self.reply(waiter.client, "*-1\r\n"));
    }
}

struct Play {
    world: World,
    ids: Vec<u64>,
    model: Model,
    random: Random,
    elements: u64,
}

impl Play {
    fn key(&mut self) -> &'static str {
        KEYS[self.random.below(KEYS.len() as u64) as usize]
    }

    fn draw_wish(&mut self) -> Wish {
        let keys = (0..1 + self.random.below(3)).map(|_| self.key()).collect();
        let front = self.random.below(2) == 0;
        match self.random.below(3) {
            0 => Wish::Pop { keys, front },
            1 => Wish::Range { keys, front, count: 1 + self.random.below(3) as usize },
            _ => Wish::Move { from: self.key(), to: self.key(), front, to_front: self.random.below(2) == 0 },
        }
    }

    fn draw_command(&mut self) -> Vec<String> {
        let (key, other) = (self.key(), self.key());
        let words: &[&str] = match self.random.below(14) {
            0..8 => {
                let name = if self.random.below(2) == 0 { "LPUSH" } else { "RPUSH" };
                let elements = (0..1 + self.random.below(4)).map(|_| {
                    self.elements += 1;
                    format!("e{}", self.elements)
                });
                return [name.into(), key.into()].into_iter().chain(elements).collect();
            }
            8 => &["LPOP", key],
            9 => &["SET", key, "v"],
            10 | 11 => &["RENAME", key, other],
            12 if self.random.below(4) == 0 => &["FLUSHDB"],
            _ => &["DEL", key],
        };
        words.iter().map(ToString::to_string).collect()
    }

    /// Somebody who does not wait does something.
    fn act(&mut self, client: usize) {
        let id = self.ids[client];
        match self.random.below(10) {
            0..4 => {
                let wish = self.draw_wish();
                let timeout_ms = if self.random.below(3) == 0 { 1 + self.random.below(40) } else { 0 };
                let until_ms = (timeout_ms > 0).then(|| self.model.now_ms + timeout_ms);
                let sent = self.world.ask(id, &wish.request(&format!("{}.{:03}", 0, timeout_ms)));
                *self.seen(client) += &sent;
                self.model.wish(client, wish, until_ms);
                self.model.serve();
            }
            4..8 => {
                // A pipeline: served after each.
                let commands: Vec<_> = (0..1 + self.random.below(3)).map(|_| self.draw_command()).collect();
                let bytes: String = commands.iter().map(|words| words.join(" ") + "\r\n").collect();
                let sent = self.world.send(id, bytes);
                *self.seen(client) += &sent;
                for words in commands {
                    let reply = self.model.command(&words);
                    self.model.reply(client, &reply);
                    self.model.serve();
                }
            }
            _ => {
                let commands: Vec<_> = (0..self.random.below(5)).map(|_| self.draw_command()).collect();
                let inner: String = commands.iter().map(|words| words.join(" ") + "\r\n").collect();
                let sent = self.world.send(id, format!("MULTI\r\n{inner}EXEC\r\n"));
                *self.seen(client) += &sent;
                let queued = "+QUEUED\r\n".repeat(commands.len());
                self.model.reply(client, &format!("+OK\r\n{queued}*{}\r\n", commands.len()));
                for words in commands {
                    let reply = self.model.command(&words);
                    self.model.reply(client, &reply);
                }
                self.model.serve();
            }
        }
    }

    /// What the world has sent to a client is compared with what the model has;
    /// kept there with a mark.
    fn seen(&mut self, client: usize) -> &mut String {
        self.model.replies.entry(client + CLIENTS).or_default()
    }

    fn compare(&mut self, step: u64) {
        for client in 0..CLIENTS {
            let rest = self.world.read(self.ids[client]);
            *self.seen(client) += &rest;
            let seen = core::mem::take(self.seen(client));
            let expected = core::mem::take(self.model.replies.entry(client).or_default());
            assert_eq!(seen, expected, "step {step}, client {client}");
        }
        let waiting = self.world.engine.server().sessions.iter().filter(|session| session.blocked.is_some());
        assert_eq!(waiting.count(), self.model.waiting.len(), "step {step}");
        assert_eq!(self.world.engine.server().blocking.is_empty(), self.model.waiting.is_empty());
        assert!(!self.world.engine.server().blocking.has_ready());
    }

    fn step(&mut self, step: u64) {
        let client = self.random.below(CLIENTS as u64) as usize;
        let waits = self.model.waiting.iter().position(|waiter| waiter.client == client);
        match (self.random.below(20), waits) {
            (0, _) => {
                let ms = self.random.below(30);
                self.world.advance_ms(ms);
                self.model.now_ms += ms;
                self.model.time_out();
            }
            (1, Some(at)) => {
                self.world.disconnect(self.ids[client]);
                self.ids[client] = self.world.connect();
                self.model.waiting.remove(at);
            }
            (2, Some(at)) => {
                let other = self.world.connect();
                let reply = self.world.ask(other, &format!("CLIENT UNBLOCK {}", self.ids[client]));
                assert_eq!(reply, ":1\r\n");
                self.world.disconnect(other);
                self.model.waiting.remove(at);
                self.model.reply(client, "*-1\r\n");
            }
            (_, Some(_)) => {}
            (_, None) => self.act(client),
        }
        self.compare(step);
    }
}

#[test]
fn as_the_model_has_it() {
    for seed in 0..6 {
        let mut world = World::with(&[("save", "")], Personality::REDIS);
        let ids = (0..CLIENTS).map(|_| world.connect()).collect();
        let model = Model::default();
        let mut play = Play { world, ids, model, random: Random::from_seed(seed), elements: 0 };
        for step in 0..4000 {
            play.step(step);
        }
        assert!(play.elements > 2000);
    }
}
