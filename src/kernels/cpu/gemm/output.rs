//! One vector of results that many threads fill.

use std::mem::MaybeUninit;

/// Where results go: threads write to places of their own in one vector.
#[derive(Clone, Copy)]
pub(crate) struct OutputPtr<O> {
    start: *mut O,
    len: usize,
}

// SAFETY: an `OutputPtr` is only written through `OutputPtr::slice`, whose caller promises that no two threads overlap.
unsafe impl<O: Send> Sync for OutputPtr<O> {}
// SAFETY: as above.
unsafe impl<O: Send> Send for OutputPtr<O> {}

impl<O> OutputPtr<O> {
    /// The whole capacity of a vector that is about to be filled.
    pub(crate) fn new(out: &mut Vec<O>) -> Self {
        Self {
            start: out.as_mut_ptr(),
            len: out.capacity(),
        }
    }

    /// Elements to be written; they hold nothing yet.
    ///
    /// # Safety
    /// Nobody else reads or writes these elements while the slice lives, the vector outlives it and does not grow.
    #[inline(always)]
    pub(crate) unsafe fn slice<'a>(self, start: usize, len: usize) -> &'a mut [MaybeUninit<O>] {
        assert!(start + len <= self.len, "the results must lie within their vector");
        // SAFETY: within the vector's memory, and ours alone by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start).cast(), len) }
    }
}
