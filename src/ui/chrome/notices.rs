//! What happened, at the lower right.

use std::collections::HashMap;
use std::time::Duration;

use egui::accesskit::Live;
use egui::{Align, Align2, Area, Frame, Id, Layout, Order, Response, RichText, Stroke, Ui, UiBuilder, vec2};

use crate::ui::commands::{GalleryCommand, PageId, UiCommand};
use crate::ui::model::notifications::{Level, Notice, NoticeAction};
use crate::ui::panel::{PanelContext, RECENT_HEIGHT, TIMELINE_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// How long a notice that only informs stays once the pointer is elsewhere, in seconds.
const INFO_SECS: f64 = 6.0;
/// How many stand there at once.
const MAX_SHOWN: usize = 4;
/// Height of the line along the foot of the other pages.
const STATUS_HEIGHT: f32 = 28.0;
/// Width of a notice.
const WIDTH: f32 = 340.0;

/// Shows notices until they are closed.
#[derive(Default)]
pub(super) struct NoticesPanel {
    /// When each was first shown, or last lay under the pointer, by id.
    shown_at: HashMap<u64, f64>,
}

impl NoticesPanel {
    /// Lays it out, if there is something to show.
    pub(super) fn show(&mut self, ui: &Ui, ctx: &PanelContext<'_>) {
        let shown: Vec<&Notice> = ctx.state.notices.open().rev().take(MAX_SHOWN).collect();
        self.shown_at
            .retain(|id, _| shown.iter().any(|notice| notice.id == *id));
        if shown.is_empty() {
            return;
        }
        let now = ui.input(|input| input.time);
        let foot = match ctx.state.page {
            PageId::Studio => RECENT_HEIGHT + TIMELINE_HEIGHT,
            _ => STATUS_HEIGHT,
        };
        let area = Area::new(Id::unique("notices"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -(foot + 12.0)))
            .show(ui.ctx(), |ui| {
                for notice in shown.iter().rev() {
                    show(ui, ctx, notice);
                }
            });
        let is_held = area.response.contains_pointer(); // they are being read, or about to be clicked
        for notice in shown {
            let since = self.shown_at.entry(notice.id).or_insert(now);
            if is_held {
                *since = now;
            }
            if notice.level == Level::Info {
                let left = INFO_SECS - (now - *since);
                if left <= 0.0 {
                    ctx.commands.send(UiCommand::CloseNotice(notice.id));
                } else {
                    ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
                }
            }
        }
    }
}

fn show(ui: &mut Ui, ctx: &PanelContext<'_>, notice: &Notice) {
    let (edge, colour) = match notice.level {
        Level::Info => (ctx.palette.separator, ctx.palette.text),
        Level::Error => (ctx.palette.error, ctx.palette.text),
    };
    Frame::new()
        .fill(*ctx.palette.raised)
        .stroke(Stroke::new(1.0, *edge))
        .corner_radius(4)
        .inner_margin(egui::Margin::symmetric(12, 6))
        .show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                let name = ctx.tr("notice-close");
                if icon_button(ui, Icon::Close, &name, &ctx.tr("notice-close.tip"), false).clicked() {
                    ctx.commands.send(UiCommand::CloseNotice(notice.id));
                }
                ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
                    ui.add_space(4.0);
                    let text = RichText::new(notice.text.localise(ctx.language)).color(*colour);
                    // By the notice's own id: at the next one's place it would be announced again once one is closed.
                    let own = UiBuilder::new().scope_id(Id::unique(("notice", notice.id)));
                    ui.scope_builder(own, |ui| {
                        let label = ui.add(egui::Label::new(text).wrap());
                        announce(ui, &label, notice.level);
                    });
                    if let Some(action) = notice.action
                        && ctx.button(ui, command_of(action)).clicked()
                    {
                        ctx.commands.send(UiCommand::CloseNotice(notice.id));
                    }
                    ui.add_space(4.0);
                });
            });
        });
}

/// The command that does what a notice offers.
fn command_of(action: NoticeAction) -> GalleryCommand {
    match action {
        NoticeAction::UndoTrash => GalleryCommand::UndoTrash,
    }
}

/// Has screen readers say a notice when it appears: at once if something could not be done, else after what they say.
fn announce(ui: &Ui, label: &Response, level: Level) {
    let live = match level {
        Level::Info => Live::Polite,
        Level::Error => Live::Assertive,
    };
    ui.ctx().accesskit_node_builder(label.id, |node| node.set_live(live));
}
