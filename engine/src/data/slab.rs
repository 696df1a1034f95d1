//! Memory for small entries: pages of equal slots, one size class a page.
//!
//! A general allocator rounds 40 bytes up to 48 and keeps caches that nobody
//! can account for. Here classes are 8 bytes apart where entries are small,
//! a page's header is found by masking a slot's address, and the number of
//! bytes in use is exact at every moment, so that eviction can be replayed.
//!
//! ```text
//! page, 64 KiB, aligned to its size
//! 0        32                                                      65536
//! +--------+------+------+------+------+-- ... --+------+----------+
//! | header | slot | slot | slot | slot |         | slot | remainder|
//! +--------+------+------+------+------+-- ... --+------+----------+
//!            a free slot starts with the index (u16) of the next free one
//! ```
//!
//! Slots are first handed out in order of address, so a page touches memory
//! only as it fills. A page that becomes empty goes back to the allocator
//! unless it is the last of its class with room.
#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use alloc::vec::Vec;
use core::ptr::{NonNull, null_mut};

/// Bytes of the largest slot. What is larger comes from the global allocator.
pub const SLOT_MAX: usize = 1024;
const PAGE_SIZE: usize = 1 << 16;
const HEADER_SIZE: usize = 32;
const NO_SLOT: u16 = u16::MAX;
const CLASS_COUNT: usize = 96;

/// The header of a page.
struct Page {
    next: *mut Page,
    previous: *mut Page,
    /// First of the freed slots, `NO_SLOT` if there is none.
    free: u16,
    /// Slots handed out for the first time so far.
    touched: u16,
    /// Slots in use.
    live: u16,
    /// Slots that fit.
    capacity: u16,
    class: u8,
}

const _: () = assert!(size_of::<Page>() <= HEADER_SIZE);

/// Allocates slots of up to [`SLOT_MAX`] bytes, aligned to 8, and larger
/// blocks from the global allocator; accounts for both.
///
/// Dropping a slab returns its pages whatever lives in them; the owner has
/// seen to larger blocks and to what entries own before.
pub struct Slab {
    /// Per class the pages that have room, a doubly linked list.
    room: [*mut Page; CLASS_COUNT],
    /// All pages that are full, so that a drop finds them.
    full: *mut Page,
    used_bytes: usize,
    page_count: usize,
}

// SAFETY:
// - a slab owns its pages, no page is reachable from elsewhere;
// - nothing in it depends on the thread.
unsafe impl Send for Slab {}

impl Default for Slab {
    fn default() -> Self {
        Self::new()
    }
}

impl Slab {
    /// An empty slab; allocates nothing.
    pub const fn new() -> Self {
        Slab { room: [null_mut(); CLASS_COUNT], full: null_mut(), used_bytes: 0, page_count: 0 }
    }

    /// Bytes of all slots and larger blocks in use, as sizes of their class.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Bytes of the pages that slots are cut from.
    pub fn page_bytes(&self) -> usize {
        self.page_count * PAGE_SIZE
    }

    /// Bytes that an allocation of `size` bytes takes.
    pub fn rounded(size: usize) -> usize {
        if size <= SLOT_MAX { slot_size(class_of(size)) } else { block_size(size) }
    }

    /// Accounts for a buffer that an entry owns and that went from one
    /// capacity to another, in bytes; 0 is no buffer.
    pub fn resize_owned(&mut self, before: usize, after: usize) {
        let size = |capacity| if capacity == 0 { 0 } else { block_size(capacity) };
        self.used_bytes = self.used_bytes - size(before) + size(after);
    }

    /// Accounts for bytes that an entry owns elsewhere from now on.
    pub fn add_owned(&mut self, bytes: usize) {
        self.used_bytes += bytes;
    }

    /// Likewise for those that it owns no more.
    pub fn subtract_owned(&mut self, bytes: usize) {
        self.used_bytes -= bytes;
    }

    /// Hands out `size` bytes, aligned to 8, not initialised.
    #[inline]
    pub fn allocate(&mut self, size: usize) -> NonNull<u8> {
        if size > SLOT_MAX {
            return self.allocate_block(size);
        }
        let class = class_of(size);
        self.used_bytes += slot_size(class);
        let mut page = self.room[class];
        if page.is_null() {
            page = self.add_page(class);
        }
        // SAFETY:
        // - `page` is a live page of this class with at least one slot free or
        //   untouched, for pages without room leave the list below;
        // - slot indices below `capacity` lie within the page.
        unsafe {
            let header = &mut *page;
            let index = if header.free != NO_SLOT {
                let index = header.free;
                header.free = slot(page, class, index).cast::<u16>().read();
                index
            } else {
                header.touched += 1;
                header.touched - 1
            };
            header.live += 1;
            if header.live == header.capacity {
                self.unlink(page, class);
                self.link_full(page);
            }
            NonNull::new_unchecked(slot(page, class, index))
        }
    }

    /// Takes back what [`Slab::allocate`] handed out.
    ///
    /// # Safety
    /// - `pointer` came from `allocate(size)` of this slab with a size of the
    ///   same class, and was not freed since;
    /// - nobody uses it any more.
    #[inline]
    pub unsafe fn free(&mut self, pointer: NonNull<u8>, size: usize) {
        if size > SLOT_MAX {
            self.used_bytes -= block_size(size);
            // SAFETY: allocated by `allocate_block` with this layout.
            unsafe { dealloc(pointer.as_ptr(), block_layout(size)) };
            return;
        }
        let class = class_of(size);
        self.used_bytes -= slot_size(class);
        // SAFETY:
        // - pages are aligned to their size, so the mask finds the header;
        // - the slot belongs to this page and is at least 8 bytes long.
        unsafe {
            let page = pointer.as_ptr().map_addr(|address| address & !(PAGE_SIZE - 1)).cast::<Page>();
            let header = &mut *page;
            debug_assert_eq!(header.class as usize, class);
            let offset = pointer.as_ptr().addr() - page.addr() - HEADER_SIZE;
            let index = (offset / slot_size(class)) as u16;
            pointer.as_ptr().cast::<u16>().write(header.free);
            header.free = index;
            if header.live == header.capacity {
                self.unlink_full(page);
                self.link(page, class);
            }
            header.live -= 1;
            let alone = header.next.is_null() && header.previous.is_null();
            if header.live == 0 && !alone {
                self.unlink(page, class);
                self.page_count -= 1;
                dealloc(page.cast(), PAGE_LAYOUT);
            }
        }
    }

    fn allocate_block(&mut self, size: usize) -> NonNull<u8> {
        self.used_bytes += block_size(size);
        let layout = block_layout(size);
        // SAFETY: the layout's size is over SLOT_MAX, hence not zero.
        let pointer = unsafe { alloc(layout) };
        NonNull::new(pointer).unwrap_or_else(|| handle_alloc_error(layout))
    }

    #[cold]
    fn add_page(&mut self, class: usize) -> *mut Page {
        // SAFETY: the layout's size is not zero.
        let page = unsafe { alloc(PAGE_LAYOUT) }.cast::<Page>();
        if page.is_null() {
            handle_alloc_error(PAGE_LAYOUT);
        }
        // SAFETY: `page` is valid for writes of a header, and aligned to more.
        unsafe {
            page.write(Page {
                next: null_mut(),
                previous: null_mut(),
                free: NO_SLOT,
                touched: 0,
                live: 0,
                capacity: ((PAGE_SIZE - HEADER_SIZE) / slot_size(class)) as u16,
                class: class as u8,
            });
        }
        self.page_count += 1;
        // SAFETY: the page is new and in no list.
        unsafe { self.link(page, class) };
        page
    }

    /// Puts a page in front of its class's list.
    ///
    /// # Safety
    /// `page` is a live page that is in no list.
    unsafe fn link(&mut self, page: *mut Page, class: usize) {
        // SAFETY: as for `push`.
        unsafe { push(&mut self.room[class], page) };
    }

    /// # Safety
    /// `page` is in its class's list.
    unsafe fn unlink(&mut self, page: *mut Page, class: usize) {
        // SAFETY: as for `take`.
        unsafe { take(&mut self.room[class], page) };
    }

    /// # Safety
    /// `page` is a live page that is in no list.
    unsafe fn link_full(&mut self, page: *mut Page) {
        // SAFETY: as for `push`.
        unsafe { push(&mut self.full, page) };
    }

    /// # Safety
    /// `page` is in the list of full pages.
    unsafe fn unlink_full(&mut self, page: *mut Page) {
        // SAFETY: as for `take`.
        unsafe { take(&mut self.full, page) };
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        for head in self.room.into_iter().chain([self.full]) {
            let mut page = head;
            while !page.is_null() {
                // SAFETY: every listed page is live, and is left before it is freed.
                unsafe {
                    let next = (*page).next;
                    dealloc(page.cast(), PAGE_LAYOUT);
                    page = next;
                }
            }
        }
    }
}

const PAGE_LAYOUT: Layout = match Layout::from_size_align(PAGE_SIZE, PAGE_SIZE) {
    Ok(layout) => layout,
    Err(_) => panic!("a page has a layout"),
};

/// # Safety
/// `page` is live and in no list; `head` is null or the first page of a list.
unsafe fn push(head: &mut *mut Page, page: *mut Page) {
    // SAFETY: both pages are live.
    unsafe {
        (*page).previous = null_mut();
        (*page).next = *head;
        if !head.is_null() {
            (**head).previous = page;
        }
    }
    *head = page;
}

/// # Safety
/// `page` is in the list that `head` begins.
unsafe fn take(head: &mut *mut Page, page: *mut Page) {
    // SAFETY: neighbours of a listed page are live.
    unsafe {
        let (previous, next) = ((*page).previous, (*page).next);
        if previous.is_null() {
            *head = next
        } else {
            (*previous).next = next
        }
        if !next.is_null() {
            (*next).previous = previous;
        }
        (*page).previous = null_mut();
        (*page).next = null_mut();
    }
}

/// The class of a slot for `size` bytes: 8 apart up to 512, 16 up to 1024.
#[inline]
const fn class_of(size: usize) -> usize {
    if size <= 512 { size.saturating_sub(1) / 8 } else { 64 + (size - 513) / 16 }
}

/// Bytes of a slot of a class.
#[inline]
const fn slot_size(class: usize) -> usize {
    if class < 64 { (class + 1) * 8 } else { 512 + (class - 63) * 16 }
}

/// # Safety
/// `page` is a live page of `class`, and `index` is below its capacity.
#[inline]
unsafe fn slot(page: *mut Page, class: usize, index: u16) -> *mut u8 {
    // SAFETY: the slot lies within the page's allocation.
    unsafe { page.cast::<u8>().add(HEADER_SIZE + index as usize * slot_size(class)) }
}

/// Bytes of a vector's allocation.
#[inline]
pub(in crate::data) fn vector_bytes<T>(vector: &Vec<T>) -> usize {
    if vector.capacity() == 0 { 0 } else { block_size(vector.capacity() * size_of::<T>()) }
}

/// The size that the global allocator makes of `size` bytes: four classes for
/// every doubling, as jemalloc has them, in whole pages from 16 KiB.
pub const fn block_size(size: usize) -> usize {
    if size <= 16 {
        return 16;
    }
    if size > isize::MAX as usize / 2 {
        return size;
    }
    let step = ((size - 1).ilog2() as usize).saturating_sub(2);
    let step = if step < 4 { 16 } else { 1 << step };
    size.div_ceil(step) * step
}

fn block_layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).expect("an entry is smaller than the address space")
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::data::hash::mix;

    #[test]
    fn classes_cover_their_sizes() {
        for size in 1..=SLOT_MAX {
            let class = class_of(size);
            assert!(class < CLASS_COUNT);
            assert!(slot_size(class) >= size, "{size}");
            assert!(class == 0 || slot_size(class - 1) < size, "{size}");
        }
        assert_eq!(block_size(1025), 1280);
        assert_eq!(block_size(4096), 4096);
        assert_eq!(block_size(4097), 5120);
    }

    #[test]
    fn slots_do_not_overlap_and_the_account_is_exact() {
        let mut slab = Slab::new();
        let mut live: Vec<(NonNull<u8>, usize, u8)> = Vec::new();
        let mut state = 7;
        for round in 0..60_000u64 {
            state = mix(state ^ round);
            if state % 5 < 3 || live.is_empty() {
                let size = 16 + (state >> 8) as usize % 1200;
                let pointer = slab.allocate(size);
                let mark = (state >> 40) as u8;
                // SAFETY: freshly allocated with this size.
                unsafe { pointer.write_bytes(mark, size) };
                live.push((pointer, size, mark));
            } else {
                let (pointer, size, mark) = live.swap_remove((state >> 8) as usize % live.len());
                // SAFETY: allocated above, freed once.
                unsafe {
                    assert_eq!(pointer.read(), mark);
                    assert_eq!(pointer.add(size - 1).read(), mark);
                    slab.free(pointer, size);
                }
            }
        }
        let expected: usize = live.iter().map(|&(_, size, _)| Slab::rounded(size)).sum();
        assert_eq!(slab.used_bytes(), expected);
        for (pointer, size, _) in live {
            // SAFETY: as above.
            unsafe { slab.free(pointer, size) };
        }
        assert_eq!(slab.used_bytes(), 0);
        assert!(slab.page_bytes() <= CLASS_COUNT * PAGE_SIZE);
    }
}
