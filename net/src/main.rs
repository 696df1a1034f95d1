//! The Reprise daemon.

use engine::boundary::effects::{Effects, LogLevel};
use engine::boundary::input::Input;
use engine::config::{CommandLine, Config, Id};
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::server::HostFacts;
use engine::server::personality::Personality;
use net::disk::{DiskThread, work};
use net::host::{Host, TokioHost};
use net::oracle::System;
use net::shared::{Log, Parts, Shared};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::mpsc::channel;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

struct Standard;

impl Log for Standard {
    fn log(&self, _level: LogLevel, message: &str) {
        println!("{message}");
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let arguments: Vec<&[u8]> = arguments.iter().map(|argument| argument.as_bytes()).collect();
    let line = CommandLine::parse(&arguments);
    let mut config = Config::new();
    config.load(&line.text(b"", b""), &mut |_| None.ok_or(()).map_err(|()| unreachable!())).ok();
    let host = TokioHost::new();
    if let Some(directory) = config.optional_text(Id::Dir) {
        std::env::set_current_dir(std::ffi::OsStr::from_bytes(directory)).expect("a directory");
    }
    let threads = config.integer(Id::IoThreads).max(1);
    let port = config.integer(Id::Port) as u16;
    let options = Options {
        seed: std::process::id().into(),
        config,
        config_file: None,
        executable: String::new(),
        personality: Personality::REDIS,
        host: HostFacts { process_id: std::process::id(), ..HostFacts::default() },
        renamed_commands: Vec::new(),
    };
    let engine = Engine::new(options, host.now());
    let (disk, queue) = DiskThread::new();
    let (garbage, to_drop) = channel();
    std::thread::spawn(move || to_drop.into_iter().for_each(drop));
    let parts = Parts {
        engine,
        effects: Effects::new(Box::new(System::new(Box::new(|_, _| Ok(()))))),
        disk: Box::new(disk),
        log: Arc::new(Standard),
        garbage,
        ready: Box::new(|| {}),
    };
    let shared = Shared::new(parts, host);
    let for_disk = Arc::clone(&shared);
    std::thread::spawn(move || work(&queue, |token, result| for_disk.handle(Input::Disk { token, result })));
    shared.handle(Input::Start);
    for thread in 1..threads {
        let shared = Arc::clone(&shared);
        std::thread::spawn(move || serve(&shared, port, thread));
    }
    serve(&shared, port, 0);
}

fn serve(shared: &Arc<Shared<TokioHost>>, port: u16, thread: i64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_reuseport(true).expect("reuseport");
        socket.set_reuseaddr(true).expect("reuseaddr");
        socket.bind(([127, 0, 0, 1], port).into()).expect("bind");
        let listener = socket.listen(511).expect("listen");
        if thread == 0 {
            tokio::task::spawn_local(net::timer::run(Arc::clone(shared)));
        }
        net::listener::accept_tcp(listener, Arc::clone(shared)).await;
    });
}
