//! The line above everything: the name, opening pictures, notices, language and theme.

use egui::{Align, Button, ComboBox, Layout, RichText, Ui};

use super::{Panel, PanelContext, Slot, sides};
use crate::config::ThemeChoice;
use crate::ui::command::UiCommand;
use crate::ui::i18n::Language;
use crate::ui::notifications::Level;
use crate::ui::pages::Page;
use crate::ui::theme;

/// The line above everything.
pub(super) struct TopPanel;

impl Panel for TopPanel {
    fn id(&self) -> &'static str {
        "top"
    }

    fn slot(&self) -> Slot {
        Slot::Top
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        ui.horizontal_centered(|ui| {
            ui.label(RichText::new("Hareru").family(theme::strong_family()).size(15.0));
            ui.add_space(12.0);
            tabs(ui, ctx);
            ui.add_space(12.0);
            let open = UiCommand::ChoosePicture;
            let button = ui.add(Button::new(open.name(ctx.language)));
            if button.on_hover_text(open.tooltip(ctx.language, ui.ctx())).clicked() {
                ctx.commands.send(open);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                language_choice(ui, ctx);
                theme_choice(ui, ctx);
                notices_menu(ui, ctx);
                sides::toggles(ui, ctx);
            });
        });
    }
}

/// One for each page; that of the settings stands at the right with the other choices.
fn tabs(ui: &mut Ui, ctx: &PanelContext<'_>) {
    for page in Page::ALL {
        let show = UiCommand::ShowPage(page);
        let tab = ui.selectable_label(ctx.state.page == page, show.name(ctx.language));
        if tab.on_hover_text(show.tooltip(ctx.language, ui.ctx())).clicked() {
            ctx.commands.send(show);
        }
    }
}

fn language_choice(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let mut chosen = ctx.language;
    let response = ComboBox::from_id_salt("language")
        .selected_text(chosen.name())
        .width(92.0)
        .show_ui(ui, |ui| {
            for language in Language::ALL {
                ui.selectable_value(&mut chosen, language, language.name());
            }
        })
        .response;
    response
        .accessible_name(ctx.tr("top-language"))
        .on_hover_text(ctx.tr("top-language.tip"));
    if chosen != ctx.language {
        ctx.commands.send(UiCommand::SetLanguage(chosen));
    }
}

fn theme_choice(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let name = |choice| match choice {
        ThemeChoice::Dark => ctx.tr("theme-dark"),
        ThemeChoice::Light => ctx.tr("theme-light"),
        ThemeChoice::System => ctx.tr("theme-system"),
    };
    let mut chosen = ctx.theme_choice;
    let response = ComboBox::from_id_salt("theme")
        .selected_text(name(chosen))
        .width(92.0)
        .show_ui(ui, |ui| {
            for choice in [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::System] {
                ui.selectable_value(&mut chosen, choice, name(choice));
            }
        })
        .response;
    response
        .accessible_name(ctx.tr("top-theme"))
        .on_hover_text(ctx.tr("top-theme.tip"));
    if chosen != ctx.theme_choice {
        ctx.commands.send(UiCommand::SetTheme(chosen));
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
                let text = RichText::new(notice.text.say(ctx.language));
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
