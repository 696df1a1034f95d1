//! The Reprise daemon.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let arguments: Vec<_> = std::env::args_os().collect();
    std::process::exit(net::program::run(&arguments));
}
