//! The saved pictures, newest first.

use egui::{Id, Role, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::job::{Record, Setting};
use crate::ui::commands::UiCommand;
use crate::ui::i18n::Language;
use crate::ui::model::state::{RecentPicture, file_name};
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::widgets::fields;
use crate::ui::widgets::tab_stop::TabStop;
use crate::ui::widgets::textures::TextureCache;

/// Height of the pictures in the strip.
const HEIGHT: f32 = 64.0;

/// The strip of saved pictures.
pub(in crate::ui) struct RecentPanel;

impl StudioPanel for RecentPanel {
    fn id(&self) -> &'static str {
        "recent"
    }

    fn slot(&self) -> Slot {
        Slot::Recent
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        if ctx.state.recent.is_empty() {
            ui.centered_and_justified(|ui| ui.weak(ctx.tr("recent-none")));
            return;
        }
        egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let shown = ctx.page.shown_path();
                let is_shown = |picture: &RecentPicture| shown == Some(&*picture.path);
                let start = ctx.state.recent.iter().position(is_shown).unwrap_or(0);
                let stop = TabStop::roving(ui.ctx(), Id::unique("recent"), ctx.state.recent.len(), start);
                for (index, picture) in ctx.state.recent.iter().enumerate() {
                    let response = thumbnail(ui, ctx.textures, (stop, index), picture, is_shown(picture));
                    let response = response.on_hover_ui(|ui| describe(ui, ctx, picture));
                    if response.clicked() {
                        ctx.commands.send(UiCommand::ShowPicture(picture.path.clone()));
                    }
                }
            });
        });
    }
}

fn thumbnail(
    ui: &mut Ui,
    textures: &mut TextureCache,
    (stop, index): (TabStop, usize),
    picture: &RecentPicture,
    is_shown: bool,
) -> egui::Response {
    let image = &picture.thumbnail;
    let width = HEIGHT * image.width_px.max(1) as f32 / image.height_px.max(1) as f32;
    let (_, rect) = ui.allocate_space(Vec2::new(width.min(3.0 * HEIGHT), HEIGHT));
    let response = stop.cell(ui, rect, index);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_shown, file_name(&picture.path)));
    if ui.is_rect_visible(rect) {
        let texture = textures.thumbnail(ui.ctx(), image);
        egui::Image::new((texture.id(), rect.size()))
            .corner_radius(3)
            .paint_at(ui, rect);
        if is_shown || response.hovered() || response.has_focus() {
            let colour = if response.hovered() && !is_shown {
                ui.visuals().weak_text_color()
            } else {
                ui.visuals().selection.stroke.color
            };
            ui.painter()
                .rect_stroke(rect, 3.0, Stroke::new(2.0, colour), StrokeKind::Inside);
        }
    }
    response
}

fn describe(ui: &mut Ui, ctx: &StudioContext<'_, '_>, picture: &RecentPicture) {
    ui.label(file_name(&picture.path));
    if let Some(record) = &picture.record {
        ui.label(&record.request.prompt);
        ui.weak(made_words(ctx.language, record));
    }
}

/// How a picture was made, in short: seed, model, and precision if that is known.
pub(in crate::ui) fn made_words(language: Language, record: &Record) -> String {
    let seed = record
        .request
        .knows(Setting::Seed)
        .then(|| record.request.seed.to_string());
    let seed = fields::value(language, "seed", &seed.unwrap_or_default());
    let words = language.tr_with("recent-seed", &[("seed", &seed), ("model", &record.model_name)]);
    with_precision(words, &record.precision)
}

/// The same words with the precision behind them; files of other programs do not say it.
pub(in crate::ui) fn with_precision(words: String, precision: &str) -> String {
    if precision.is_empty() {
        words
    } else {
        format!("{words} · {precision}")
    }
}
