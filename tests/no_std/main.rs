//! A program without std that links the engine and the place of Lua: the proof
//! that neither needs an operating system. It is linked, never run.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

extern crate engine;
extern crate lua;

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

struct Nothing;

// SAFETY: it never hands out memory.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// The parts of `alloc` that were compiled for unwinding name it; nothing
/// unwinds here.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

/// As above.
#[unsafe(no_mangle)]
pub extern "C" fn _Unwind_Resume() -> ! {
    loop {}
}

/// The entry point: uses both crates, so that their code is linked.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut parser = engine::resp::request::Parser::default();
    let mut requests = engine::resp::request::RequestBuffer::default();
    parser.parse(lua::VERSION.as_bytes(), engine::resp::request::Limits::default(), 1, &mut requests);
    let handle: fn(
        &mut engine::engine::Engine,
        engine::boundary::time::Now,
        engine::boundary::input::Input<'_>,
        &mut engine::boundary::effects::Effects,
    ) = engine::engine::Engine::handle;
    core::hint::black_box(handle);
    loop {}
}
