//! A field of one line with a list of what might be meant below it.

use std::ops::Range;

use egui::text::{CCursor, LayoutJob, TextWrapping};
use egui::{
    Align2, Area, FontId, Frame, Id, Key, Label, Modifiers, Order, Pos2, Rect, Response, RichText, Role, Sense, Stroke,
    TextEdit, TextStyle, Ui, WidgetInfo, vec2,
};

use crate::ui::theme::{Palette, ROW_HEIGHT};

/// Rows of the list that are in sight.
const MAX_ROWS: usize = 10;

/// One line of the list.
pub(crate) struct Suggestion {
    /// What it shows.
    pub(crate) label: String,
    /// What stands at its right.
    pub(crate) note: String,
}

/// The words and the measure of a field.
pub(crate) struct FieldWords<'a> {
    /// Names the field among those of the window, for giving it the keyboard.
    pub(crate) id: Id,
    /// What it is called.
    pub(crate) name: &'a str,
    /// What it is for.
    pub(crate) tip: &'a str,
    /// What stands in it while it is empty.
    pub(crate) hint: &'a str,
    /// Its width in points.
    pub(crate) width: f32,
    /// What is wrong with the text, and where in bytes.
    pub(crate) error: Option<(&'a str, Range<usize>)>,
}

/// What happened to a field in a frame.
pub(crate) struct FieldEvents {
    pub(crate) response: Response,
    /// Whether the text or the caret is another one.
    pub(crate) is_changed: bool,
    /// Where the caret is, in bytes.
    pub(crate) caret: usize,
    /// The line of the list that was taken.
    pub(crate) taken: Option<usize>,
    /// Whether Enter was pressed on what is typed.
    pub(crate) is_entered: bool,
}

/// What a field remembers between two frames.
#[derive(Default)]
pub(crate) struct SuggestField {
    /// The line of the list the keyboard is at.
    marked: Option<usize>,
    list: Option<Rect>,
    caret: usize,
    /// Whether the caret shall go to the end, because the text was put in.
    is_put_in: bool,
}

impl SuggestField {
    /// Lays out the field, and the list while the field has the keyboard.
    pub(crate) fn show(
        &mut self,
        ui: &mut Ui,
        text: &mut String,
        words: &FieldWords<'_>,
        items: &[Suggestion],
        palette: &Palette,
    ) -> FieldEvents {
        let id = words.id;
        let had_focus = ui.memory(|memory| memory.has_focus(id));
        self.marked = self.marked.filter(|marked| *marked < items.len());
        let mut taken = None;
        let is_list_usable = had_focus && !items.is_empty();
        if is_list_usable {
            taken = self.handle_keys(ui, items.len());
        }
        if std::mem::take(&mut self.is_put_in) {
            move_caret_to_end(ui, id, text);
        }
        let before = text.clone();
        let output = TextEdit::singleline(text)
            .id(id)
            .hint_text(words.hint)
            .desired_width(words.width)
            .lock_focus(is_list_usable)
            .align(Align2::LEFT_CENTER)
            .min_size(vec2(0.0, ROW_HEIGHT))
            .show(ui);
        let response = output.response.response.clone().accessible_name(words.name);
        let caret = output.cursor_range.map_or(self.caret, |range| {
            let chars = range.primary.index;
            text.char_indices().nth(chars.into()).map_or(text.len(), |(at, _)| at)
        });
        let is_changed = before != *text || (response.has_focus() && caret != self.caret);
        self.caret = caret;
        if before != *text {
            self.marked = None;
        }
        if let Some((_, range)) = &words.error {
            let painter = ui.painter().with_clip_rect(output.text_clip_rect);
            underline(
                &painter,
                &output.galley,
                output.galley_pos,
                text,
                range.clone(),
                palette,
            );
        }
        let is_entered = response.lost_focus() && taken.is_none() && ui.input(|input| input.key_pressed(Key::Enter));

        let is_on_list = self
            .list
            .zip(ui.input(|input| input.pointer.latest_pos()))
            .is_some_and(|(list, pointer)| list.contains(pointer));
        let has_content = !items.is_empty() || words.error.is_some();
        if has_content && taken.is_none() && (response.has_focus() || is_on_list) {
            taken = self.list(ui, &response, words, items, palette);
        } else {
            self.list = None;
        }
        if taken.is_some() {
            self.is_put_in = true;
            self.marked = None;
            self.list = None;
            response.request_focus();
        }
        FieldEvents {
            response: response.on_hover_text(words.tip),
            is_changed,
            caret,
            taken,
            is_entered,
        }
    }

    /// Takes the keys that the list needs out of the input; the result is the line that was taken.
    fn handle_keys(&mut self, ui: &Ui, count: usize) -> Option<usize> {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.marked = Some(self.marked.map_or(0, |marked| (marked + 1) % count));
        }
        if pressed(Key::ArrowUp) {
            self.marked = Some(self.marked.map_or(count - 1, |marked| (marked + count - 1) % count));
        }
        if pressed(Key::Tab) {
            return Some(self.marked.unwrap_or(0));
        }
        self.marked.filter(|_| pressed(Key::Enter))
    }

    fn list(
        &mut self,
        ui: &Ui,
        field: &Response,
        words: &FieldWords<'_>,
        items: &[Suggestion],
        palette: &Palette,
    ) -> Option<usize> {
        let mut taken = None;
        let area = Area::new(field.id.with("list"))
            .order(Order::Foreground)
            .fixed_pos(field.rect.left_bottom() + vec2(0.0, 2.0))
            .constrain_to(ui.ctx().viewport_rect())
            .show(ui.ctx(), |ui| {
                Frame::popup(ui.style()).inner_margin(4).show(ui, |ui| {
                    ui.set_width(field.rect.width() - 8.0);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    if let Some((message, _)) = words.error {
                        ui.add(Label::new(RichText::new(message).color(*palette.error)).wrap());
                    }
                    let height = MAX_ROWS as f32 * ROW_HEIGHT;
                    egui::ScrollArea::vertical().max_height(height).show(ui, |ui| {
                        for (index, item) in items.iter().enumerate() {
                            if self.line(ui, index, item, palette) {
                                taken = Some(index);
                            }
                        }
                    });
                });
            });
        self.list = Some(area.response.rect);
        taken
    }

    fn line(&self, ui: &mut Ui, index: usize, item: &Suggestion, palette: &Palette) -> bool {
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::CLICK);
        let is_marked = self.marked == Some(index);
        response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, is_marked, &item.label));
        if is_marked || response.hovered() {
            let fill = if is_marked { palette.selection } else { palette.hover };
            ui.painter().rect_filled(rect, 4.0, *fill);
        }
        if is_marked {
            response.scroll_to_me(None);
        }
        let note = ui.painter().text(
            rect.right_center() - vec2(6.0, 0.0),
            Align2::RIGHT_CENTER,
            &item.note,
            FontId::proportional(11.5),
            *palette.text_weak,
        );
        let font = TextStyle::Body.resolve(ui.style());
        let mut words = LayoutJob::simple_singleline(item.label.clone(), font, *palette.text);
        words.wrap = TextWrapping::truncate_at_width(note.left() - rect.left() - 14.0);
        let words = ui.ctx().fonts_mut(|fonts| fonts.layout_job(words));
        let at = rect.left_center() + vec2(6.0, -words.size().y / 2.0);
        ui.painter().galley(at, words, *palette.text);
        response.clicked()
    }
}

fn move_caret_to_end(ui: &Ui, id: Id, text: &str) {
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), id) {
        let end = CCursor::new(text.chars().count());
        state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
        state.store(ui.ctx(), id);
    }
}

/// Draws a line below a part of the text, given in bytes; below the last character if the part is empty.
fn underline(
    painter: &egui::Painter,
    galley: &egui::Galley,
    galley_pos: Pos2,
    text: &str,
    range: Range<usize>,
    palette: &Palette,
) {
    let chars = |bytes: usize| text.char_indices().take_while(|(at, _)| *at < bytes).count();
    let (mut start, mut end) = (chars(range.start), chars(range.end));
    let count = text.chars().count();
    if start >= end {
        start = start.min(count.saturating_sub(1));
        end = start + 1;
    }
    let at = |index: usize| galley.pos_from_cursor(CCursor::new(index.min(count)));
    let (left, right) = (at(start), at(end));
    let y = galley_pos.y + left.bottom() + 1.0;
    let line = [
        Pos2::new(galley_pos.x + left.left(), y),
        Pos2::new(galley_pos.x + right.left(), y),
    ];
    painter.line_segment(line, Stroke::new(2.0, *palette.error));
}
