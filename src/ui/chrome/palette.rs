//! Every verb by its name: a field to type in and what matches below it.

use egui::{
    Align, Align2, Area, Frame, Id, Key, Label, Layout, Margin, Modifiers, Order, RichText, Role, Sense, Stroke,
};
use egui::{TextEdit, Ui, WidgetInfo, vec2};

use crate::ui::commands::shortcuts::{self, KeyBinding};
use crate::ui::commands::{Availability, PageId, Scope, UiCommand};
use crate::ui::i18n::Language;
use crate::ui::model::state::Overlay;
use crate::ui::panel::PanelContext;
use crate::ui::theme::ROW_HEIGHT;

/// Width of the list.
const WIDTH: f32 = 560.0;
/// Distance from the top of the window.
const TOP: f32 = 52.0;
/// Height of the list below the field.
const LIST_HEIGHT: f32 = 12.0 * (ROW_HEIGHT + 4.0) - 4.0;

/// The list of all commands, while it is open.
#[derive(Default)]
pub(super) struct PalettePanel {
    text: String,
    chosen: usize,
    was_open: bool,
}

/// What was done with the list.
enum Answer {
    Run(UiCommand),
    Close,
}

impl PalettePanel {
    /// Lays it out, if there is something to show.
    pub(super) fn show(&mut self, ui: &Ui, ctx: &PanelContext<'_>) {
        let is_open = ctx.state.overlay == Overlay::Commands;
        let is_opening = is_open && !self.was_open;
        self.was_open = is_open;
        if !is_open {
            return;
        }
        if is_opening {
            self.text.clear();
            self.chosen = 0;
        }
        let keymap = shortcuts::of(ui.ctx());
        let found = found(keymap.entries(), &self.text, ctx.state.page);
        let mut answer = self.keys(ui, &found, &ctx.now);
        let area = Area::new(Id::unique("palette"))
            .order(Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, TOP))
            .show(ui.ctx(), |ui| {
                Frame::new()
                    .fill(*ctx.palette.panel)
                    .stroke(Stroke::new(1.0, *ctx.palette.separator))
                    .shadow(ui.visuals().window_shadow)
                    .corner_radius(6)
                    .inner_margin(Margin::same(8))
                    .show(ui, |ui| {
                        ui.set_width(WIDTH);
                        let before = self.text.clone();
                        let field = TextEdit::singleline(&mut self.text)
                            .hint_text(ctx.tr("palette-hint"))
                            .desired_width(f32::INFINITY)
                            .margin(Margin::symmetric(8, 6));
                        let field = ui.add(field).accessible_name(ctx.tr("palette-field"));
                        field.request_focus();
                        if self.text != before {
                            self.chosen = 0;
                        }
                        ui.add_space(6.0);
                        if found.is_empty() {
                            ui.label(RichText::new(ctx.tr("palette-none")).color(*ctx.palette.text_weak));
                        }
                        let list = egui::ScrollArea::vertical()
                            .max_height(LIST_HEIGHT)
                            .min_scrolled_height(LIST_HEIGHT); // however small it was before
                        list.show(ui, |ui| {
                            ui.set_width(WIDTH);
                            for (place, entry) in found.iter().enumerate() {
                                if self.row(ui, ctx, entry, place) {
                                    answer = Some(Answer::Run(entry.spec.command.clone()));
                                }
                            }
                        });
                    });
            });
        if !is_opening && area.response.clicked_elsewhere() {
            answer = answer.or(Some(Answer::Close));
        }
        match answer {
            Some(Answer::Run(command)) => {
                ctx.commands.send(UiCommand::TogglePalette);
                if let Some(Scope::Page(page)) = command.spec().map(|spec| spec.scope)
                    && page != ctx.state.page
                {
                    ctx.commands.send(UiCommand::ShowPage(page));
                }
                ctx.commands.send(command);
            }
            Some(Answer::Close) => ctx.commands.send(UiCommand::TogglePalette),
            None => {}
        }
    }
}

impl PalettePanel {
    /// Takes the keys that are for the list and not for the field.
    fn keys(&mut self, ui: &Ui, found: &[&KeyBinding], now: &Availability) -> Option<Answer> {
        let last = found.len().saturating_sub(1);
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.chosen = (self.chosen + 1).min(last);
        }
        if pressed(Key::ArrowUp) {
            self.chosen = self.chosen.saturating_sub(1);
        }
        self.chosen = self.chosen.min(last);
        if pressed(Key::Escape) {
            return Some(Answer::Close);
        }
        let is_entered = pressed(Key::Enter);
        let can_run = |entry: &&&KeyBinding| is_entered && entry.spec.is_enabled(now);
        let chosen = found.get(self.chosen).filter(can_run);
        chosen.map(|entry| Answer::Run(entry.spec.command.clone()))
    }

    /// A command with its page and its key; whether it was clicked.
    fn row(&self, ui: &mut Ui, ctx: &PanelContext<'_>, entry: &KeyBinding, place: usize) -> bool {
        let is_enabled = entry.spec.is_enabled(&ctx.now);
        let sense = if is_enabled { Sense::click() } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), sense);
        let name = ctx.tr(entry.spec.text);
        let is_chosen = place == self.chosen;
        response.widget_info(|| WidgetInfo::selected(Role::Button, is_enabled, is_chosen, &name));
        if is_chosen {
            ui.painter().rect_filled(rect, 4.0, *ctx.palette.selection);
            if !ui.clip_rect().contains_rect(rect) {
                ui.scroll_to_rect(rect, None);
            }
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 4.0, *ctx.palette.raised);
        }
        let builder = egui::UiBuilder::new()
            .max_rect(rect.shrink2(vec2(8.0, 0.0)))
            .layout(Layout::right_to_left(Align::Center));
        ui.scope_builder(builder, |ui| {
            let weak = |words: String| Label::new(RichText::new(words).color(*ctx.palette.text_weak)).selectable(false);
            if let Some(key) = entry.keys.first() {
                ui.add(weak(ui.ctx().format_shortcut(key)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = RichText::new(&name);
                let name = if is_enabled {
                    name
                } else {
                    name.color(*ctx.palette.text_weak)
                };
                ui.add(Label::new(name).selectable(false));
                if let Scope::Page(page) = entry.spec.scope
                    && page != ctx.state.page
                {
                    ui.add(weak(ctx.tr(page.key())));
                }
            });
        });
        let tip = entry.spec.command.tooltip(ctx.language, ui.ctx());
        response.on_hover_text(tip).clicked()
    }
}

/// The commands whose names, in either language, have all the words that were typed; those that begin with them first,
/// and among equals those of the page that is shown.
fn found<'a>(entries: &'a [KeyBinding], text: &str, page: PageId) -> Vec<&'a KeyBinding> {
    let text = text.trim().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found: Vec<(bool, bool, usize, &KeyBinding)> = entries
        .iter()
        .filter(|entry| entry.spec.command != UiCommand::TogglePalette)
        .filter_map(|entry| {
            let names = Language::ALL.map(|language| language.tr(entry.spec.text).to_lowercase());
            let has_all = names.iter().any(|name| words.iter().all(|word| name.contains(word)));
            let begins = names.iter().any(|name| name.starts_with(&text));
            let is_here = entry.spec.scope.meets(Scope::Page(page));
            // Of two names that have the words, the shorter one has less beside them.
            let length = names.iter().map(|name| name.chars().count()).min().unwrap_or_default();
            let length = if words.is_empty() { 0 } else { length };
            has_all.then_some((!begins, !is_here, length, entry))
        })
        .collect();
    found.sort_by_key(|&(is_inside, is_elsewhere, length, _)| (is_inside, is_elsewhere, length));
    found.into_iter().map(|(.., entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ui::commands::shortcuts::Keymap;

    #[test]
    fn commands_should_be_found_by_their_names_in_both_languages() {
        let keymap = Keymap::new(&BTreeMap::new());
        for text in ["next st", "STEP next", "次のステップ"] {
            let found = found(keymap.entries(), text, PageId::Studio);
            assert_eq!(
                found.first().map(|entry| &entry.spec.command),
                Some(&UiCommand::NextStep),
                "{text}"
            );
        }
        assert!(found(keymap.entries(), "no such thing", PageId::Studio).is_empty());
    }

    #[test]
    fn commands_of_the_page_that_is_shown_should_come_first() {
        let keymap = Keymap::new(&BTreeMap::new());
        for page in [PageId::Studio, PageId::Queue] {
            let found = found(keymap.entries(), "", page);
            let is_here = |entry: &&KeyBinding| entry.spec.scope.meets(Scope::Page(page));
            let num_here = found.iter().filter(|entry| is_here(entry)).count();
            assert!(found[..num_here].iter().all(is_here));
            assert_eq!(found.len() + 1, keymap.entries().len());
        }
    }
}
