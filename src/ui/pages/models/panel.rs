//! The page as it is seen: kinds and folders at the left, cards in the middle, downloads at the foot.

use std::sync::Arc;

use egui::{Align, Layout, Rect, TextEdit, Ui, UiBuilder, Vec2};

use super::ModelsPage;
use super::card::{self, CARD_HEIGHT, CARD_WIDTH, GAP};
use super::downloads::DownloadForm;
use super::folders;
use crate::hub::{InstalledModel, ModelKind};
use crate::ui::commands::{ModelsCommand, UiCommand};
use crate::ui::panel::PanelContext;
use crate::ui::theme::ROW_HEIGHT;

/// Width of the left side.
const SIDE_WIDTH: f32 = 250.0;
/// Space inside each part.
const PART_MARGIN: Vec2 = Vec2::new(14.0, 10.0);

impl ModelsPage {
    /// Lays the page out.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let page = ui.max_rect().intersect(ui.clip_rect());
        let (side, rest) = page.split_left_right_at_x(page.left() + SIDE_WIDTH);
        let (shelf, foot) = rest.split_top_bottom_at_y(rest.bottom() - DownloadForm::height(&ctx.state.installed));
        let line = egui::Stroke::new(1.0, *ctx.palette.separator);
        let panel = *ctx.palette.panel;
        part(ui, "kinds", (side, panel), |ui| {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                self.kinds(ui, ctx);
                ui.add_space(8.0);
                ui.separator();
                folders::show(ui, ctx);
            });
        });
        part(ui, "shelf", (shelf, *ctx.palette.canvas), |ui| self.shelf(ui, ctx));
        part(ui, "downloads", (foot, panel), |ui| self.form.show(ui, ctx));
        ui.painter().vline(side.right(), side.y_range(), line);
        ui.painter().hline(foot.x_range(), foot.top(), line);
    }
}

/// A part of the page that keeps to its place; `name` tells its widgets from those of the others.
fn part(ui: &mut Ui, name: &str, (rect, fill): (Rect, egui::Color32), add_contents: impl FnOnce(&mut Ui)) {
    ui.painter().rect_filled(rect, 0.0, fill);
    let layout = UiBuilder::new()
        .id_salt(name)
        .max_rect(rect.shrink2(PART_MARGIN))
        .layout(Layout::top_down(Align::Min));
    ui.scope_builder(layout, |ui| {
        ui.shrink_clip_rect(rect);
        add_contents(ui);
    });
}

impl ModelsPage {
    fn shelf(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.search_row(ui, ctx);
        ui.add_space(8.0);
        let installed = &ctx.state.installed;
        let items: Vec<Arc<InstalledModel>> = installed
            .of_kind(self.kind())
            .filter(|item| is_found(item, &self.search))
            .cloned()
            .collect();
        if items.is_empty() {
            let key = match (installed.is_scanned, installed.of_kind(self.kind()).next()) {
                (false, _) => "models-scanning",
                (true, None) => "models-none",
                (true, Some(_)) => "models-none-found",
            };
            ui.centered_and_justified(|ui| ui.weak(ctx.tr(key)));
            return;
        }
        let width = ui.available_width();
        let num_columns = (((width + GAP) / (CARD_WIDTH + GAP)).floor() as usize).max(1);
        let card_width = (width - GAP * (num_columns - 1) as f32) / num_columns as f32;
        ui.spacing_mut().item_spacing.y = GAP;
        let num_rows = items.len().div_ceil(num_columns);
        egui::ScrollArea::vertical()
            .auto_shrink(false)
            .show_rows(ui, CARD_HEIGHT, num_rows, |ui, rows| {
                for row in rows {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = GAP;
                        for item in items.iter().skip(row * num_columns).take(num_columns) {
                            ui.push_id(&item.path, |ui| card::show(ui, ctx, self, item, card_width));
                        }
                    });
                }
            });
    }

    fn search_row(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let search = UiCommand::Models(ModelsCommand::Search);
        ui.horizontal(|ui| {
            let name = search.name(ctx.language);
            let field = TextEdit::singleline(&mut self.search)
                .hint_text(&name)
                .desired_width(280.0)
                .min_size(egui::vec2(0.0, ROW_HEIGHT));
            let response = ui.add(field).accessible_name(&name);
            let response = response.on_hover_text(search.tooltip(ctx.language, ui.ctx()));
            if std::mem::take(&mut self.is_search_wanted) {
                response.request_focus();
            }
            ctx.button(ui, ModelsCommand::Rescan);
        });
    }

    /// One line for each kind, with how many there are.
    fn kinds(&self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        for kind in ModelKind::ALL {
            let (name, tip) = (ctx.tr(kind_key(kind)), ctx.tr(&format!("{}.tip", kind_key(kind))));
            let count = ctx.state.installed.of_kind(kind).count();
            let row = egui::Button::selectable(self.kind() == kind, name.as_str())
                .right_text(egui::RichText::new(count.to_string()).color(*ctx.palette.text_weak))
                .min_size(egui::vec2(ui.available_width(), ROW_HEIGHT));
            let response = ui.add(row).on_hover_text(tip).accessible_name(name);
            if response.clicked() {
                ctx.commands.send(UiCommand::Models(ModelsCommand::ShowKind(kind)));
            }
        }
    }
}

fn kind_key(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Model => "models-kind-model",
        ModelKind::Lora => "models-kind-lora",
        ModelKind::Embedding => "models-kind-embedding",
        ModelKind::Control => "models-kind-control",
        ModelKind::Vae => "models-kind-vae",
        ModelKind::Upscaler => "models-kind-upscaler",
    }
}

/// Whether every word of the search is in the name, the folder, the family or the trigger words, or begins the hash.
fn is_found(item: &InstalledModel, search: &str) -> bool {
    if search.trim().is_empty() {
        return true;
    }
    let search = search.to_lowercase();
    let mut text = format!("{} {}", item.path.display(), item.family.unwrap_or_default()).to_lowercase();
    for word in &item.trigger_words {
        text.push(' ');
        text.push_str(&word.to_lowercase());
    }
    let has_hash = |word: &str| {
        item.hashes
            .as_ref()
            .is_some_and(|hashes| hashes.sha256.starts_with(word))
    };
    search
        .split_whitespace()
        .all(|word| text.contains(word) || has_hash(word))
}
