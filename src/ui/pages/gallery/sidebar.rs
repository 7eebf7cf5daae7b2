//! What there is: all, favourites, collections, tags, folders. Each is a search, so the field always says what is shown.

use std::path::Path;

use egui::{
    Align, Align2, Button, FontId, Layout, Margin, RichText, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, vec2,
};

use super::GalleryContext;
use super::dates;
use crate::ui::commands::GalleryCommand;
use crate::ui::model::state::file_name;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// The search that finds the favourites.
const FAVOURITES: &str = "is:favourite";
/// Tags that are shown; the others are found by typing.
const MAX_TAGS: usize = 40;

pub(super) fn show(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new().inner_margin(Margin::symmetric(8, 8)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let page = ctx.page;
            let total = page.found().map(|found| found.total);
            search_row(ui, ctx, &ctx.tr("gallery-all"), total, "");
            search_row(ui, ctx, &ctx.tr("gallery-favourites"), None, FAVOURITES);
            heading(ui, ctx, "gallery-collections");
            if page.collections.is_empty() {
                nothing(ui, ctx, "gallery-no-collections");
            }
            for label in &page.collections {
                let search = format!("collection:{}", quoted(&label.name));
                search_row(ui, ctx, &label.name, Some(label.count), &search);
            }
            heading(ui, ctx, "gallery-tags");
            if page.tags.is_empty() {
                nothing(ui, ctx, "gallery-no-tags");
            }
            for label in page.tags.iter().take(MAX_TAGS) {
                let search = format!("tag:{}", quoted(&label.name));
                search_row(ui, ctx, &label.name, Some(label.count), &search);
            }
            heading(ui, ctx, "gallery-folders");
            folders(ui, ctx);
        });
    });
}

/// A name as the search language has it.
fn quoted(name: &str) -> String {
    let name = name.replace('"', "");
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if is_plain && !name.is_empty() {
        name
    } else {
        format!("\"{name}\"")
    }
}

fn heading(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, key: &str) {
    ui.add_space(12.0);
    let text = RichText::new(ctx.tr(key)).family(theme::strong_family());
    ui.label(text).on_hover_text(ctx.tr(&format!("{key}.tip")));
    ui.add_space(2.0);
}

fn nothing(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, key: &str) {
    let text = RichText::new(ctx.tr(key)).color(*ctx.palette.text_weak);
    ui.add(egui::Label::new(text.small()).wrap());
}

/// A line that looks for something.
fn search_row(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, name: &str, count: Option<usize>, search: &str) {
    let is_on = ctx.page.search.text.trim() == search;
    let tip = if search.is_empty() {
        ctx.tr("gallery-all.tip")
    } else {
        ctx.language.tr_with("gallery-row-tip", &[("search", search)])
    };
    let count = count.map(dates::grouped).unwrap_or_default();
    if row(ui, ctx, name, &count, is_on).on_hover_text(tip).clicked() {
        ctx.commands.send(GalleryCommand::SearchFor(search.to_owned()));
    }
}

fn row(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, name: &str, count: &str, is_on: bool) -> egui::Response {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, name));
    let painter = ui.painter();
    if is_on {
        painter.rect_filled(rect, 4.0, *ctx.palette.selection);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 4.0, *ctx.palette.hover);
    }
    let count = painter.text(
        rect.right_center() - vec2(6.0, 0.0),
        Align2::RIGHT_CENTER,
        count,
        FontId::proportional(11.5),
        *ctx.palette.text_weak,
    );
    let font = TextStyle::Body.resolve(ui.style());
    let room = count.left() - rect.left() - 12.0;
    let mut words = egui::text::LayoutJob::simple_singleline(name.to_owned(), font, *ctx.palette.text);
    words.wrap = egui::text::TextWrapping::truncate_at_width(room);
    let words = ui.ctx().fonts_mut(|fonts| fonts.layout_job(words));
    let at = rect.left_center() + vec2(6.0, -words.size().y / 2.0);
    ui.painter().galley(at, words, *ctx.palette.text);
    response
}

fn folders(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    for folder in &ctx.settings.watched_folders {
        folder_row(ui, ctx, folder);
    }
    ui.add_space(4.0);
    for (key, command) in [
        ("gallery-add-folder", GalleryCommand::AddFolder),
        ("gallery-rescan", GalleryCommand::Rescan),
    ] {
        let button = ui.add(Button::new(ctx.tr(key)));
        if button.on_hover_text(ctx.tr(&format!("{key}.tip"))).clicked() {
            ctx.commands.send(command);
        }
        ui.add_space(4.0);
    }
}

fn folder_row(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, folder: &Path) {
    let is_lost = ctx.page.lost.iter().any(|lost| lost == folder);
    let name = file_name(folder);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.set_height(ROW_HEIGHT);
        let words = [("folder", &*name)];
        let leave = ctx.language.tr_with("gallery-unwatch", &words);
        let tip = ctx.tr("gallery-unwatch.tip");
        if icon_button(ui, Icon::Close, &leave, &tip, false).clicked() {
            ctx.commands.send(GalleryCommand::Unwatch(folder.to_owned()));
        }
        let (mark, colour) = if is_lost {
            (ctx.tr("gallery-away"), ctx.palette.warning)
        } else {
            (String::new(), ctx.palette.text)
        };
        if is_lost {
            ui.label(RichText::new(mark).small().color(*colour));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let text = RichText::new(&name).color(*colour);
            let response = ui.add(egui::Label::new(text).truncate().sense(Sense::click()));
            let tip = format!("{}\n{}", folder.display(), ctx.tr("gallery-open-folder"));
            if response.on_hover_text(tip).clicked() {
                ctx.commands.send(GalleryCommand::OpenFolder(folder.to_owned()));
            }
        });
    });
}
