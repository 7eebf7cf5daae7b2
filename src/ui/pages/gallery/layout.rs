//! Where the pictures of the grid lie, from their counts alone: nothing is asked per picture, and finding what is in
//! sight takes O(log days).

use std::ops::Range;

use crate::gallery::DayCount;
use crate::ui::commands::Go;

/// Room for the heading of a day, with the space above it.
pub(super) const HEADING_HEIGHT: f64 = 40.0;
/// Room between two pictures.
pub(super) const GAP: f64 = 8.0;

/// Pictures below one heading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Section {
    /// Days since 1970-01-01; none where the order is not by day.
    pub(super) day: Option<i32>,
    /// Place of its first picture among all.
    pub(super) first: usize,
    /// How many pictures it has, at least one.
    pub(super) count: usize,
    /// Where it begins, heading included, in points from the top of all.
    pub(super) top: f64,
    /// Where its pictures begin.
    pub(super) rows_top: f64,
}

/// Rows of square cells, by day.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct GridLayout {
    columns: usize,
    side: f64,
    sections: Vec<Section>,
    len: usize,
    height: f64,
}

impl GridLayout {
    /// * `days`: the pictures by day, in order; what they leave of `len` has no heading.
    /// * `width`: of the grid in points.
    /// * `side`: the least side of a cell in points; cells grow until the rows are full.
    pub(super) fn new(days: &[DayCount], len: usize, width: f64, side: f64) -> Self {
        let (width, side) = (width.max(1.0), side.max(16.0));
        let columns = (((width + GAP) / (side + GAP)) as usize).max(1);
        let side = ((width + GAP) / columns as f64 - GAP).max(1.0).floor();
        let mut layout = Self {
            columns,
            side,
            sections: Vec::with_capacity(days.len() + 1),
            len,
            height: 0.0,
        };
        let mut first = 0;
        for day in days {
            let count = day.count.min(len - first);
            layout.add(Some(day.day), first, count);
            first += count;
        }
        layout.add(None, first, len - first);
        layout
    }

    fn add(&mut self, day: Option<i32>, first: usize, count: usize) {
        if count == 0 {
            return;
        }
        let top = self.height;
        let rows_top = top + if day.is_some() { HEADING_HEIGHT } else { GAP };
        self.sections.push(Section {
            day,
            first,
            count,
            top,
            rows_top,
        });
        self.height = rows_top + count.div_ceil(self.columns) as f64 * self.pitch();
    }

    /// Height of everything in points.
    pub(super) fn height(&self) -> f64 {
        self.height
    }

    /// Side of a cell in points.
    pub(super) fn side(&self) -> f64 {
        self.side
    }

    fn pitch(&self) -> f64 {
        self.side + GAP
    }

    /// The section that a picture is in; `None` if there is no such picture.
    fn section_of(&self, index: usize) -> Option<&Section> {
        let after = self.sections.partition_point(|section| section.first <= index);
        self.sections.get(after.checked_sub(1)?).filter(|_| index < self.len)
    }

    /// Where a picture's cell begins, from the left and from the top of all, in points; `None` if there is no such
    /// picture.
    pub(super) fn corner(&self, index: usize) -> Option<(f64, f64)> {
        let section = self.section_of(index)?;
        let (row, column) = self.place(section, index);
        Some((
            column as f64 * self.pitch(),
            section.rows_top + row as f64 * self.pitch(),
        ))
    }

    fn place(&self, section: &Section, index: usize) -> (usize, usize) {
        let within = index - section.first;
        (within / self.columns, within % self.columns)
    }

    /// The sections that have a part between two heights.
    pub(super) fn sections_between(&self, top: f64, bottom: f64) -> &[Section] {
        let first = self.sections.partition_point(|section| section.top <= top);
        let end = self.sections.partition_point(|section| section.top < bottom);
        &self.sections[first.saturating_sub(1).min(end)..end]
    }

    /// The pictures of which a part lies between two heights.
    pub(super) fn between(&self, top: f64, bottom: f64) -> Range<usize> {
        let sections = self.sections_between(top, bottom);
        let (Some(first), Some(last)) = (sections.first(), sections.last()) else {
            return 0..0;
        };
        let rows_above = |section: &Section, height: f64| ((height - section.rows_top) / self.pitch()).max(0.0);
        let begin = first.first + (rows_above(first, top) as usize * self.columns).min(first.count);
        let end = last.first + (rows_above(last, bottom).ceil() as usize * self.columns).min(last.count);
        begin..end.max(begin)
    }

    /// Where the keyboard comes to from a picture.
    ///
    /// * `page_height`: what is in sight at once, in points.
    pub(super) fn go(&self, from: usize, go: Go, page_height: f64) -> usize {
        let last = self.len.saturating_sub(1);
        let from = from.min(last);
        match go {
            Go::Left => from.saturating_sub(1),
            Go::Right => (from + 1).min(last),
            Go::First => 0,
            Go::Last => last,
            Go::Up => self.row_over(from).unwrap_or(from),
            Go::Down => self.row_under(from).unwrap_or(from),
            Go::PageUp | Go::PageDown => {
                let step = if go == Go::PageUp {
                    Self::row_over
                } else {
                    Self::row_under
                };
                let Some((_, start)) = self.corner(from) else {
                    return from;
                };
                let mut at = from;
                while let Some(next) = step(self, at) {
                    let is_beyond = self
                        .corner(next)
                        .is_none_or(|(_, top)| (top - start).abs() > page_height - self.pitch());
                    if is_beyond && at != from {
                        break;
                    }
                    at = next;
                }
                at
            }
        }
    }

    /// The picture over another one, if there is a row over it.
    fn row_over(&self, index: usize) -> Option<usize> {
        let section = self.section_of(index)?;
        let (row, column) = self.place(section, index);
        if row > 0 {
            return Some(index - self.columns);
        }
        let above = self.section_of(section.first.checked_sub(1)?)?;
        let last_row = (above.count - 1) / self.columns;
        Some(above.first + (last_row * self.columns + column).min(above.count - 1))
    }

    /// The picture under another one, if there is a row under it.
    fn row_under(&self, index: usize) -> Option<usize> {
        let section = self.section_of(index)?;
        let (row, column) = self.place(section, index);
        if row < (section.count - 1) / self.columns {
            return Some((index + self.columns).min(section.first + section.count - 1));
        }
        let below = self.section_of(section.first + section.count)?;
        Some(below.first + column.min(below.count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three days of 5, 1 and 7 pictures in rows of three cells of 100 points.
    fn layout() -> GridLayout {
        let days = [(3, 5), (2, 1), (1, 7)].map(|(day, count)| DayCount { day, count });
        GridLayout::new(&days, 13, 316.0, 100.0)
    }

    #[test]
    fn rows_should_follow_each_other_below_the_headings_of_their_days() {
        let layout = layout();
        assert_eq!(layout.side(), 100.0);
        assert_eq!(layout.corner(0), Some((0.0, HEADING_HEIGHT)));
        assert_eq!(layout.corner(4), Some((108.0, HEADING_HEIGHT + 108.0)));
        let second = HEADING_HEIGHT + 2.0 * 108.0;
        assert_eq!(layout.corner(5), Some((0.0, second + HEADING_HEIGHT)));
        assert_eq!(layout.corner(13), None);
        assert_eq!(layout.height(), 3.0 * HEADING_HEIGHT + 6.0 * 108.0);
    }

    #[test]
    fn what_is_in_sight_should_be_found_by_its_height() {
        let layout = layout();
        assert_eq!(layout.between(0.0, layout.height()), 0..13);
        assert_eq!(layout.between(0.0, HEADING_HEIGHT), 0..0);
        assert_eq!(layout.between(0.0, HEADING_HEIGHT + 1.0), 0..3);
        assert_eq!(layout.between(HEADING_HEIGHT + 109.0, HEADING_HEIGHT + 110.0), 3..5);
        for index in 0..13 {
            let (_, top) = layout.corner(index).unwrap();
            assert!(
                layout.between(top + 10.0, top + 20.0).contains(&index),
                "picture {index}"
            );
        }
        assert_eq!(layout.sections_between(50.0, 60.0).len(), 1);
        assert_eq!(layout.sections_between(0.0, 1e9).len(), 3);
        assert_eq!(GridLayout::default().between(0.0, 100.0), 0..0);
    }

    #[test]
    fn the_keyboard_should_keep_to_its_column_where_it_can() {
        let layout = layout();
        let go = |from, to| layout.go(from, to, 250.0);
        assert_eq!(go(1, Go::Down), 4);
        assert_eq!(go(2, Go::Down), 4, "the second row has only two");
        assert_eq!(go(4, Go::Down), 5, "the next day has only one");
        assert_eq!(go(5, Go::Down), 6);
        assert_eq!(go(8, Go::Up), 5);
        assert_eq!(go(5, Go::Up), 3);
        assert_eq!(go(0, Go::Up), 0);
        assert_eq!(go(12, Go::Down), 12);
        assert_eq!((go(0, Go::Left), go(12, Go::Right)), (0, 12));
        assert_eq!((go(7, Go::First), go(7, Go::Last)), (0, 12));
        assert_eq!(
            go(0, Go::PageDown),
            3,
            "the next heading is too far to be in sight with it"
        );
        assert_eq!(go(12, Go::PageUp), 9, "two rows are in sight at once");
        assert_eq!(GridLayout::default().go(5, Go::Down, 100.0), 0);
    }

    #[test]
    fn counts_that_do_not_agree_should_lose_no_picture() {
        let days = [DayCount { day: 1, count: 3 }, DayCount { day: 0, count: 100 }];
        let few = GridLayout::new(&days[..1], 10, 316.0, 100.0);
        assert!(few.corner(9).is_some());
        let many = GridLayout::new(&days, 10, 316.0, 100.0);
        assert_eq!(many.between(0.0, many.height()), 0..10);
        assert_eq!(many.corner(10), None);
    }

    #[test]
    fn a_window_without_room_should_still_have_a_column() {
        let layout = GridLayout::new(&[], 3, 0.0, 100.0);
        assert_eq!(layout.between(0.0, layout.height()), 0..3);
    }
}
