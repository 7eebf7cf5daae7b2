//! Only the settings that differ, picture by picture.

use std::sync::Arc;

use egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use super::CompareContext;
use crate::job::{SettingRow, settings_that_differ};
use crate::ui::commands::CompareCommand;
use crate::ui::model::state::file_name;
use crate::ui::theme;
use crate::ui::widgets::fields;

/// Width of the names of settings.
const NAME_WIDTH: f32 = 170.0;
/// Narrowest and widest column of a picture.
const COLUMN_WIDTH: (f32, f32) = (120.0, 300.0);

/// Lays the table out.
pub(super) fn show(ui: &mut Ui, ctx: &CompareContext<'_, '_>) {
    let page = ctx.page;
    let records: Vec<_> = page.pictures.iter().map(|picture| picture.record.clone()).collect();
    let num_known = records.iter().flatten().count();
    let rows = rows(&records);
    let num = page.pictures.len().max(1) as f32;
    let width = (ui.available_width() - NAME_WIDTH) / num - 20.0;
    let width = width.clamp(COLUMN_WIDTH.0, COLUMN_WIDTH.1);
    ScrollArea::both().id_salt("table").auto_shrink(false).show(ui, |ui| {
        ui.add_space(10.0);
        if num_known < 2 {
            ui.label(RichText::new(ctx.tr("compare-no-records")).weak());
        } else if rows.is_empty() {
            ui.label(ctx.tr("compare-same-settings"));
        }
        Grid::new("settings")
            .striped(true)
            .spacing(vec2(16.0, 8.0))
            .show(ui, |ui| {
                heads(ui, ctx, width);
                for row in &rows {
                    let name = RichText::new(name_of(ctx, row)).color(*ctx.palette.text_weak);
                    cell(ui, NAME_WIDTH, name);
                    let reference = row.values.get(page.first);
                    for (place, value) in row.values.iter().enumerate() {
                        let is_known = records[place].is_some();
                        let text = RichText::new(if is_known {
                            fields::value(ctx.language, &row.field, value)
                        } else {
                            String::new()
                        });
                        let is_other = Some(value) != reference && is_known;
                        let text = if is_other || place == page.first {
                            text.color(*ctx.palette.text)
                        } else {
                            text.color(*ctx.palette.text_weak)
                        };
                        let text = if is_other {
                            text.family(theme::strong_family())
                        } else {
                            text
                        };
                        cell(ui, width, text);
                    }
                    ui.end_row();
                }
            });
    });
}

fn rows(records: &[Option<Arc<crate::job::Record>>]) -> Vec<SettingRow> {
    let records: Vec<_> = records.iter().map(|record| record.as_deref()).collect();
    settings_that_differ(&records)
}

/// The names of the pictures; a press makes one the reference.
fn heads(ui: &mut Ui, ctx: &CompareContext<'_, '_>, width: f32) {
    let page = ctx.page;
    cell(
        ui,
        NAME_WIDTH,
        RichText::new(ctx.tr("compare-reference")).color(*ctx.palette.text_weak),
    );
    for (place, picture) in page.pictures.iter().enumerate() {
        ui.vertical(|ui| {
            ui.set_width(width);
            let name = file_name(&picture.path);
            let head = egui::Button::selectable(place == page.first, &name).truncate();
            let tip = ctx.language.tr_with("compare-as-reference", &[("file", &name)]);
            let head = ui.add(head.frame_when_inactive(true)).on_hover_text(&tip);
            if head.accessible_name(&tip).clicked() {
                ctx.commands.send(CompareCommand::SetFirst(place));
            }
            if picture.record.is_none() && picture.pixels.is_some() {
                ui.label(RichText::new(ctx.tr("compare-no-record")).small().weak());
            }
        });
    }
    ui.end_row();
}

fn cell(ui: &mut Ui, width: f32, text: RichText) {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.add(Label::new(text).wrap());
    });
}

/// The setting in the window's language, with the step from which on it holds.
fn name_of(ctx: &CompareContext<'_, '_>, row: &SettingRow) -> String {
    let name = match row.field.as_str() {
        "model_hash" => ctx.tr("compare-field-hash"),
        "family" => ctx.tr("compare-field-family"),
        "precision" => ctx.tr("compare-field-precision"),
        "decoder" => ctx.tr("compare-field-decoder"),
        "program" => ctx.tr("compare-field-program"),
        field => fields::name(ctx.language, field),
    };
    match row.step {
        None => name,
        Some(step) => {
            let step = (step + 1).to_string();
            ctx.language
                .tr_with("compare-from", &[("name", &name), ("step", &step)])
        }
    }
}
