//! What is known of the pictures in sight, and of some that were lately.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::gallery::{EntryId, MetadataChange, PictureEntry, Ticket};

/// Most pictures of which all is known at once.
const MAX_KEPT: usize = 4096;

#[derive(Debug)]
struct Kept {
    entry: Arc<PictureEntry>,
    used: u64,
}

/// Entries by id, as many as are needed.
#[derive(Debug, Default)]
pub(super) struct EntryCache {
    kept: HashMap<EntryId, Kept>,
    /// Those that the index no longer has.
    gone: HashSet<EntryId>,
    wanted: Vec<EntryId>,
    awaited: Option<(Ticket, Vec<EntryId>)>,
    /// Whether what is kept may no longer be so.
    is_stale: bool,
    clock: u64,
}

impl EntryCache {
    pub(super) fn get(&self, id: EntryId) -> Option<&Arc<PictureEntry>> {
        self.kept.get(&id).map(|kept| &kept.entry)
    }

    /// Says which pictures are looked at now, the most wanted first.
    pub(super) fn want(&mut self, ids: Vec<EntryId>) {
        self.clock += 1;
        for id in &ids {
            if let Some(kept) = self.kept.get_mut(id) {
                kept.used = self.clock;
            }
        }
        self.wanted = ids;
    }

    /// What has to be asked for, if nothing is being asked for already.
    pub(super) fn missing(&self) -> Vec<EntryId> {
        if self.awaited.is_some() {
            return Vec::new();
        }
        let is_missing = |id: &EntryId| self.is_stale || !(self.kept.contains_key(id) || self.gone.contains(id));
        self.wanted.iter().copied().filter(is_missing).collect()
    }

    pub(super) fn asked(&mut self, ticket: Ticket, ids: Vec<EntryId>) {
        self.awaited = Some((ticket, ids));
        self.is_stale = false;
    }

    /// Takes in an answer; what it leaves out of what was asked for is gone.
    pub(super) fn take(&mut self, ticket: Ticket, entries: Vec<Arc<PictureEntry>>) {
        if let Some((_, asked)) = self.awaited.take_if(|(awaited, _)| *awaited == ticket) {
            let answered: HashSet<EntryId> = entries.iter().map(|entry| entry.id).collect();
            for id in asked.into_iter().filter(|id| !answered.contains(id)) {
                self.kept.remove(&id);
                self.gone.insert(id);
            }
        }
        self.put(entries);
    }

    pub(super) fn put(&mut self, entries: Vec<Arc<PictureEntry>>) {
        for entry in entries {
            let used = self.clock;
            self.gone.remove(&entry.id);
            self.kept.insert(entry.id, Kept { entry, used });
        }
        if self.kept.len() > MAX_KEPT {
            let mut ages: Vec<u64> = self.kept.values().map(|kept| kept.used).collect();
            let oldest = ages.len() - 3 * MAX_KEPT / 4;
            let (_, limit, _) = ages.select_nth_unstable(oldest);
            let (limit, clock) = (*limit, self.clock);
            self.kept.retain(|_, kept| kept.used > limit || kept.used == clock);
        }
    }

    /// Shows a change before the index has it.
    pub(super) fn mark(&mut self, ids: &[EntryId], change: &MetadataChange) {
        for id in ids {
            if let Some(kept) = self.kept.get_mut(id) {
                Arc::make_mut(&mut kept.entry).user_metadata.apply(change);
            }
        }
    }

    /// Asks again for what is looked at, an answer that is still awaited or not; what is kept stands until then.
    pub(super) fn look_again(&mut self) {
        self.awaited = None;
        self.gone.clear();
        self.is_stale = true;
    }
}
