//! The buttons beside the strip of steps: what can be done with the run that is shown.

use egui::{Button, Ui, vec2};

use crate::ui::commands::UiCommand;
use crate::ui::model::state::Pause;
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// Two rows of four buttons.
pub(in crate::ui) fn show(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let (page, app) = (ctx.page, ctx.state);
    let is_live = page.is_live_steerable(app);
    let has_steps = page.shown_step_record().is_some();
    let is_moving = if is_live {
        app.run.as_ref().is_some_and(|run| run.pause == Pause::No)
    } else {
        page.playback.is_on
    };
    let play = if is_moving { Icon::Pause } else { Icon::Play };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing = vec2(GRID, GRID);
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            button(ui, ctx, UiCommand::StepBack, Icon::StepBack, has_steps);
            button(ui, ctx, UiCommand::PlayOrPause, play, is_live || has_steps);
            button(ui, ctx, UiCommand::SingleStep, Icon::StepOn, is_live || has_steps);
            button(ui, ctx, UiCommand::EndHere, Icon::EndHere, is_live);
        });
        ui.horizontal(|ui| {
            speed(ui, ctx);
            button(ui, ctx, UiCommand::ToggleLoop, Icon::Loop, true);
            button(ui, ctx, UiCommand::KeepStep, Icon::Keep, has_steps);
            button(ui, ctx, UiCommand::BranchHere, Icon::Branch, has_steps);
        });
    });
}

fn button(ui: &mut Ui, ctx: &StudioContext<'_, '_>, command: UiCommand, icon: Icon, is_enabled: bool) {
    let is_on = command == UiCommand::ToggleLoop && ctx.page.playback.is_looping;
    let (name, tip) = (command.name(ctx.language), command.tooltip(ctx.language, ui.ctx()));
    ui.add_enabled_ui(is_enabled, |ui| {
        if icon_button(ui, icon, &name, &tip, is_on)
            .on_disabled_hover_text(&tip)
            .clicked()
        {
            ctx.commands.send(command);
        }
    });
}

/// How quickly is played; a press takes the next speed.
fn speed(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let command = UiCommand::NextSpeed;
    let speed = ctx.page.playback.speed;
    let words = match speed {
        speed if speed < 0.4 => "¼×".to_owned(),
        speed if speed < 0.9 => "½×".to_owned(),
        speed => format!("{speed:.0}×"),
    };
    let name = format!("{} {words}", command.name(ctx.language));
    ui.spacing_mut().button_padding.x = 0.0;
    let response = ui.add(Button::new(words).min_size(vec2(ROW_HEIGHT, ROW_HEIGHT)));
    let response = response.accessible_name(name);
    if response
        .on_hover_text(command.tooltip(ctx.language, ui.ctx()))
        .clicked()
    {
        ctx.commands.send(command);
    }
}
