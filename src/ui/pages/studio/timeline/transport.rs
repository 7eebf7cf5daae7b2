//! The buttons beside the strip of steps: what can be done with the run that is shown.

use egui::{Button, Ui, vec2};

use crate::ui::commands::UiCommand;
use crate::ui::model::state::Pause;
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;

/// Two rows of four buttons.
pub(in crate::ui) fn show(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let (page, app) = (ctx.page, ctx.state);
    let is_live = page.is_live_steerable(app);
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
            ctx.icon_button(ui, Icon::StepBack, UiCommand::StepBack, false);
            ctx.icon_button(ui, play, UiCommand::PlayOrPause, false);
            ctx.icon_button(ui, Icon::StepOn, UiCommand::SingleStep, false);
            ctx.icon_button(ui, Icon::EndHere, UiCommand::EndHere, false);
        });
        ui.horizontal(|ui| {
            speed(ui, ctx);
            ctx.icon_button(ui, Icon::Loop, UiCommand::ToggleLoop, page.playback.is_looping);
            ctx.icon_button(ui, Icon::Keep, UiCommand::KeepStep, false);
            ctx.icon_button(ui, Icon::Branch, UiCommand::BranchHere, false);
        });
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
