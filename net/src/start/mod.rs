//! Starting the server, step by step, until it serves.
//!
//! ```text
//! configuration ─> background? ─> descriptors ─> listening ─> pid file, title ─> engine ─> threads ─> serving
//! ```
//!
//! Nothing starts a thread before the process has gone into the background. Listening begins before the engine is made, so
//! that a port that is taken is noticed before anything else is touched.

pub mod configuration;
pub mod notice;
pub(crate) mod threads;

use crate::commit::Commit;
use crate::disk::{DiskThread, Files};
use crate::host::Host;
use crate::listener::Listeners;
use crate::listener::accept::Acceptor;
use crate::listener::socket::{SocketOptions, UnixAccess, system_text};
use crate::log::{Logger, ROLE_PRIMARY};
use crate::oracle::System;
use crate::process::pidfile::{self, PidFile};
use crate::process::supervisor::Supervisor;
use crate::process::title::Title;
use crate::process::{affinity, limits};
use crate::raw::ArgumentArea;
use crate::recorder::{RecordedOracle, Recorder};
use crate::settings::Settings;
use crate::shared::{Parts, Shared};
use crate::tokio_host::TokioHost;
use crate::{allocator, crash, signal};
use configuration::{Configuration, ConfigurationError};
use engine::boundary::effects::Effects;
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::config::{Config, FileError, FileFault, Id, Value};
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::server::HostFacts;
use engine::server::personality::Personality;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::LocalRuntime;
use tokio::sync::mpsc::unbounded_channel;

/// Starts a server and serves until something ends the process. Returns the exit code when it could not be started.
pub fn run(program: &str, personality: Personality, arguments: &[&[u8]]) -> i32 {
    let logger = Logger::new();
    logger.receive_events();
    let Some(mut configuration) = configure(personality, arguments, &logger) else { return 1 };
    let executable = std::env::current_exe().map_or_else(|_| program.to_owned(), |path| path.display().to_string());
    let supervisor = Supervisor::find(configuration.config.chosen(engine::config::Id::Supervised));
    let is_background = configuration.config.boolean(Id::Daemonize) && !supervisor.is_there();
    if is_background && let Err(errno) = nix::unistd::daemon(true, false) {
        tracing::warn!("Could not go into the background: {}", errno.desc());
        return 1;
    }
    crash::report_crashes(personality, executable.clone());
    notice::starting(personality, !arguments.is_empty());
    logger.set_role(ROLE_PRIMARY);
    if !prepare_process(&mut configuration) {
        return 1;
    }
    let runtime = match threads::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!("Could not watch for events: {}", system_text(&error));
            return 1;
        }
    };
    let host = TokioHost::new(runtime.handle().clone());
    let Some((listeners, acceptor)) = listen(&configuration.config, &host) else { return 1 };
    let config = &configuration.config;
    let pid_file = write_pid_file(config, personality, is_background);
    let area = config.boolean(Id::SetProcTitle).then(ArgumentArea::take).flatten();
    let title = Title::new(program, config, configuration.file.as_deref(), area);
    let mut settings = Settings::new(config, listeners, Arc::clone(&logger), title);
    settings.apply_all();
    notice::running(config, personality, &logger);
    notice::backlog(config.integer(Id::TcpBacklog));
    let daemon = Daemon { settings: Mutex::new(settings), supervisor, pid_file };
    serve(configuration, executable, personality, Served { logger, daemon: Arc::new(daemon), runtime, host, acceptor })
}

/// Reads the configuration, and lets the log follow it. What is wrong is told where the reference tells it.
fn configure(personality: Personality, arguments: &[&[u8]], logger: &Arc<Logger>) -> Option<Configuration> {
    let report =
        |error: FileError| eprint!("{}", error.report(&format!("{} {}", personality.title, personality.version)));
    let configuration = match configuration::load(arguments, personality) {
        Ok(configuration) => configuration,
        Err(ConfigurationError::Unreadable(path, error)) => {
            let (path, text) = (path.display(), system_text(&error));
            tracing::warn!("Fatal error, can't open config file '{path}': {text}");
            return None;
        }
        Err(ConfigurationError::Refused(error)) => {
            report(error);
            return None;
        }
    };
    if let Err(error) = logger.configure(&configuration.config) {
        report(FileError { line: None, fault: FileFault::LogFile(system_text(&error)) });
        return None;
    }
    crash::set_enabled(configuration.config.boolean(Id::CrashLogEnabled));
    Some(configuration)
}

/// Signals, memory, processors, descriptors. False when the process cannot serve.
fn prepare_process(configuration: &mut Configuration) -> bool {
    let config = &mut configuration.config;
    if let Some(databases) = configuration.overruled_databases {
        tracing::warn!("Cluster mode has one database; {databases} were configured.");
    }
    if config.unsigned(Id::TlsPort) > 0 {
        tracing::warn!("TLS is not available in this version: tls-port must be 0. Exiting.");
        return false;
    }
    if !config.text(Id::Aclfile).is_empty() {
        tracing::warn!("ACL users are not available in this version: the aclfile is not read.");
    }
    signal::block();
    if config.boolean(Id::DisableThp) && nix::sys::prctl::set_thp_disable(true).is_err() {
        tracing::warn!("Could not switch transparent huge pages off for this process.");
    }
    affinity::keep_to(config.text(Id::ServerCpulist));
    allocator::set_background_thread(config.boolean(Id::JemallocBgThread));
    let clients = config.unsigned(Id::Maxclients);
    let reserve = limits::reserve(config.unsigned(Id::IoThreads));
    let room = limits::make_room(clients, reserve);
    if room == 0 {
        let least = reserve + 1;
        tracing::warn!(
            "The limit of open files is too low for the server to start: it needs {least} at least. Exiting."
        );
        return false;
    }
    config.assign(Id::Maxclients, Value::Integer(room.min(clients) as i64));
    true
}

/// Listens on everything that is configured.
fn listen(config: &Config, host: &TokioHost) -> Option<(Listeners<TokioHost>, Acceptor<TokioHost>)> {
    let options = SocketOptions {
        backlog: config.unsigned(Id::TcpBacklog) as i32,
        mark: config.unsigned(Id::SocketMarkId) as u32,
    };
    let (mut listeners, acceptor) = Listeners::new(options, host.clone());
    let port = config.unsigned(Id::Port) as u16;
    if listeners.listen_tcp(config.binds(), port).is_err() {
        tracing::warn!("Failed listening on port {port} (tcp), aborting.");
        return None;
    }
    let path = config.text(Id::Unixsocket);
    if !path.is_empty() {
        let access = UnixAccess {
            permissions: config.unsigned(Id::Unixsocketperm) as u32,
            group: String::from_utf8_lossy(config.text(Id::Unixsocketgroup)).into_owned(),
        };
        if let Err(error) = listeners.listen_unix(PathBuf::from(OsStr::from_bytes(path)), &access) {
            tracing::warn!("Failed opening Unix socket: bind: {}", system_text(&error));
            return None;
        }
    }
    if !listeners.has_tcp() && listeners.unix_path().is_none() {
        tracing::warn!("Configured to not listen anywhere, exiting.");
        return None;
    }
    Some((listeners, acceptor))
}

fn write_pid_file(config: &Config, personality: Personality, is_background: bool) -> Option<PidFile> {
    let path = config.text(Id::Pidfile);
    match path {
        b"" if is_background => PidFile::write(&pidfile::default_path(personality.server)),
        b"" => None,
        path => PidFile::write(Path::new(OsStr::from_bytes(path))),
    }
}

/// The parts that stay when the server serves.
struct Served {
    logger: Arc<Logger>,
    daemon: Arc<Daemon>,
    runtime: LocalRuntime,
    host: TokioHost,
    acceptor: Acceptor<TokioHost>,
}

/// The process around the engine.
pub(crate) struct Daemon {
    settings: Mutex<Settings>,
    supervisor: Supervisor,
    pid_file: Option<PidFile>,
}

impl Daemon {
    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the supervisor that clients are served.
    fn ready(&self) {
        self.supervisor.tell("STATUS=Ready to accept connections\nREADY=1\n");
    }

    /// Tidies up and ends the process.
    fn exit(&self, code: i32) -> ! {
        self.supervisor.tell("STOPPING=1\n");
        // After a failure the last line of the log is what failed.
        let orderly = code == 0;
        if let Some(pid_file) = &self.pid_file {
            if orderly {
                tracing::info!("Removing the pid file.");
            }
            pid_file.remove();
        }
        let mut settings = self.settings();
        if orderly && settings.listeners.unix_path().is_some() {
            tracing::info!("Removing the unix socket file.");
        }
        settings.listeners.close();
        std::process::exit(code);
    }
}

fn serve(configuration: Configuration, executable: String, personality: Personality, served: Served) -> i32 {
    let Served { logger, daemon, runtime, host, acceptor } = served;
    let Configuration { config, file, renamed_commands, .. } = configuration;
    let threads = config.unsigned(Id::IoThreads) as usize;
    let background_processors = config.text(Id::BioCpulist).to_vec();
    let Some(seed) = host.seed() else {
        tracing::warn!("The system has no randomness to offer. Exiting.");
        return 1;
    };
    let options = Options {
        seed,
        config,
        config_file: file.map(|path| path.display().to_string()),
        executable,
        personality,
        host: host_facts(),
        renamed_commands,
    };
    let now = host.now();
    let recorder = Recorder::new(options.config.bytes(Id::RecordMaxSize), background_processors.clone());
    if let Err(error) = record(&recorder, &options, now) {
        tracing::warn!("Failed to begin the recording: {error}");
        return 1;
    }
    let engine = Engine::new(options, now);
    tracing::info!("Server initialized");
    let commit = Arc::new(Commit::default());
    let files = Arc::new(Files::default());
    let (disk, queue, jobs) = DiskThread::new(Arc::clone(&commit), Arc::clone(&files));
    let (garbage, to_drop) = channel();
    let (wanted_links, links) = unbounded_channel();
    let [for_settings, for_ready, for_exit, for_signal] = [(); 4].map(|()| Arc::clone(&daemon));
    let records = recorder.clone();
    let apply = move |parameter: &str, value: &str| match parameter {
        "record" => records.set_directory(value).map_err(|error| system_text(&error)),
        "record-max-size" => {
            records.set_size_max(value.parse().unwrap_or(0));
            Ok(())
        }
        _ => for_settings.settings().apply(parameter, value),
    };
    let parts = Parts {
        engine,
        effects: Effects::new(Box::new(RecordedOracle::new(System::new(Box::new(apply)), recorder.clone()))),
        recorder: Some(recorder.clone()),
        disk: Box::new(disk),
        wanted_links,
        log: logger,
        garbage,
        ready: Box::new(move || for_ready.ready()),
        exit: Box::new(move |code| for_exit.exit(code)),
    };
    let shared = Shared::new(parts, host);
    let [for_disk, for_recorder] = [(); 2].map(|()| Arc::clone(&shared));
    let commits = threads::Commits { commit, files, queue };
    let of_disk = commits.clone();
    recorder.step_by(Box::new(move || {
        let more = for_recorder.step_image();
        for_recorder.let_others_in();
        more
    }));
    threads::start_background("disk", background_processors.clone(), move || {
        jobs.work(&of_disk.files, &of_disk.commit, |ended| for_disk.completed(ended));
    });
    threads::start_background("drop", background_processors, move || to_drop.into_iter().for_each(drop));
    let signals = signal::wait(move |code| for_signal.exit(code));
    let options = daemon.settings().connection_options();
    shared.handle(Input::Start);
    threads::serve(&shared, threads, runtime, threads::Duties { acceptor, options, signals, links, commits });
    0
}

/// Begins to record, if that is configured.
fn record(recorder: &Recorder, options: &Options, now: Now) -> Result<(), std::io::Error> {
    let directory = options.config.text(Id::Record);
    if directory.is_empty() {
        return Ok(());
    }
    recorder.start(options, now, Path::new(OsStr::from_bytes(directory)))
}

fn host_facts() -> HostFacts {
    let system = nix::sys::utsname::uname().map_or_else(
        |_| String::new(),
        |name| {
            let text = |part: &OsStr| part.to_string_lossy().into_owned();
            format!("{} {} {}", text(name.sysname()), text(name.release()), text(name.machine()))
        },
    );
    HostFacts { system, process_id: std::process::id(), multiplexing: "epoll".into(), allocator: allocator::name() }
}
