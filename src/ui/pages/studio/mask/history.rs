//! Undo and redo: the tiles that an edit changed, as they were before it.

use std::collections::{BTreeMap, VecDeque};

/// Most memory that undo and redo take together, in bytes; the oldest edits are forgotten first.
pub const MAX_HISTORY_BYTES: usize = 64 << 20;
/// Side of a tile, in pixels.
pub(super) const TILE_PX: u32 = 64;

/// The tiles of one edit by their number, as they are not now.
pub(super) type Tiles = BTreeMap<u32, Vec<u8>>;

/// What can be taken back, and done again.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    undo: VecDeque<Tiles>,
    redo: Vec<Tiles>,
    bytes: usize,
}

fn bytes(tiles: &Tiles) -> usize {
    tiles.values().map(Vec::len).sum()
}

impl History {
    /// An edit is done. Nothing that was taken back before can be done again.
    pub(super) fn push(&mut self, tiles: Tiles) {
        let dropped: usize = self.redo.drain(..).map(|tiles| bytes(&tiles)).sum();
        self.bytes = self.bytes - dropped + bytes(&tiles);
        self.undo.push_back(tiles);
        while self.bytes > MAX_HISTORY_BYTES && self.undo.len() > 1 {
            let oldest = self.undo.pop_front().unwrap_or_default();
            self.bytes -= bytes(&oldest);
        }
    }

    /// Takes the last edit back, or does the one that was taken back last again: `swap` exchanges its tiles with those
    /// that are there. Whether there was one.
    pub(super) fn step(&mut self, is_redo: bool, swap: impl FnOnce(&mut Tiles)) -> bool {
        let edit = if is_redo { self.redo.pop() } else { self.undo.pop_back() };
        let Some(mut edit) = edit else { return false };
        swap(&mut edit);
        if is_redo {
            self.undo.push_back(edit);
        } else {
            self.redo.push(edit);
        }
        true
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
