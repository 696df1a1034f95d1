//! The allocator, as far as it is told anything at run time.

/// `jemalloc-bg-thread`: whether a thread of its own gives freed memory back to the system.
pub fn set_background_thread(on: bool) {
    if tikv_jemalloc_ctl::background_thread::write(on).is_err() {
        tracing::warn!("The allocator refused to {} its background thread", if on { "start" } else { "stop" });
    }
}

/// Name and version, as in `jemalloc-5.3.1`.
pub fn name() -> String {
    let version = tikv_jemalloc_ctl::version::read().unwrap_or("unknown");
    // Behind the first hyphen stand the commits since, and their hash.
    format!("jemalloc-{}", version.split('-').next().unwrap_or(version))
}
