//! The line below the grid, and what stands in place of pictures where there are none.

use egui::{Align, Button, Layout, RichText, Ui};

use super::GalleryContext;
use super::dates::grouped;
use crate::ui::commands::GalleryCommand;
use crate::ui::i18n::Value;
use crate::ui::theme;

/// How many there are, how far the files are looked at, and what is not right.
pub(super) fn show(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    let page = ctx.page;
    let weak = |text: String| RichText::new(text).color(*ctx.palette.text_weak);
    ui.horizontal_centered(|ui| {
        if let Some(found) = page.found() {
            ui.label(weak(count_text(ctx, found.ids.len(), found.total)));
        }
        let num_chosen = page.selection.len();
        if num_chosen > 0 {
            let count = [("count", &*grouped(num_chosen))];
            ui.label(ctx.language.tr_with("gallery-chosen", &count));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(scanning) = page.scanning {
                let words = scanning_text(ctx, scanning.done, scanning.total);
                ui.label(weak(words)).on_hover_text(ctx.tr("gallery-scanning.tip"));
            } else if page.unreadable > 0 {
                let words = weak(counted(
                    ctx,
                    "gallery-unreadable",
                    page.unreadable,
                    ("count", page.unreadable),
                ));
                ui.label(words).on_hover_text(ctx.tr("gallery-unreadable.tip"));
            }
            if let Some(folder) = page.lost.first() {
                let folder = folder.display().to_string();
                let words = ctx.language.tr_with("gallery-folder-lost", &[("folder", &folder)]);
                ui.add(egui::Label::new(RichText::new(words).color(*ctx.palette.warning)).truncate());
            } else if let Some(error) = &page.search.error {
                let words = RichText::new(ctx.language.error(&error.code)).color(*ctx.palette.error);
                ui.add(egui::Label::new(words).truncate());
            }
        });
    });
}

fn count_text(ctx: &GalleryContext<'_, '_>, num_found: usize, total: usize) -> String {
    if num_found == total {
        counted(ctx, "gallery-count", total, ("found", total))
    } else {
        counted(ctx, "gallery-count-found", total, ("found", num_found))
    }
}

/// A text that `number` makes singular or plural, in which it stands as `total` and another number by its name, both with
/// their thousands set apart.
fn counted(ctx: &GalleryContext<'_, '_>, key: &str, number: usize, other: (&'static str, usize)) -> String {
    let values = [
        ("number", Value::from(number)),
        ("total", Value::from(grouped(number))),
        (other.0, Value::from(grouped(other.1))),
    ];
    ctx.language.tr_with(key, &values)
}

fn scanning_text(ctx: &GalleryContext<'_, '_>, done: usize, total: Option<usize>) -> String {
    let done = grouped(done);
    match total.map(grouped) {
        Some(total) => {
            let values = [("done", &*done), ("total", &*total)];
            ctx.language.tr_with("gallery-scanning-of", &values)
        }
        None => ctx.language.tr_with("gallery-scanning", &[("done", &done)]),
    }
}

/// What stands in place of pictures: why there are none, and what can be done.
pub(super) fn show_empty(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    let page = ctx.page;
    let total = page.found().map(|found| found.total);
    let (key, commands): (&str, &[(&str, GalleryCommand)]) = match total {
        _ if page.search.error.is_some() => (
            "gallery-none-understood",
            &[
                ("gallery-explain", GalleryCommand::ExplainSearch),
                ("gallery-clear", GalleryCommand::SearchFor(String::new())),
            ],
        ),
        None => ("gallery-none-yet", &[]),
        Some(0) if page.scanning.is_some() => ("gallery-none-scanned", &[]),
        Some(0) => (
            "gallery-none-made",
            &[("gallery-add-folder", GalleryCommand::AddFolder)],
        ),
        Some(_) => (
            "gallery-none-found",
            &[
                ("gallery-clear", GalleryCommand::SearchFor(String::new())),
                ("gallery-explain", GalleryCommand::ExplainSearch),
            ],
        ),
    };
    ui.vertical_centered(|ui| {
        ui.add_space((0.36 * ui.available_height()).max(0.0));
        let title = RichText::new(ctx.tr(key)).family(theme::strong_family()).size(16.0);
        ui.label(title);
        let more = ctx.tr(&format!("{key}.tip"));
        ui.label(RichText::new(more).color(*ctx.palette.text_weak));
        ui.add_space(12.0);
        for (name, command) in commands {
            let button = ui.add(Button::new(ctx.tr(name)));
            if button.on_hover_text(ctx.tr(&format!("{name}.tip"))).clicked() {
                ctx.commands.send(command.clone());
            }
        }
    });
}
