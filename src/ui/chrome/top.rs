//! The line above everything: the pages, the list of commands, notices, language and settings.

use egui::{Button, RichText, Ui, vec2};

use crate::ui::commands::{PageId, UiCommand};
use crate::ui::i18n::Language;
use crate::ui::model::notifications::Level;
use crate::ui::panel::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::right_aligned::right_aligned;

/// Width of the field that opens the list of commands.
const SEARCH_WIDTH: f32 = 196.0;

/// Lays out the line above everything.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("Hareru").family(theme::strong_family()).size(15.0));
        ui.add_space(8.0);
        ui.spacing_mut().item_spacing.x = 2.0;
        tabs(ui, ctx);
        ui.spacing_mut().item_spacing.x = 4.0;
        // The search takes what room the others leave, which were measured in the last frame.
        let (room, others_id) = (ui.available_width(), ui.scope_id().with("others"));
        right_aligned(ui, "verbs", |ui| {
            let others = ui.data(|data| data.get_temp::<f32>(others_id)).unwrap_or_default();
            search(ui, ctx, room - others);
            let start = ui.min_rect().right();
            notices_menu(ui, ctx);
            if ctx.state.page == PageId::Studio {
                side_toggles(ui, ctx);
            }
            ctx.icon_button(ui, Icon::Folder, UiCommand::ChoosePicture, false);
            language_toggle(ui, ctx);
            let settings = PageId::Settings;
            ctx.icon_button(
                ui,
                Icon::Gear,
                UiCommand::ShowPage(settings),
                ctx.state.page == settings,
            );
            let width = ui.min_rect().right() - start;
            ui.data_mut(|data| data.insert_temp(others_id, width));
        });
    });
}

/// One for each page but the settings, which have their sign at the right.
fn tabs(ui: &mut Ui, ctx: &PanelContext<'_>) {
    for page in PageId::ALL.into_iter().filter(|page| *page != PageId::Settings) {
        let show = UiCommand::ShowPage(page);
        let count = ctx.state.jobs.jobs().len();
        let words = match (page, count) {
            (PageId::Queue, 1..) => ctx.language.tr_with("queue-tab", &[("count", &count.to_string())]),
            _ => show.name(ctx.language),
        };
        let tab = ui.selectable_label(ctx.state.page == page, words);
        if tab.on_hover_text(show.tooltip(ctx.language, ui.ctx())).clicked() {
            ctx.commands.send(show);
        }
    }
}

/// Looks like a field and opens the list of commands; no more than a sign where there is no room.
fn search(ui: &mut Ui, ctx: &PanelContext<'_>, room: f32) {
    let open = UiCommand::TogglePalette;
    if room < SEARCH_WIDTH + 8.0 {
        ctx.icon_button(ui, Icon::Search, open, false);
        return;
    }
    let words = RichText::new(open.name(ctx.language)).color(*ctx.palette.text_weak);
    let key = RichText::new(open.keys_text(ui.ctx()))
        .color(*ctx.palette.text_weak)
        .small();
    let button = Button::new(words)
        .right_text(key)
        .fill(*ctx.palette.field)
        .truncate()
        .min_size(vec2(SEARCH_WIDTH, ROW_HEIGHT));
    let button = ui.add_sized(vec2(SEARCH_WIDTH, ROW_HEIGHT), button);
    let button = button.accessible_name(open.name(ctx.language));
    if button.on_hover_text(open.tooltip(ctx.language, ui.ctx())).clicked() {
        ctx.commands.send(open);
    }
}

/// Named by the language that it changes to.
fn language_toggle(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let other = match ctx.language {
        Language::English => Language::Japanese,
        Language::Japanese => Language::English,
    };
    let button = ui.add(Button::new(other.name()).frame_when_inactive(false));
    if button.on_hover_text(ctx.tr("top-language.tip")).clicked() {
        ctx.commands.send(UiCommand::SetLanguage(other));
    }
}

fn notices_menu(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let notices = ctx.state.notices.all();
    let name = ctx.language.tr_count("top-notices", notices.len());
    let menu = ui.menu_button(name, |ui| {
        ui.set_width(360.0);
        if notices.is_empty() {
            ui.weak(ctx.tr("notices-none"));
        }
        egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for notice in notices.iter().rev() {
                let text = RichText::new(notice.text.localise(ctx.language));
                let text = match notice.level {
                    Level::Info => text,
                    Level::Error => text.color(*ctx.palette.error),
                };
                ui.add(egui::Label::new(text).wrap());
                ui.separator();
            }
        });
    });
    menu.response.on_hover_text(ctx.tr("top-notices.tip"));
}

/// Two buttons that hide or show the sides of the studio, right to left.
fn side_toggles(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let sides = ctx.state.sides;
    ui.spacing_mut().item_spacing.x = 4.0;
    for (icon, is_shown, command) in [
        (Icon::LeftSide, sides.is_form_shown, UiCommand::ToggleForm),
        (Icon::RightSide, sides.is_inspector_shown, UiCommand::ToggleInspector),
    ] {
        ctx.icon_button(ui, icon, command, is_shown);
    }
}
