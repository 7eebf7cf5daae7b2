//! The side that says all that is known of the chosen pictures.

use std::sync::Arc;

use egui::{Align, Button, Frame, Label, Layout, Margin, RichText, ScrollArea, Sense, Ui, vec2};

use super::GalleryContext;
use super::cell;
use super::dates;
use super::textures::Textures;
use super::user_metadata::MarksEditor;
use crate::engine;
use crate::gallery::{PictureEntry, RecordSource, ThumbnailSize};
use crate::ui::commands::{GalleryCommand, UiCommand};
use crate::ui::model::state::file_name;
use crate::ui::theme;
use crate::ui::widgets::fields;

/// Height of the picture.
const PICTURE_HEIGHT: f32 = 220.0;
/// Width of the names of the settings.
const NAME_WIDTH: f32 = 92.0;
/// Height of a line of settings.
const LINE_HEIGHT: f32 = 20.0;

/// The side with the details.
#[derive(Default)]
pub(super) struct Details {
    marks: MarksEditor,
}

impl Details {
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures) {
        let page = ctx.page;
        let entries: Vec<&Arc<PictureEntry>> = page.subjects().iter().filter_map(|id| page.entry(*id)).collect();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin::symmetric(12, 12)).show(ui, |ui| {
                let num_chosen = page.selection.len();
                match entries.as_slice() {
                    [] => {
                        ui.weak(ctx.tr("gallery-details-none"));
                    }
                    [entry] if num_chosen <= 1 => {
                        picture(ui, ctx, textures, entry);
                        self.marks.show(ui, ctx, &entries);
                        ui.add_space(12.0);
                        words(ui, ctx, entry);
                        settings(ui, ctx, entry);
                        verbs(
                            ui,
                            ctx,
                            &[
                                GalleryCommand::Open,
                                GalleryCommand::CopySettings,
                                GalleryCommand::Reveal,
                            ],
                        );
                    }
                    _ => {
                        let count = [("count", &*dates::grouped(num_chosen))];
                        let title = ctx.language.tr_with("gallery-chosen", &count);
                        ui.label(RichText::new(title).family(theme::strong_family()));
                        ui.add_space(8.0);
                        self.marks.show(ui, ctx, &entries);
                        ui.add_space(12.0);
                        verbs(ui, ctx, &[GalleryCommand::Compare, GalleryCommand::Trash]);
                    }
                }
            });
        });
    }
}

fn picture(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, textures: &mut Textures, entry: &PictureEntry) {
    let size = vec2(ui.available_width(), PICTURE_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    cell::paint_thumbnail(ui, ctx, textures.get(entry, ThumbnailSize::Medium), entry, rect);
    ui.add_space(8.0);
    let name = RichText::new(file_name(&entry.path)).family(theme::strong_family());
    ui.add(Label::new(name).truncate())
        .on_hover_text(entry.path.display().to_string());
    let weak = |text: String| RichText::new(text).color(*ctx.palette.text_weak);
    ui.label(weak(dates::moment(ctx.language, entry.created_unix_secs)));
    ui.label(weak(format!(
        "{} × {} · {}",
        entry.width_px,
        entry.height_px,
        size_text(entry.bytes)
    )));
    ui.add_space(4.0);
}

fn size_text(bytes: u64) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1000.0 {
        format!("{kib:.0} KiB")
    } else {
        format!("{:.1} MiB", kib / 1024.0)
    }
}

fn words(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, entry: &PictureEntry) {
    for (key, text) in [
        ("gallery-prompt", &entry.prompt),
        ("gallery-negative", &entry.negative_prompt),
    ] {
        if text.is_empty() {
            continue;
        }
        ui.horizontal(|ui| {
            ui.label(RichText::new(ctx.tr(key)).family(theme::strong_family()));
            if key == "gallery-prompt" {
                let copy = UiCommand::Gallery(GalleryCommand::CopyPrompt);
                let button = ui.add(Button::new(RichText::new(ctx.tr("gallery-copy")).small()).small());
                let button = button
                    .on_hover_text(copy.tooltip(ctx.language, ui.ctx()))
                    .accessible_name(copy.name(ctx.language));
                if button.clicked() {
                    ctx.commands.send(copy);
                }
            }
        });
        ui.add(Label::new(text).wrap());
        ui.add_space(8.0);
    }
}

fn settings(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, entry: &PictureEntry) {
    if entry.source.is_none() {
        let none = RichText::new(ctx.tr("gallery-no-record")).color(*ctx.palette.text_weak);
        ui.add(Label::new(none).wrap());
        ui.add_space(8.0);
        return;
    }
    let lines = [
        (
            "gallery-model",
            Some(fields::recorded_model_name(ctx.language, &entry.model)),
        ),
        (
            "gallery-sampler",
            Some(fields::choice_name(&engine::samplers(), &entry.sampler)),
        ),
        ("gallery-steps", entry.steps.map(|steps| steps.to_string())),
        ("gallery-guidance", entry.guidance_scale.map(|scale| format!("{scale}"))),
        ("gallery-seed", entry.seed.map(|seed| seed.to_string())),
        ("gallery-loras", Some(entry.loras.join(", "))),
        ("gallery-run", entry.has_run.then(|| ctx.tr("gallery-run-kept"))),
        (
            "gallery-source",
            entry.source.map(|source| source_name(source).to_owned()),
        ),
    ];
    for (key, value) in lines {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            continue;
        };
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = LINE_HEIGHT;
            let name = RichText::new(ctx.tr(key)).color(*ctx.palette.text_weak);
            let cell = vec2(NAME_WIDTH, LINE_HEIGHT);
            ui.allocate_ui_with_layout(cell, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(cell);
                ui.add(Label::new(name).truncate());
            });
            ui.add(Label::new(&value).truncate()).on_hover_text(&value);
        });
    }
    ui.add_space(8.0);
}

fn source_name(source: RecordSource) -> &'static str {
    match source {
        RecordSource::Hareru => "Hareru",
        RecordSource::A1111 => "AUTOMATIC1111",
        RecordSource::ComfyUi => "ComfyUI",
        RecordSource::InvokeAi => "InvokeAI",
        RecordSource::SwarmUi => "SwarmUI",
        RecordSource::Fooocus => "Fooocus",
        RecordSource::NovelAi => "NovelAI",
        RecordSource::DrawThings => "Draw Things",
        RecordSource::EasyDiffusion => "Easy Diffusion",
    }
}

fn verbs(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, commands: &[GalleryCommand]) {
    ui.horizontal_wrapped(|ui| {
        for command in commands {
            ctx.button(ui, command.clone());
        }
    });
}
