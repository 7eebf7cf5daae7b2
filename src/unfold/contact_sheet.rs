//! Many pictures in one: contact sheets and labelled grids.

use image::imageops::{FilterType, resize};

use super::caption::Ink;
use crate::job::RgbImage;

/// Ground, as the window's canvas.
const GROUND: [u8; 3] = [0x14; 3];
/// Place of a picture that is not there.
const EMPTY: [u8; 3] = [0x21; 3];
/// Letters.
const TEXT: [u8; 3] = [0xe4; 3];
/// Between pictures, in pixels.
const GAP_PX: u32 = 8;
/// Between the pictures of a pair.
const PAIR_GAP_PX: u32 = 4;
/// Size of letters against the width of a cell, and its limits in pixels.
const LETTERS: (f32, f32, f32) = (1.0 / 16.0, 11.0, 28.0);
/// Widest column of row labels against the width of a cell.
const MAX_ROW_LABEL: f32 = 1.0;

/// Most pixels of a sheet: 8192 × 8192.
pub const MAX_SHEET_PIXELS: u64 = 1 << 26;

/// Why there is no sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactSheetError {
    /// There is no picture.
    #[error("a sheet needs one picture at least")]
    Empty,
    /// The sheet would be too large to hold.
    #[error("a sheet may have up to {MAX_SHEET_PIXELS} pixels, found {width_px}x{height_px}; make its cells smaller")]
    TooLarge {
        /// Width it would have.
        width_px: u64,
        /// Height it would have.
        height_px: u64,
    },
}

/// Width of two pictures of the same size side by side, in pixels.
pub fn pair_width(width_px: u32) -> u32 {
    width_px.saturating_mul(2).saturating_add(PAIR_GAP_PX)
}

/// Two pictures side by side; the second is brought to the height of the first.
pub fn side_by_side(first: &RgbImage, second: &RgbImage) -> RgbImage {
    let width = (u64::from(second.width_px) * u64::from(first.height_px))
        .checked_div(u64::from(second.height_px))
        .unwrap_or_default();
    let second = resized(second, width.clamp(1, 1 << 16) as u32, first.height_px);
    let mut pair = RgbImage::filled(first.width_px + PAIR_GAP_PX + second.width_px, first.height_px, GROUND);
    paste(&mut pair, first, 0, 0);
    paste(&mut pair, &second, first.width_px + PAIR_GAP_PX, 0);
    pair
}

/// Pictures with a caption under each, row by row, `columns` in a row, all brought into cells of the first one's size.
///
/// # Errors
/// [`ContactSheetError`]: nothing to show, or too much.
pub fn contact_sheet(cells: &[(RgbImage, String)], columns: usize) -> Result<RgbImage, ContactSheetError> {
    let columns = columns.clamp(1, cells.len().max(1));
    let rows: Vec<Vec<Option<&RgbImage>>> = cells
        .chunks(columns)
        .map(|row| row.iter().map(|(picture, _)| Some(picture)).collect())
        .collect();
    let grid = Grid::with_captions(cell_size(&rows)?, cells.len(), columns)?;
    let mut sheet = grid.drawn(&rows);
    for (place, (_, caption)) in cells.iter().enumerate() {
        let (x, y) = grid.corner(place / columns, place % columns);
        let caption = grid.ink.fitted(caption, grid.cell.0 as f32);
        grid.ink
            .draw(&caption, (x as f32, (y + grid.cell.1) as f32), &mut sheet);
    }
    Ok(sheet)
}

/// Whether a contact sheet of so many pictures may be made, to be asked before they are.
///
/// * `cell`: width and height of each, in pixels.
///
/// # Errors
/// As [`contact_sheet`] would have.
pub fn check_contact_sheet(cell: (u32, u32), number: usize, columns: usize) -> Result<(), ContactSheetError> {
    Grid::with_captions(cell, number, columns).map(|_| ())
}

/// Rows of pictures with a label over each column and before each row; labels may be fewer than rows or columns.
/// All pictures are brought into cells of the first one's size; those that are not there leave their place empty.
///
/// # Errors
/// [`ContactSheetError`]: nothing to show, or too much.
pub fn labelled_grid(
    cells: &[Vec<Option<RgbImage>>],
    column_labels: &[String],
    row_labels: &[String],
) -> Result<RgbImage, ContactSheetError> {
    let rows: Vec<Vec<Option<&RgbImage>>> = cells
        .iter()
        .map(|row| row.iter().map(Option::as_ref).collect())
        .collect();
    let grid = Grid::labelled(&rows, column_labels, row_labels)?;
    let mut sheet = grid.drawn(&rows);
    let (width, height) = (grid.cell.0 as f32, grid.cell.1 as f32);
    for (column, label) in column_labels.iter().take(grid.columns).enumerate() {
        let (x, _) = grid.corner(0, column);
        let label = grid.ink.fitted(label, width);
        let indent = (width - grid.ink.width(&label)) / 2.0;
        grid.ink.draw(&label, (x as f32 + indent, GAP_PX as f32), &mut sheet);
    }
    for (row, label) in row_labels.iter().take(rows.len()).enumerate() {
        let (_, y) = grid.corner(row, 0);
        let label = grid.ink.fitted(label, grid.row_label as f32);
        let indent = grid.row_label as f32 - grid.ink.width(&label);
        let middle = y as f32 + (height - grid.ink.line_height() as f32) / 2.0;
        grid.ink.draw(&label, (GAP_PX as f32 + indent, middle), &mut sheet);
    }
    Ok(sheet)
}

/// Where everything stands on a sheet.
struct Grid {
    rows: usize,
    columns: usize,
    /// Width and height of a picture's place.
    cell: (u32, u32),
    /// Height under a cell for its caption.
    caption: u32,
    /// Height over the cells for the labels of columns, gap included.
    column_label: u32,
    /// Width before the cells for the labels of rows, without gap.
    row_label: u32,
    ink: Ink,
    size: (u32, u32),
}

impl Grid {
    fn with_captions(cell: (u32, u32), number: usize, columns: usize) -> Result<Self, ContactSheetError> {
        if number == 0 {
            return Err(ContactSheetError::Empty);
        }
        let columns = columns.clamp(1, number);
        let ink = ink_for(cell);
        let grid = Self {
            rows: number.div_ceil(columns),
            columns,
            cell,
            caption: ink.line_height(),
            column_label: 0,
            row_label: 0,
            ink,
            size: (0, 0),
        };
        grid.sized()
    }

    fn labelled(
        rows: &[Vec<Option<&RgbImage>>],
        column_labels: &[String],
        row_labels: &[String],
    ) -> Result<Self, ContactSheetError> {
        let cell = cell_size(rows)?;
        let ink = ink_for(cell);
        let widest = row_labels.iter().map(|label| ink.width(label)).fold(0.0, f32::max);
        let grid = Self {
            rows: rows.len(),
            columns: rows.iter().map(Vec::len).max().unwrap_or_default(),
            cell,
            caption: 0,
            column_label: if column_labels.is_empty() {
                0
            } else {
                ink.line_height() + GAP_PX
            },
            row_label: widest.min(cell.0 as f32 * MAX_ROW_LABEL).ceil() as u32,
            ink,
            size: (0, 0),
        };
        grid.sized()
    }

    fn sized(self) -> Result<Self, ContactSheetError> {
        let (width, height) = self.corner64(self.rows, self.columns);
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(width_px), Ok(height_px)) if width.saturating_mul(height) <= MAX_SHEET_PIXELS => Ok(Self {
                size: (width_px, height_px),
                ..self
            }),
            _ => Err(ContactSheetError::TooLarge {
                width_px: width,
                height_px: height,
            }),
        }
    }

    /// The upper left corner of a cell; that of the cell after the last is the sheet's size.
    fn corner64(&self, row: usize, column: usize) -> (u64, u64) {
        let place = |index: usize, size: u32| (index as u64).saturating_mul(u64::from(size + GAP_PX));
        let label = if self.row_label == 0 {
            0
        } else {
            self.row_label + GAP_PX
        };
        let x = u64::from(GAP_PX + label) + place(column, self.cell.0);
        let y = u64::from(GAP_PX + self.column_label) + place(row, self.cell.1 + self.caption);
        (x, y)
    }

    fn corner(&self, row: usize, column: usize) -> (u32, u32) {
        let (x, y) = self.corner64(row, column);
        (x as u32, y as u32) // inside of a sheet whose size was checked
    }

    fn drawn(&self, rows: &[Vec<Option<&RgbImage>>]) -> RgbImage {
        let mut sheet = RgbImage::filled(self.size.0, self.size.1, GROUND);
        let (width, height) = self.cell;
        let empty = RgbImage::filled(width, height, EMPTY);
        for (row, cells) in rows.iter().enumerate() {
            for column in 0..self.columns {
                let (x, y) = self.corner(row, column);
                match cells.get(column) {
                    Some(Some(picture)) => {
                        let picture = fitted(picture, width, height);
                        let (left, top) = ((width - picture.width_px) / 2, (height - picture.height_px) / 2);
                        paste(&mut sheet, &picture, x + left, y + top);
                    }
                    Some(None) => paste(&mut sheet, &empty, x, y),
                    None => {}
                }
            }
        }
        sheet
    }
}

/// Size of the first picture there is.
fn cell_size(rows: &[Vec<Option<&RgbImage>>]) -> Result<(u32, u32), ContactSheetError> {
    let first = rows.iter().flatten().find_map(|cell| *cell);
    first
        .map(|first| (first.width_px, first.height_px))
        .ok_or(ContactSheetError::Empty)
}

fn ink_for(cell: (u32, u32)) -> Ink {
    let (share, least, most) = LETTERS;
    Ink {
        px: (cell.0 as f32 * share).clamp(least, most),
        colour: TEXT,
    }
}

/// As large as it goes into a width and a height, its shape kept.
pub fn fitted(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (own_width, own_height) = (f64::from(picture.width_px.max(1)), f64::from(picture.height_px.max(1)));
    let scale = (f64::from(width) / own_width).min(f64::from(height) / own_height);
    let side = |own: f64, most: u32| ((own * scale).round() as u32).clamp(1, most.max(1));
    resized(picture, side(own_width, width), side(own_height, height))
}

/// At another size, by Lanczos; the same pixels if it is the size it has.
pub fn resized(picture: &RgbImage, width_px: u32, height_px: u32) -> RgbImage {
    if (picture.width_px, picture.height_px) == (width_px, height_px) {
        return picture.clone();
    }
    let pixels = image::RgbImage::from_raw(picture.width_px, picture.height_px, picture.pixels.clone());
    let scaled = pixels.map(|pixels| resize(&pixels, width_px, height_px, FilterType::Lanczos3));
    scaled.map_or_else(
        || RgbImage::filled(width_px, height_px, EMPTY),
        |scaled| RgbImage {
            width_px,
            height_px,
            pixels: scaled.into_raw(),
        },
    )
}

/// Copies a picture that lies inside of another; rows and columns beyond its edges are left out.
fn paste(onto: &mut RgbImage, picture: &RgbImage, x: u32, y: u32) {
    let width = picture.width_px.min(onto.width_px.saturating_sub(x)) as usize;
    let height = picture.height_px.min(onto.height_px.saturating_sub(y)) as usize;
    let (from_row, to_row) = (3 * picture.width_px as usize, 3 * onto.width_px as usize);
    for row in 0..height {
        let from = row * from_row;
        let to = (y as usize + row) * to_row + 3 * x as usize;
        onto.pixels[to..to + 3 * width].copy_from_slice(&picture.pixels[from..from + 3 * width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(image: &RgbImage, x: u32, y: u32) -> [u8; 3] {
        let start = 3 * (y * image.width_px + x) as usize;
        [image.pixels[start], image.pixels[start + 1], image.pixels[start + 2]]
    }

    /// Whether letters stand in a part of a sheet.
    fn has_text(image: &RgbImage, x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> bool {
        y.into_iter()
            .any(|y| x.clone().any(|x| pixel(image, x, y).iter().all(|part| *part > 120)))
    }

    #[test]
    fn a_contact_sheet_should_hold_every_picture_in_its_place_with_its_caption() {
        let shades = [200, 40, 60, 80, 100];
        let cells: Vec<_> = shades
            .map(|shade| (RgbImage::filled(64, 32, [shade, 0, 0]), format!("{shade} σ 14.6 段階")))
            .into();
        let sheet = contact_sheet(&cells, 2).unwrap();
        let line = 16; // 11 px letters
        assert_eq!((sheet.width_px, sheet.height_px), (8 + 2 * 72, 8 + 3 * (32 + line + 8)));
        for (place, shade) in shades.into_iter().enumerate() {
            let (x, y) = (8 + 72 * (place as u32 % 2), 8 + 56 * (place as u32 / 2));
            for (x, y) in [(x, y), (x + 63, y + 31)] {
                assert_eq!(pixel(&sheet, x, y), [shade, 0, 0]);
            }
            assert!(has_text(&sheet, x..x + 64, y + 32..y + 48));
        }
        assert_eq!(pixel(&sheet, 80, 8 + 2 * 56), GROUND);
    }

    #[test]
    fn a_labelled_grid_should_leave_places_empty_and_name_rows_and_columns() {
        let cell = |shade| Some(RgbImage::filled(64, 64, [shade, 0, 0]));
        let cells = vec![
            vec![None, cell(50)],
            vec![cell(60), Some(RgbImage::filled(16, 8, [90, 0, 0]))],
        ];
        let columns = ["−3", "強さ 7"].map(str::to_owned);
        let rows = ["a very long label of a row".to_owned(), "φ".to_owned()];
        let sheet = labelled_grid(&cells, &columns, &rows).unwrap();
        let left = 8 + 64 + 8;
        let top = 8 + 16 + 8;
        assert_eq!((sheet.width_px, sheet.height_px), (left + 2 * 72, top + 2 * 72));
        assert_eq!(pixel(&sheet, left, top), EMPTY);
        assert_eq!(pixel(&sheet, left + 72, top), [50, 0, 0]);
        assert_eq!(pixel(&sheet, left, top + 72), [60, 0, 0]);
        // A picture of another shape stands in the middle of its cell.
        assert_eq!(pixel(&sheet, left + 72 + 32, top + 72 + 32), [90, 0, 0]);
        assert_eq!(pixel(&sheet, left + 72 + 32, top + 72 + 4), GROUND);
        assert!(has_text(&sheet, left..left + 64, 8..24));
        assert!(has_text(&sheet, left + 72..left + 136, 8..24));
        assert!(has_text(&sheet, 8..72, top..top + 64));
        assert!(has_text(&sheet, 8..72, top + 72..top + 136));

        let plain = labelled_grid(&cells, &[], &[]).unwrap();
        assert_eq!((plain.width_px, plain.height_px), (8 + 2 * 72, 8 + 2 * 72));
    }

    #[test]
    fn sheets_of_nothing_or_too_much_should_be_refused() {
        assert_eq!(contact_sheet(&[], 3), Err(ContactSheetError::Empty));
        assert_eq!(labelled_grid(&[vec![None]], &[], &[]), Err(ContactSheetError::Empty));
        let cells = vec![vec![Some(RgbImage::filled(1024, 1, [0; 3])); 100_000]];
        assert!(matches!(
            labelled_grid(&cells, &[], &[]),
            Err(ContactSheetError::TooLarge { .. })
        ));
    }

    #[test]
    fn a_pair_should_have_the_height_of_its_first() {
        let pair = side_by_side(&RgbImage::filled(10, 20, [1; 3]), &RgbImage::filled(30, 10, [2; 3]));
        assert_eq!((pair.width_px, pair.height_px), (10 + 4 + 60, 20));
        assert_eq!((pixel(&pair, 9, 19), pixel(&pair, 73, 19)), ([1; 3], [2; 3]));
        assert_eq!(pixel(&pair, 12, 5), GROUND);
    }
}
