//! The line above the grid: what is looked for, in which order, how large.

use egui::{Area, Button, ComboBox, Frame, Id, Order as Layer, RichText, Slider, Ui, vec2};

use super::GalleryContext;
use super::dates;
use super::state::SIDES;
use crate::gallery::SortOrder;
use crate::ui::commands::{GalleryCommand, UiCommand};
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;
use crate::ui::widgets::right_aligned::right_aligned;
use crate::ui::widgets::suggest::{FieldWords, SuggestField, Suggestion};

/// Width of the controls beside the search field.
const CONTROLS_WIDTH: f32 = 330.0;
/// Width of the explanation of the search language.
const HELP_WIDTH: f32 = 430.0;
/// What can be searched for, and the text that explains it.
const SYNTAX: [(&str, &str); 9] = [
    ("lighthouse night", "gallery-syntax-words"),
    ("\"red boat\"", "gallery-syntax-phrase"),
    ("model:xl sampler:euler lora:ink", "gallery-syntax-names"),
    ("tag:sea collection:best source:comfyui", "gallery-syntax-marks"),
    ("rating>=4 is:favourite has:run", "gallery-syntax-rating"),
    ("seed:7 size:512x768", "gallery-syntax-exact"),
    ("cfg>7 steps<=20 width>512", "gallery-syntax-numbers"),
    ("date:today date:2026-11", "gallery-syntax-dates"),
    ("-fog -tag:draft", "gallery-syntax-not"),
];

/// The line above the grid.
#[derive(Default)]
pub(super) struct Bar {
    text: String,
    /// What the field was last known to hold, to tell typing from what was put in elsewhere.
    known: String,
    field: SuggestField,
    findings: u64,
    had_focus: bool,
}

impl Bar {
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
        ui.horizontal_centered(|ui| {
            let width = (ui.available_width() - CONTROLS_WIDTH).max(160.0);
            self.search(ui, ctx, width);
            help(ui, ctx);
            right_aligned(ui, "controls", |ui| {
                order(ui, ctx);
                size(ui, ctx);
                details_toggle(ui, ctx);
            });
        });
    }

    fn search(&mut self, ui: &mut Ui, ctx: &GalleryContext<'_, '_>, width: f32) {
        let search = &ctx.page.search;
        if search.text != self.known {
            self.text.clone_from(&search.text);
            self.known.clone_from(&search.text);
        }
        let id = Id::unique("gallery_search");
        if std::mem::replace(&mut self.findings, ctx.page.findings) != ctx.page.findings {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        let is_empty = self.text.is_empty();
        let shows_history = is_empty && !search.history.is_empty();
        let items: Vec<Suggestion> = if shows_history {
            let history = search.history.iter();
            let line = |label: &String| Suggestion {
                label: label.clone(),
                note: String::new(),
            };
            history.map(line).collect()
        } else {
            let line = |completion: &crate::gallery::Completion| Suggestion {
                label: completion.label.clone(),
                note: completion.count.map(dates::grouped).unwrap_or_default(),
            };
            search.completions.iter().map(line).collect()
        };
        let error = search.error.as_ref();
        let error = error.map(|error| (ctx.language.error(&error.code), error.range.clone()));
        let words = FieldWords {
            id,
            name: &ctx.tr("gallery-search"),
            tip: &ctx.tr("gallery-search.tip"),
            hint: &ctx.tr("gallery-search-hint"),
            width: width - ROW_HEIGHT - 8.0,
            error: error.as_ref().map(|(words, range)| (&**words, range.clone())),
        };
        let events = self.field.show(ui, &mut self.text, &words, &items, ctx.palette);
        let taken = events.taken.and_then(|index| {
            if shows_history {
                search.history.get(index).cloned()
            } else {
                search.completions.get(index).map(|completion| completion.text.clone())
            }
        });
        if let Some(text) = taken {
            self.text.clone_from(&text);
            self.known.clone_from(&text);
            ctx.commands.send(GalleryCommand::SearchFor(text));
        } else if events.is_changed {
            self.known.clone_from(&self.text);
            ctx.commands.send(GalleryCommand::Type {
                text: self.text.clone(),
                caret: events.caret,
            });
        }
        let has_focus = events.response.has_focus();
        if events.is_entered || (self.had_focus && !has_focus) {
            ctx.commands.send(GalleryCommand::Remember);
        }
        self.had_focus = has_focus;
        ui.add_enabled_ui(!is_empty, |ui| {
            let (name, tip) = (ctx.tr("gallery-clear"), ctx.tr("gallery-clear.tip"));
            if icon_button(ui, Icon::Close, &name, &tip, false).clicked() {
                ctx.commands.send(GalleryCommand::SearchFor(String::new()));
            }
        });
    }
}

fn help(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    let command = GalleryCommand::ExplainSearch;
    let named = UiCommand::Gallery(command.clone());
    let is_on = ctx.page.search.is_explained;
    let button = ui.add_sized([ROW_HEIGHT, ROW_HEIGHT], Button::new("?").selected(is_on));
    let button = button
        .on_hover_text(named.tooltip(ctx.language, ui.ctx()))
        .accessible_name(named.name(ctx.language));
    if button.clicked() {
        ctx.commands.send(command);
    }
    if !is_on {
        return;
    }
    Area::new(Id::unique("gallery_syntax"))
        .order(Layer::Foreground)
        .fixed_pos(button.rect.left_bottom() + vec2(-HELP_WIDTH / 2.0, 6.0))
        .constrain_to(ui.ctx().viewport_rect())
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(12).show(ui, |ui| {
                ui.set_width(HELP_WIDTH);
                let title = RichText::new(ctx.tr("gallery-syntax")).family(theme::strong_family());
                ui.label(title);
                ui.add_space(4.0);
                for (example, key) in SYNTAX {
                    let example_text = RichText::new(example).monospace();
                    let link = ui.add(Button::new(example_text).frame(false));
                    if link.on_hover_text(ctx.tr("gallery-syntax-try")).clicked() {
                        ctx.commands.send(GalleryCommand::SearchFor(example.to_owned()));
                        ctx.commands.send(GalleryCommand::ExplainSearch);
                    }
                    let words = RichText::new(ctx.tr(key)).color(*ctx.palette.text_weak);
                    ui.add(egui::Label::new(words).wrap());
                    ui.add_space(4.0);
                }
            });
        });
}

fn order(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    let name = |order| match order {
        SortOrder::Newest => ctx.tr("gallery-order-newest"),
        SortOrder::Oldest => ctx.tr("gallery-order-oldest"),
        SortOrder::Rating => ctx.tr("gallery-order-rating"),
    };
    let before = ctx.page.order;
    let mut chosen = before;
    let response = ComboBox::from_id_salt("gallery_order")
        .selected_text(name(chosen))
        .width(116.0)
        .show_ui(ui, |ui| {
            for order in [SortOrder::Newest, SortOrder::Oldest, SortOrder::Rating] {
                ui.selectable_value(&mut chosen, order, name(order));
            }
        })
        .response;
    response
        .accessible_name(ctx.tr("gallery-order"))
        .on_hover_text(ctx.tr("gallery-order.tip"));
    if chosen != before {
        ctx.commands.send(GalleryCommand::SetOrder(chosen));
    }
}

fn size(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    let before = ctx.page.side;
    let mut side = before;
    ui.spacing_mut().slider_width = 96.0;
    let slider = ui.add(Slider::new(&mut side, SIDES).step_by(8.0).show_value(false));
    slider
        .accessible_name(ctx.tr("gallery-size"))
        .on_hover_text(ctx.tr("gallery-size.tip"));
    if side != before {
        ctx.commands.send(GalleryCommand::SetSide(side));
    }
}

fn details_toggle(ui: &mut Ui, ctx: &GalleryContext<'_, '_>) {
    let is_on = ctx.page.is_details_shown;
    ctx.icon_button(ui, Icon::RightSide, GalleryCommand::ToggleDetails, is_on);
}
