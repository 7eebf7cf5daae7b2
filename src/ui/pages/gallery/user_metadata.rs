//! What the owner says of the chosen pictures: stars, heart, tags, collections.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Id, RichText, Role, Sense, Ui, Vec2, WidgetInfo};

use super::GalleryContext;
use super::dates::grouped;
use crate::gallery::{LabelCount, MetadataChange, PictureEntry};
use crate::ui::commands::{GalleryCommand, UiCommand};
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::icon::{Icon, paint_icon};
use crate::ui::widgets::stars::{StarWords, star_row};
use crate::ui::widgets::suggest::{FieldWords, SuggestField, Suggestion};

/// Suggestions below the field for a new word.
const MAX_SUGGESTIONS: usize = 8;

/// A field for a new tag or a new collection.
#[derive(Default)]
struct NewWord {
    text: String,
    field: SuggestField,
}

/// The editor of marks.
#[derive(Default)]
pub(super) struct MarksEditor {
    tag: NewWord,
    collection: NewWord,
    taggings: u64,
}

/// The texts of a list of words: keys among the texts.
struct Words {
    title: &'static str,
    field: &'static str,
    hint: &'static str,
    remove: &'static str,
    id: &'static str,
}

const TAGS: Words = Words {
    title: "gallery-tags",
    field: "gallery-new-tag",
    hint: "gallery-new-tag-hint",
    remove: "gallery-untag",
    id: "gallery_new_tag",
};

const COLLECTIONS: Words = Words {
    title: "gallery-collections",
    field: "gallery-new-collection",
    hint: "gallery-new-collection-hint",
    remove: "gallery-uncollect",
    id: "gallery_new_collection",
};

impl MarksEditor {
    /// * `entries`: the pictures, as far as they are known; not empty.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &GalleryContext<'_, '_>, entries: &[&Arc<PictureEntry>]) {
        rating(ui, ctx, entries);
        let page = ctx.page;
        if std::mem::replace(&mut self.taggings, page.taggings) != page.taggings {
            ui.memory_mut(|memory| memory.request_focus(Id::unique(TAGS.id)));
        }
        let tags = shared(entries, |entry| &entry.user_metadata.tags);
        if let Some(change) = self.tag.show(ui, ctx, &TAGS, &tags, &page.tags) {
            let change = match change {
                Change::Add(tag) => MetadataChange::Tag(tag),
                Change::Remove(tag) => MetadataChange::Untag(tag),
            };
            ctx.commands.send(GalleryCommand::Mark(change));
        }
        let collections = shared(entries, |entry| &entry.user_metadata.collections);
        if let Some(change) = self
            .collection
            .show(ui, ctx, &COLLECTIONS, &collections, &page.collections)
        {
            let change = match change {
                Change::Add(name) => MetadataChange::Collect(name),
                Change::Remove(name) => MetadataChange::Uncollect(name),
            };
            ctx.commands.send(GalleryCommand::Mark(change));
        }
    }
}

/// Words that all of the pictures have.
fn shared<'a>(
    entries: &[&'a Arc<PictureEntry>],
    words: impl Fn(&'a PictureEntry) -> &'a BTreeSet<String>,
) -> Vec<&'a String> {
    let Some((first, others)) = entries.split_first() else {
        return Vec::new();
    };
    words(first)
        .iter()
        .filter(|word| others.iter().all(|entry| words(entry).contains(*word)))
        .collect()
}

/// The words of the stars.
pub(super) fn star_text(ctx: &GalleryContext<'_, '_>) -> StarWords {
    StarWords {
        names: [1, 2, 3, 4, 5].map(|rating| UiCommand::Gallery(GalleryCommand::Rate(rating)).name(ctx.language)),
        tip: ctx.tr("gallery-rate.tip"),
    }
}

fn rating(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, entries: &[&Arc<PictureEntry>]) {
    let first = entries.first().map_or(0, |entry| entry.user_metadata.rating);
    let is_same = entries.iter().all(|entry| entry.user_metadata.rating == first);
    ui.horizontal(|ui| {
        let colours = (*ctx.palette.text, *ctx.palette.text_weak);
        let shown = if is_same { first } else { 0 };
        if let Some(rating) = star_row(ui, shown, &star_text(ctx), colours) {
            ctx.commands.send(GalleryCommand::Rate(rating));
        }
        ui.add_space(8.0);
        let is_favourite = entries.iter().all(|entry| entry.user_metadata.is_favourite);
        heart(ui, ctx, is_favourite);
    });
}

/// The heart that makes favourites.
pub(super) fn heart(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, is_favourite: bool) {
    let command = UiCommand::Gallery(GalleryCommand::Favourite);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(ROW_HEIGHT), Sense::click());
    let name = command.name(ctx.language);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_favourite, &name));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 4.0, *ctx.palette.hover);
    }
    let colour = if is_favourite {
        ctx.palette.text
    } else {
        ctx.palette.text_weak
    };
    paint_icon(ui.painter(), Icon::Heart(is_favourite), rect.center(), 17.0, *colour);
    let response = response.on_hover_text(command.tooltip(ctx.language, ui.ctx()));
    if response.clicked() {
        ctx.commands.send(command);
    }
}

enum Change {
    Add(String),
    Remove(String),
}

impl NewWord {
    fn show(
        &mut self,
        ui: &mut Ui,
        ctx: &GalleryContext<'_, '_>,
        words: &Words,
        present: &[&String],
        known: &[LabelCount],
    ) -> Option<Change> {
        let mut change = None;
        ui.add_space(8.0);
        let title = RichText::new(ctx.tr(words.title)).family(theme::strong_family());
        ui.label(title);
        if !present.is_empty() {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = Vec2::splat(4.0);
                for word in present {
                    let name = ctx.language.tr_with(words.remove, &[("name", *word)]);
                    let chip = ui.add(egui::Button::new(format!("{word}  ×")).small());
                    let chip = chip
                        .on_hover_text(ctx.tr(&format!("{}.tip", words.remove)))
                        .accessible_name(name);
                    if chip.clicked() {
                        change = Some(Change::Remove((*word).clone()));
                    }
                }
            });
        }
        let typed = self.text.trim().to_lowercase();
        let matching: Vec<&LabelCount> = known
            .iter()
            .filter(|label| label.name.to_lowercase().contains(&typed) && !present.contains(&&label.name))
            .take(MAX_SUGGESTIONS)
            .collect();
        let items: Vec<Suggestion> = matching
            .iter()
            .map(|label| Suggestion {
                label: label.name.clone(),
                note: grouped(label.count),
            })
            .collect();
        let field = FieldWords {
            id: Id::unique(words.id),
            name: &ctx.tr(words.field),
            tip: &ctx.tr(&format!("{}.tip", words.field)),
            hint: &ctx.tr(words.hint),
            width: ui.available_width(),
            error: None,
        };
        let events = self.field.show(ui, &mut self.text, &field, &items, ctx.palette);
        let taken = events.taken.and_then(|index| matching.get(index));
        if let Some(label) = taken {
            change = Some(Change::Add(label.name.clone()));
            self.text.clear();
        } else if events.is_entered {
            let word = std::mem::take(&mut self.text).trim().to_owned();
            if !word.is_empty() {
                change = Some(Change::Add(word));
                events.response.request_focus(); // for the next one
            }
        }
        change
    }
}
