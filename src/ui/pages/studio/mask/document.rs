//! A mask being painted: its pixels, what of them changed, and what can be taken back.

use std::collections::VecDeque;
use std::sync::Arc;

use super::history::{History, TILE_PX, Tiles};
use crate::render::mask_brush::PxRect;
use crate::ui::commands::MaskEdit;
use crate::ui::model::brush::{Brush, Dab};

/// Longest side of a mask, in pixels; that of a larger picture is smaller than it, of its proportions.
pub const MAX_MASK_SIDE_PX: u32 = 2048;
/// Changed parts that are remembered; who has seen less must look at everything again.
const MAX_CHANGES: usize = 64;

/// A stroke on its way.
#[derive(Debug, Clone)]
struct Stroke {
    last: Dab,
    /// The tiles it touched, as they were.
    before: Tiles,
}

/// A mask: one byte per pixel, row by row; 255 where to paint, 0 where all stays.
#[derive(Debug, Clone)]
pub struct MaskDocument {
    width_px: u32,
    height_px: u32,
    pixels: Arc<Vec<u8>>,
    version: u64,
    changes: VecDeque<(u64, PxRect)>,
    history: History,
    stroke: Option<Stroke>,
}

impl MaskDocument {
    /// A mask of a picture of this size in which nothing is to be painted.
    pub fn of_picture(width_px: u32, height_px: u32) -> Self {
        let longest = width_px.max(height_px).max(1);
        let shrink = (f64::from(MAX_MASK_SIDE_PX) / f64::from(longest)).min(1.0);
        let side = |px: u32| ((f64::from(px) * shrink).round() as u32).max(1);
        let (width_px, height_px) = (side(width_px), side(height_px));
        Self {
            width_px,
            height_px,
            pixels: Arc::new(vec![0; width_px as usize * height_px as usize]),
            version: 0,
            changes: VecDeque::new(),
            history: History::default(),
            stroke: None,
        }
    }

    /// Takes over a mask of any size, scaled to this one; not an edit that could be taken back.
    ///
    /// * `pixels`: `width_px` × `height_px` bytes; others are left alone.
    pub fn load(&mut self, width_px: u32, height_px: u32, pixels: &[u8]) {
        if pixels.is_empty() || pixels.len() != width_px as usize * height_px as usize {
            return;
        }
        let nearest = |at: u32, side: u32, wanted: u32| (u64::from(at) * u64::from(side) / u64::from(wanted)) as usize;
        let (own_width, own_height) = self.size_px();
        let own = Arc::make_mut(&mut self.pixels);
        for y in 0..own_height {
            let row = nearest(y, height_px, own_height) * width_px as usize;
            for x in 0..own_width {
                own[(y * own_width + x) as usize] = pixels[row + nearest(x, width_px, own_width)];
            }
        }
        self.history = History::default();
        self.stroke = None;
        self.changed(self.whole());
    }

    /// Width and height, in pixels.
    pub fn size_px(&self) -> (u32, u32) {
        (self.width_px, self.height_px)
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &Arc<Vec<u8>> {
        &self.pixels
    }

    /// Counts up with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The newest changes: the version each made, and where; oldest first.
    pub fn changes(&self) -> impl Iterator<Item = (u64, PxRect)> + '_ {
        self.changes.iter().copied()
    }

    /// Whether nothing is to be painted.
    pub fn is_blank(&self) -> bool {
        self.pixels.iter().all(|pixel| *pixel == 0)
    }

    /// Whether a stroke is on its way.
    pub fn is_stroking(&self) -> bool {
        self.stroke.is_some()
    }

    /// Whether something can be taken back.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether something can be done again.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// Does something to it. A stroke that is on its way ends first, unless it goes on.
    pub fn edit(&mut self, edit: MaskEdit) {
        if !matches!(edit, MaskEdit::Extend(..)) {
            self.end_stroke();
        }
        match edit {
            MaskEdit::Begin(brush, dab) => {
                let dab = dab.on_grid();
                self.stroke = Some(Stroke {
                    last: dab,
                    before: Tiles::new(),
                });
                self.stroke_to(brush, dab);
            }
            MaskEdit::Extend(brush, dab) => self.stroke_to(brush, dab.on_grid()),
            MaskEdit::End => {}
            MaskEdit::Fill => self.edit_all(|pixels, _| pixels.fill(255)),
            MaskEdit::Clear => self.edit_all(|pixels, _| pixels.fill(0)),
            MaskEdit::Invert => self.edit_all(|pixels, _| pixels.iter_mut().for_each(|pixel| *pixel = !*pixel)),
            MaskEdit::Feather(radius_px) => self.edit_all(|pixels, width| {
                for _ in 0..3 {
                    soften(pixels, width, radius_px.div_ceil(3) as usize); // three boxes are near enough to a Gaussian
                }
            }),
            MaskEdit::Undo => self.step(false),
            MaskEdit::Redo => self.step(true),
        }
    }

    fn stroke_to(&mut self, brush: Brush, to: Dab) {
        let Some(mut stroke) = self.stroke.take() else { return };
        let from = stroke.last;
        let reach = brush.radius_px(from.pressure.max(to.pressure)) + 1.0;
        let low = |a: f32, b: f32| (a.min(b) - reach).floor().max(0.0) as u32;
        let high = |a: f32, b: f32, side: u32| ((a.max(b) + reach).ceil().max(0.0) as u32).min(side);
        let touched = PxRect {
            left: low(from.x, to.x).min(self.width_px),
            top: low(from.y, to.y).min(self.height_px),
            right: high(from.x, to.x, self.width_px),
            bottom: high(from.y, to.y, self.height_px),
        };
        if !touched.is_empty() {
            for tile in self.tiles_in(touched) {
                stroke.before.entry(tile).or_insert_with(|| self.tile(tile));
            }
            let width = self.width_px;
            let pixels = Arc::make_mut(&mut self.pixels);
            for y in touched.top..touched.bottom {
                for x in touched.left..touched.right {
                    let coverage = brush.coverage_between(from, to, x as f32 + 0.5, y as f32 + 0.5);
                    let pixel = &mut pixels[(y * width + x) as usize];
                    *pixel = brush.painted(*pixel, coverage);
                }
            }
            self.changed(touched);
        }
        stroke.last = to;
        self.stroke = Some(stroke);
    }

    fn end_stroke(&mut self) {
        if let Some(stroke) = self.stroke.take() {
            self.keep(stroke.before);
        }
    }

    fn edit_all(&mut self, change: impl FnOnce(&mut [u8], usize)) {
        let tiles = self.tiles_in(self.whole());
        let before = tiles.into_iter().map(|tile| (tile, self.tile(tile))).collect();
        let width = self.width_px as usize;
        change(Arc::make_mut(&mut self.pixels).as_mut_slice(), width);
        self.changed(self.whole());
        self.keep(before);
    }

    /// Remembers what an edit changed of these tiles, if anything.
    fn keep(&mut self, mut before: Tiles) {
        before.retain(|tile, pixels| self.tile(*tile) != *pixels);
        if !before.is_empty() {
            self.history.push(before);
        }
    }

    fn step(&mut self, is_redo: bool) {
        let mut history = std::mem::take(&mut self.history);
        history.step(is_redo, |tiles| {
            for (tile, kept) in tiles {
                let now = self.tile(*tile);
                self.set_tile(*tile, kept);
                *kept = now;
            }
        });
        self.history = history;
    }

    fn changed(&mut self, rect: PxRect) {
        self.version += 1;
        self.changes.push_back((self.version, rect));
        if self.changes.len() > MAX_CHANGES {
            self.changes.pop_front();
        }
    }

    fn whole(&self) -> PxRect {
        PxRect {
            left: 0,
            top: 0,
            right: self.width_px,
            bottom: self.height_px,
        }
    }

    fn tiles_in(&self, rect: PxRect) -> Vec<u32> {
        let columns = self.width_px.div_ceil(TILE_PX);
        let rows = rect.top / TILE_PX..rect.bottom.div_ceil(TILE_PX);
        let places = rect.left / TILE_PX..rect.right.div_ceil(TILE_PX);
        rows.flat_map(|row| places.clone().map(move |place| row * columns + place))
            .collect()
    }

    fn place_of(&self, tile: u32) -> PxRect {
        let columns = self.width_px.div_ceil(TILE_PX);
        let (left, top) = (tile % columns * TILE_PX, tile / columns * TILE_PX);
        PxRect {
            left,
            top,
            right: (left + TILE_PX).min(self.width_px),
            bottom: (top + TILE_PX).min(self.height_px),
        }
    }

    fn rows_of(&self, tile: u32) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (place, width) = (self.place_of(tile), self.width_px);
        (place.top..place.bottom).map(move |y| (y * width + place.left) as usize..(y * width + place.right) as usize)
    }

    fn tile(&self, tile: u32) -> Vec<u8> {
        self.rows_of(tile).flat_map(|row| &self.pixels[row]).copied().collect()
    }

    fn set_tile(&mut self, tile: u32, kept: &[u8]) {
        let (rows, place) = (self.rows_of(tile), self.place_of(tile));
        let pixels = Arc::make_mut(&mut self.pixels);
        for (row, kept) in rows.zip(kept.chunks((place.right - place.left) as usize)) {
            pixels[row].copy_from_slice(kept);
        }
        self.changed(place);
    }
}

/// The mean over a box of 2·radius + 1 pixels along each side; the edge goes on as it ends.
fn soften(pixels: &mut [u8], width: usize, radius: usize) {
    let mut column = vec![0; pixels.len() / width.max(1)];
    for row in pixels.chunks_mut(width.max(1)) {
        mean_along(row, radius);
    }
    for x in 0..width {
        for (kept, row) in column.iter_mut().zip(pixels.chunks(width)) {
            *kept = row[x];
        }
        mean_along(&mut column, radius);
        for (kept, row) in column.iter().zip(pixels.chunks_mut(width)) {
            row[x] = *kept;
        }
    }
}

fn mean_along(line: &mut [u8], radius: usize) {
    let before = line.to_vec();
    let Some(last) = before.len().checked_sub(1) else {
        return;
    };
    // Places are counted from `radius` before the first.
    let at = |place: usize| u32::from(before[place.saturating_sub(radius).min(last)]);
    let count = 2 * radius as u32 + 1;
    let mut sum: u32 = (0..=2 * radius).map(at).sum();
    for (place, pixel) in line.iter_mut().enumerate() {
        *pixel = ((sum + count / 2) / count) as u8;
        sum = sum + at(place + 2 * radius + 1) - at(place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::pages::studio::mask::history::MAX_HISTORY_BYTES;

    fn edits() -> impl Strategy<Value = MaskEdit> {
        let dab =
            (-20.0_f32..170.0, -20.0_f32..120.0, 0.0_f32..=1.0).prop_map(|(x, y, pressure)| Dab { x, y, pressure });
        let brush = (1.0_f32..60.0, 0.0_f32..=1.0, any::<bool>()).prop_map(|(size_px, hardness, is_eraser)| Brush {
            size_px,
            hardness,
            is_eraser,
        });
        prop_oneof![
            3 => (brush.clone(), dab.clone()).prop_map(|(brush, dab)| MaskEdit::Begin(brush, dab)),
            3 => (brush, dab).prop_map(|(brush, dab)| MaskEdit::Extend(brush, dab)),
            1 => Just(MaskEdit::End),
            1 => Just(MaskEdit::Fill),
            1 => Just(MaskEdit::Clear),
            1 => Just(MaskEdit::Invert),
            1 => (0_u32..12).prop_map(MaskEdit::Feather),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn undo_should_lead_back_to_nothing_and_redo_to_all(all in prop::collection::vec(edits(), 1..20)) {
            let mut mask = MaskDocument::of_picture(150, 100);
            for edit in all {
                mask.edit(edit);
            }
            mask.edit(MaskEdit::End);
            let painted = mask.pixels().to_vec();
            while mask.can_undo() {
                mask.edit(MaskEdit::Undo);
            }
            prop_assert!(mask.is_blank());
            while mask.can_redo() {
                mask.edit(MaskEdit::Redo);
            }
            prop_assert_eq!(mask.pixels().as_slice(), &*painted);
        }

        #[test]
        fn every_change_should_lie_where_it_is_said_to_be(all in prop::collection::vec(edits(), 1..20)) {
            let mut mask = MaskDocument::of_picture(150, 100);
            let mut seen = mask.pixels().to_vec();
            let mut version = 0;
            for edit in all {
                mask.edit(edit);
                for (made, rect) in mask.changes().filter(|(made, _)| *made > version) {
                    prop_assert!(made <= mask.version());
                    for y in rect.top..rect.bottom {
                        let row = (y * 150 + rect.left) as usize..(y * 150 + rect.right) as usize;
                        seen[row.clone()].copy_from_slice(&mask.pixels()[row]);
                    }
                }
                version = mask.version();
                prop_assert_eq!(&*seen, mask.pixels().as_slice());
            }
        }
    }

    #[test]
    fn a_stroke_should_be_the_same_whatever_it_is_cut_into_and_taken_back_as_one() {
        let brush = Brush::default();
        let mut whole = MaskDocument::of_picture(200, 100);
        whole.edit(MaskEdit::Begin(brush, Dab::at(20.0, 50.0)));
        whole.edit(MaskEdit::Extend(brush, Dab::at(180.0, 50.0)));
        whole.edit(MaskEdit::End);
        let mut cut = MaskDocument::of_picture(200, 100);
        cut.edit(MaskEdit::Begin(brush, Dab::at(20.0, 50.0)));
        for x in (40..=180).step_by(20) {
            cut.edit(MaskEdit::Extend(brush, Dab::at(x as f32, 50.0)));
        }
        cut.edit(MaskEdit::End);
        assert_eq!(whole.pixels(), cut.pixels());
        assert_eq!(whole.pixels()[50 * 200 + 100], 255);
        cut.edit(MaskEdit::Undo);
        assert!(cut.is_blank() && !cut.can_undo());
    }

    #[test]
    fn memory_for_taking_back_should_be_bounded() {
        let mut mask = MaskDocument::of_picture(4000, 4000);
        assert_eq!(mask.size_px(), (2048, 2048));
        for _ in 0..40 {
            mask.edit(MaskEdit::Invert);
        }
        assert!(mask.history.bytes() <= MAX_HISTORY_BYTES);
        assert!(mask.can_undo());
    }

    #[test]
    fn feathering_should_soften_an_edge_and_keep_its_middle() {
        let mut mask = MaskDocument::of_picture(100, 20);
        let half: Vec<u8> = (0..2000).map(|place| if place % 100 < 50 { 255 } else { 0 }).collect();
        mask.load(100, 20, &half);
        mask.edit(MaskEdit::Feather(12));
        let row = &mask.pixels()[1000..1100];
        assert!(row.is_sorted_by(|a, b| a >= b));
        assert_eq!((row[20], row[80]), (255, 0));
        assert!((118..=138).contains(&row[49].midpoint(row[50])));
    }

    #[test]
    fn a_mask_of_another_size_should_be_taken_over_scaled() {
        let mut mask = MaskDocument::of_picture(4, 2);
        mask.load(2, 1, &[255, 0]);
        assert_eq!(mask.pixels().as_slice(), [255, 255, 0, 0, 255, 255, 0, 0]);
        mask.load(3, 3, &[1]);
        assert_eq!(mask.pixels()[0], 255, "what is not as it says is left alone");
    }
}
