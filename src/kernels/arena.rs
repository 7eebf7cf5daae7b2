//! The program's allocator: the system's, but large blocks are kept when they are freed and handed out again.
//!
//! A network's layers ask for the same few megabytes over and over. Given back to the system each time, every block
//! would come back as pages that the kernel has to clear one by one, which costs more than many layers compute. Kept
//! blocks are also aligned to cache lines, and the largest to huge pages, which the tile instructions want.

#![expect(unsafe_code, reason = "an allocator is made of raw memory")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::{Mutex, PoisonError};

/// Smaller blocks are the system's business.
const SMALLEST: usize = 64 << 10;
/// Kept blocks together are at most this large; beyond it they go back to the system.
const MOST_KEPT: usize = 1 << 30;
/// Two megabytes: a huge page on x86 and Arm.
const HUGE_PAGE: usize = 2 << 20;
/// Cache line, and row of a tile.
const LINE: usize = 64;
/// Sizes are rounded up to one of this many steps between powers of two, so that a block fits many requests.
const STEPS: usize = 8;
/// Size classes from [`SMALLEST`] to 2⁴⁷.
const CLASSES: usize = (48 - SMALLEST.trailing_zeros() as usize) * STEPS;

/// The program's global allocator: the system's, but large blocks are kept when they are freed and handed out again,
/// aligned to cache lines and, the largest, to huge pages.
#[derive(Debug)]
pub struct Arena {
    kept: Mutex<Kept>,
}

/// Freed blocks by size class; each block's first word points to the next.
#[derive(Debug)]
struct Kept {
    first: [*mut u8; CLASSES],
    bytes: usize,
}

// SAFETY: the blocks belong to the list and are reached under the mutex only.
unsafe impl Send for Kept {}

impl Arena {
    /// Keeps nothing yet.
    pub const fn new() -> Self {
        Self {
            kept: Mutex::new(Kept {
                first: [std::ptr::null_mut(); CLASSES],
                bytes: 0,
            }),
        }
    }

    /// Gives all kept blocks back to the system: after a model was loaded or put away, when sizes will be others.
    pub fn trim(&self) {
        for class in 0..CLASSES {
            while let Some(block) = self.take(class) {
                // SAFETY: a kept block of this class was allocated by `System` with this layout.
                unsafe { System.dealloc(block, class_layout(class)) };
            }
        }
    }

    fn take(&self, class: usize) -> Option<*mut u8> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let block = kept.first[class];
        if block.is_null() {
            return None;
        }
        // SAFETY: a kept block begins with the address of the next, written in `keep`.
        kept.first[class] = unsafe { next_of(block).read() };
        kept.bytes -= class_layout(class).size();
        Some(block)
    }

    /// Whether there was room for it.
    fn keep(&self, block: *mut u8, class: usize) -> bool {
        let size = class_layout(class).size();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size > MOST_KEPT {
            return false;
        }
        // SAFETY: the block is free, at least `SMALLEST` large and aligned to a cache line.
        unsafe { next_of(block).write(kept.first[class]) };
        kept.first[class] = block;
        kept.bytes += size;
        true
    }
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a kept block says which is the next.
fn next_of(block: *mut u8) -> *mut *mut u8 {
    block.cast()
}

/// The size class of a request, `None` if it is the system's.
fn class_of(layout: Layout) -> Option<usize> {
    if layout.size() < SMALLEST || layout.align() > LINE {
        return None;
    }
    // With n between 2ᵏ and 2ᵏ⁺¹, the class counts eighths of 2ᵏ, rounded up.
    let last = layout.size() - 1;
    let power = last.ilog2() as usize;
    let step = (last >> (power - 3)) & (STEPS - 1);
    let class = power * STEPS + step + 1 - SMALLEST.trailing_zeros() as usize * STEPS;
    (class < CLASSES).then_some(class)
}

/// Size and alignment of a class.
fn class_layout(class: usize) -> Layout {
    let (power, step) = (class / STEPS, class % STEPS);
    let size = (SMALLEST << power) / STEPS * (STEPS + step);
    let align = if size >= HUGE_PAGE { HUGE_PAGE } else { LINE };
    // SAFETY: the alignment is a power of two, and no class comes near the end of the address space.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

/// Asks for huge pages where that is the program's choice.
fn advise(block: *mut u8, size: usize) {
    #[cfg(target_os = "linux")]
    if size >= HUGE_PAGE {
        // SAFETY: the range is a block of ours; advice changes no content.
        unsafe { libc::madvise(block.cast(), size, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _unused = (block, size);
}

// SAFETY: blocks come from `System` with a layout that covers the request, are handed out once at a time, and go back
// with the layout they came with, which the request's layout determines.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class_of(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        };
        if let Some(block) = self.take(class) {
            return block;
        }
        let layout = class_layout(class);
        // SAFETY: no class is empty.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            advise(block, layout.size());
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class_of(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc_zeroed(layout) };
        };
        if let Some(block) = self.take(class) {
            // SAFETY: the block is at least as large as the request.
            unsafe { block.write_bytes(0, layout.size()) };
            return block;
        }
        let layout = class_layout(class);
        // SAFETY: no class is empty.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            advise(block, layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class_of(layout) {
            Some(class) if self.keep(block, class) => {}
            // SAFETY: it was allocated with the layout of its class.
            Some(class) => unsafe { System.dealloc(block, class_layout(class)) },
            // SAFETY: the caller's promise.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the alignment is valid and the caller promises that the size is.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        match (class_of(layout), class_of(new_layout)) {
            // SAFETY: the caller's promise.
            (None, None) => unsafe { System.realloc(block, layout, new_size) },
            (Some(old), Some(new)) if old == new => block,
            _ => {
                // SAFETY: both blocks hold at least the smaller size and are not the same.
                unsafe {
                    let moved = self.alloc(new_layout);
                    if !moved.is_null() {
                        moved.copy_from_nonoverlapping(block, layout.size().min(new_size));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_should_hold_the_requests_that_map_to_it_and_waste_little() {
        for size in (SMALLEST..SMALLEST + 4096).chain((1..400).map(|i| SMALLEST + i * 333_337)) {
            let class = class_of(Layout::from_size_align(size, 4).unwrap()).unwrap();
            let held = class_layout(class).size();
            assert!(held >= size, "{size} does not fit class {class} of {held}");
            assert!(held <= size + size / 7 + 1, "{size} wastes much of {held}");
            assert_eq!(class_of(Layout::from_size_align(held, 4).unwrap()), Some(class));
        }
        assert_eq!(class_of(Layout::from_size_align(SMALLEST - 1, 4).unwrap()), None);
        assert_eq!(class_of(Layout::from_size_align(1 << 20, 4096).unwrap()), None);
    }

    #[test]
    fn freed_blocks_should_come_back_aligned_and_trimming_should_let_go_of_them() {
        let arena = Arena::new();
        let layout = Layout::from_size_align(5 << 20, 4).unwrap();
        // SAFETY: every block is freed once, with its layout.
        unsafe {
            let first = arena.alloc(layout);
            assert_eq!(first.addr() % HUGE_PAGE, 0);
            first.write_bytes(1, layout.size());
            let grown = arena.realloc(first, layout, layout.size() + 1);
            assert_eq!(grown.add(layout.size() - 1).read(), 1, "content moves along");
            arena.dealloc(grown, Layout::from_size_align(layout.size() + 1, 4).unwrap());
            let again = arena.alloc_zeroed(layout);
            assert_eq!(again, first, "the freed block is used again");
            assert_eq!(
                again.add(layout.size() - 1).read(),
                0,
                "and cleared where that was asked for"
            );
            arena.dealloc(again, layout);
        }
        arena.trim();
        assert_eq!(arena.kept.lock().unwrap().bytes, 0);
    }
}
