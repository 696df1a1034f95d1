//! What an engine is made from.

use crate::workload::Profile;
use engine::base::random::Random;
use engine::config::{Circumstances, Config};
use engine::engine::options::Options;
use engine::server::HostFacts;
use engine::server::personality::Personality;

/// The file that CONFIG REWRITE writes.
const CONFIG_FILE: &str = "/simulated/reprise.conf";

/// Options of a profile's engine.
pub(super) fn options(profile: &Profile, random: &mut Random) -> Result<Options, String> {
    let seed = random.next_u64();
    let personality = if random.below(4) == 0 { Personality::VALKEY } else { Personality::REDIS };
    let mut config = Config::at_defaults(personality.is_valkey());
    let text = format!("databases {}\nproto-max-bulk-len 1mb\nenable-debug-command yes\n", profile.databases);
    config.load(text.as_bytes(), &mut |_| Err(String::new())).map_err(|error| error.report("sim"))?;
    let maxmemory = profile.maxmemory.to_string();
    let pairs: &[(&[u8], &[u8])] =
        &[(b"maxmemory", maxmemory.as_bytes()), (b"maxmemory-policy", profile.policy.as_bytes())];
    drop(config.set(pairs, Circumstances::default()).map_err(|error| error.to_string())?);
    Ok(Options {
        seed,
        config,
        config_file: Some(CONFIG_FILE.into()),
        executable: "/simulated/reprise".into(),
        personality,
        host: HostFacts {
            system: "Linux 6.1 x86_64".into(),
            process_id: 4711,
            multiplexing: "events".into(),
            allocator: "none".into(),
        },
        renamed_commands: Vec::new(),
    })
}
