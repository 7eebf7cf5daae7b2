//! Which pictures are chosen, and where the keyboard is.

use std::collections::HashSet;

use crate::gallery::{EntryId, SearchResult};
use crate::ui::commands::SelectMode;

/// Pictures chosen among those found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    chosen: HashSet<EntryId>,
    /// Where the keyboard is, by place and by name.
    focus: Option<(usize, EntryId)>,
    /// Where a range begins.
    anchor: usize,
}

impl Selection {
    /// Whether a picture is chosen.
    pub fn contains(&self, id: EntryId) -> bool {
        self.chosen.contains(&id)
    }

    /// How many are chosen.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether none is chosen.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Where the keyboard is, by place among those found.
    pub fn focus(&self) -> Option<usize> {
        self.focus.map(|(index, _)| index)
    }

    /// The picture the keyboard is at.
    pub fn focused_id(&self) -> Option<EntryId> {
        self.focus.map(|(_, id)| id)
    }

    /// The chosen pictures in the order they were found.
    pub fn ids(&self, found: &SearchResult) -> Vec<EntryId> {
        if self.chosen.len() == 1 {
            return self.chosen.iter().copied().collect();
        }
        let ids = found.ids.iter().copied();
        ids.filter(|id| self.chosen.contains(id)).collect()
    }

    pub(super) fn choose(&mut self, found: &SearchResult, index: usize, choice: SelectMode) {
        let Some(&id) = found.ids.get(index) else { return };
        match choice {
            SelectMode::Only => {
                self.chosen = HashSet::from([id]);
                self.anchor = index;
            }
            SelectMode::Toggle => {
                if !self.chosen.remove(&id) {
                    self.chosen.insert(id);
                }
                self.anchor = index;
            }
            SelectMode::Range => {
                let (low, high) = (self.anchor.min(index), self.anchor.max(index));
                let range = found.ids.get(low..=high).unwrap_or_default();
                self.chosen = range.iter().copied().collect();
            }
        }
        self.focus = Some((index, id));
    }

    pub(super) fn choose_all(&mut self, found: &SearchResult) {
        self.chosen = found.ids.iter().copied().collect();
        self.anchor = 0;
        if self.focus.is_none() {
            self.focus = found.ids.first().map(|id| (0, *id));
        }
    }

    pub(super) fn choose_none(&mut self) {
        self.chosen.clear();
    }

    /// Keeps what is still found. Where the picture at the keyboard is gone, the one in its place takes over.
    pub(super) fn follow(&mut self, found: &SearchResult) {
        if !self.chosen.is_empty() {
            let left: HashSet<EntryId> = found
                .ids
                .iter()
                .copied()
                .filter(|id| self.chosen.contains(id))
                .collect();
            self.chosen = left;
        }
        let Some((index, id)) = self.focus else { return };
        let is_there = found.ids.get(index) == Some(&id);
        let index = if is_there {
            index
        } else {
            let place = found.ids.iter().position(|other| *other == id);
            place.unwrap_or_else(|| index.min(found.ids.len().saturating_sub(1)))
        };
        let had_gone = found.ids.get(index) != Some(&id);
        self.focus = found.ids.get(index).map(|id| (index, *id));
        self.anchor = index;
        if had_gone
            && self.chosen.is_empty()
            && let Some(id) = found.ids.get(index)
        {
            self.chosen.insert(*id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ids: impl IntoIterator<Item = i64>) -> SearchResult {
        let ids: Vec<_> = ids.into_iter().map(EntryId).collect();
        SearchResult {
            total: ids.len(),
            ids,
            days: Vec::new(),
        }
    }

    fn chosen(selection: &Selection, found: &SearchResult) -> Vec<i64> {
        selection.ids(found).iter().map(|id| id.0).collect()
    }

    #[test]
    fn clicks_should_choose_one_some_or_a_range() {
        let found = found([9, 8, 7, 6, 5]);
        let mut selection = Selection::default();
        selection.choose(&found, 1, SelectMode::Only);
        assert_eq!(chosen(&selection, &found), [8]);
        selection.choose(&found, 3, SelectMode::Range);
        assert_eq!(chosen(&selection, &found), [8, 7, 6]);
        selection.choose(&found, 0, SelectMode::Range);
        assert_eq!(
            chosen(&selection, &found),
            [9, 8],
            "a range begins where it began before"
        );
        selection.choose(&found, 4, SelectMode::Toggle);
        assert_eq!(chosen(&selection, &found), [9, 8, 5]);
        selection.choose(&found, 4, SelectMode::Toggle);
        assert_eq!(chosen(&selection, &found), [9, 8]);
        selection.choose(&found, 99, SelectMode::Only);
        assert_eq!(chosen(&selection, &found), [9, 8], "there is no such picture");
    }

    #[test]
    fn what_is_chosen_should_follow_its_pictures() {
        let before = found([9, 8, 7, 6, 5]);
        let mut selection = Selection::default();
        selection.choose(&before, 2, SelectMode::Only);
        let after = found([11, 10, 9, 8, 7, 6, 5]);
        selection.follow(&after);
        assert_eq!((selection.focus(), chosen(&selection, &after)), (Some(4), vec![7]));
        let without = found([11, 10, 9, 8, 6, 5]);
        selection.follow(&without);
        assert_eq!((selection.focus(), chosen(&selection, &without)), (Some(4), vec![6]));
        selection.follow(&found([]));
        assert_eq!((selection.focus(), selection.len()), (None, 0));
    }
}
