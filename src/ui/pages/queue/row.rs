//! One line of a list of jobs: a picture, what is asked for, how far it is, and its buttons at the right.

use std::sync::Arc;

use egui::{
    Align, Id, Label, Layout, Rect, Response, RichText, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use crate::job::RgbImage;
use crate::ui::i18n::Value;
use crate::ui::model::jobs::Order;
use crate::ui::panel::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;
use crate::ui::widgets::right_aligned::filled_line;

/// Height of a row.
const HEIGHT: f32 = 64.0;
/// Space between rows.
const GAP: f32 = 4.0;
/// Side of the picture.
const PICTURE_SIDE: f32 = 52.0;
/// Room for the handle by which a row is dragged.
const HANDLE_WIDTH: f32 = 22.0;
/// Room for what stands at the right beside the buttons.
const STATUS_WIDTH: f32 = 150.0;

/// What a row shows.
pub(super) struct Row {
    /// What it is, first of all.
    pub(super) title: String,
    /// Its settings.
    pub(super) about: String,
    /// How far it is.
    pub(super) status: RichText,
    /// What there is to see of it.
    pub(super) picture: Option<Arc<RgbImage>>,
    /// Whether keys are about it.
    pub(super) is_selected: bool,
    /// Whether it can be dragged.
    pub(super) has_handle: bool,
    /// How much of it is made, 0 to 1.
    pub(super) fraction: Option<f32>,
}

/// What happened to a row.
pub(super) struct RowResponse {
    /// Where it is.
    pub(super) rect: Rect,
    /// Whether it was clicked.
    pub(super) is_clicked: bool,
    /// Whether the pointer began to drag it.
    pub(super) is_grabbed: bool,
}

impl Row {
    /// Lays the row out. Rows that are not in sight take their room and nothing else.
    pub(super) fn show(
        &self,
        ui: &mut Ui,
        ctx: &mut PanelContext<'_>,
        id: Id,
        add_buttons: impl FnOnce(&mut Ui, &mut PanelContext<'_>),
    ) -> RowResponse {
        let (_, rect) = ui.allocate_space(vec2(ui.available_width(), HEIGHT));
        ui.add_space(GAP);
        let mut shown = RowResponse {
            rect,
            is_clicked: false,
            is_grabbed: false,
        };
        if !ui.is_rect_visible(rect) {
            return shown;
        }
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, self.is_selected, &self.title));
        shown.is_clicked = response.clicked();
        let ground = match (self.is_selected, response.hovered()) {
            (true, _) => *ctx.palette.selection,
            (false, true) => *ctx.palette.raised,
            (false, false) => *ctx.palette.panel,
        };
        ui.painter().rect_filled(rect, 4.0, ground);
        if let Some(fraction) = self.fraction {
            let foot = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 3.0), rect.right_bottom());
            let done = foot.split_left_right_at_fraction(fraction.clamp(0.0, 1.0)).0;
            ui.painter().rect_filled(done, 1.5, *ctx.palette.accent);
        }
        if self.has_handle {
            let handle = Rect::from_min_size(rect.min, vec2(HANDLE_WIDTH, HEIGHT));
            let response = self.handle(ui, ctx, handle, id);
            shown.is_grabbed = response.drag_started();
        }
        let at = rect.left_center() + vec2(HANDLE_WIDTH + PICTURE_SIDE / 2.0, 0.0);
        self.picture(ui, ctx, Rect::from_center_size(at, Vec2::splat(PICTURE_SIDE)));

        let left = rect.left() + HANDLE_WIDTH + PICTURE_SIDE + 12.0;
        let inside = Rect::from_min_max(pos2(left, rect.top()), rect.max - vec2(10.0, 0.0));
        let builder = UiBuilder::new()
            .max_rect(inside)
            .layout(Layout::left_to_right(Align::Center))
            .id_salt(id);
        let mut inside = ui.new_child(builder); // as a scope it would take back the space below the row
        let ui = &mut inside;
        ui.spacing_mut().item_spacing.x = 4.0;
        let cell = vec2(STATUS_WIDTH.min(ui.available_width()), HEIGHT);
        let about = RichText::new(&self.about).color(*ctx.palette.text_weak);
        let words = |ui: &mut Ui| {
            ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
                ui.add_space(13.0);
                let title = RichText::new(&self.title).family(theme::strong_family());
                ui.add(Label::new(title).truncate().selectable(false));
                ui.add(Label::new(about).truncate().selectable(false));
            });
        };
        filled_line(ui, "end", words, |ui| {
            ui.allocate_ui_with_layout(cell, Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_size(cell);
                ui.add(Label::new(self.status.clone()).truncate().selectable(false));
            });
            ui.add_space(8.0);
            add_buttons(ui, ctx);
        });
        shown
    }

    fn handle(&self, ui: &Ui, ctx: &PanelContext<'_>, rect: Rect, id: Id) -> Response {
        let response = ui.interact(rect, id.with("handle"), Sense::drag());
        let name = ctx.language.tr_with("queue-handle", &[("job", &self.title)]);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let colour = if response.hovered() || response.dragged() {
            *ctx.palette.text
        } else {
            *ctx.palette.text_weak
        };
        for x in [-2.5, 2.5] {
            for y in [-5.0, 0.0, 5.0] {
                ui.painter().circle_filled(rect.center() + vec2(x, y), 1.3, colour);
            }
        }
        response
            .on_hover_cursor(egui::CursorIcon::Grab)
            .on_hover_text(ctx.tr("queue-handle.tip"))
    }

    fn picture(&self, ui: &Ui, ctx: &mut PanelContext<'_>, frame: Rect) {
        ui.painter().rect_filled(frame, 3.0, *ctx.palette.field);
        let Some(picture) = &self.picture else {
            return;
        };
        let size = vec2(picture.width_px as f32, picture.height_px as f32);
        let fitting = size * (PICTURE_SIDE / size.max_elem().max(1.0));
        let texture = ctx.textures.thumbnail(ui.ctx(), picture);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let place = Rect::from_center_size(frame.center(), fitting);
        ui.painter().image(texture.id(), place, whole, egui::Color32::WHITE);
    }
}

/// A button of a row; its name says of which.
pub(super) fn button(ui: &mut Ui, ctx: &PanelContext<'_>, icon: Icon, key: &str, title: &str) -> bool {
    let text = ctx.look().text(key);
    let name = ctx
        .language
        .tr_with("queue-of", &[("name", &*text.name), ("job", title)]);
    icon_button(ui, icon, &name, &text.tip, false).clicked()
}

/// What a job is called: its prompt, else that it has none.
pub(super) fn title(ctx: &PanelContext<'_>, order: &Order) -> String {
    ctx.subject(&order.request).unwrap_or_else(|| ctx.tr("queue-no-prompt"))
}

/// The settings of a job in one line.
pub(super) fn about(ctx: &PanelContext<'_>, order: &Order) -> String {
    let request = &order.request;
    let model = ctx.model_name(&request.model);
    let mut words = ctx.language.tr_with(
        "queue-about",
        &[
            ("model", Value::from(model)),
            (
                "size",
                Value::from(format!("{}×{}", request.width_px, request.height_px)),
            ),
            ("steps", Value::from(request.steps)),
            ("seed", Value::from(request.seed.to_string())),
        ],
    );
    if request.batch_count > 1 {
        words.push_str(" · ");
        words.push_str(&ctx.language.tr_count("queue-pictures", request.batch_count as usize));
    }
    if let Some(branch_point) = &order.branch_point {
        words.push_str(" · ");
        let step = (branch_point.step + 1).to_string();
        let key = if branch_point.is_exact {
            "queue-branch"
        } else {
            "queue-branch-unkept"
        };
        words.push_str(&ctx.language.tr_with(key, &[("step", &step)]));
    }
    words
}

/// A time to be read: seconds below two minutes, then minutes, then hours and minutes.
pub(super) fn duration(ctx: &PanelContext<'_>, secs: f64) -> String {
    let whole = |value: f64| format!("{:.0}", value.floor());
    if secs < 120.0 {
        ctx.language.tr_with("queue-secs", &[("secs", &format!("{secs:.0}"))])
    } else if secs < 7200.0 {
        ctx.language
            .tr_with("queue-mins", &[("mins", &format!("{:.0}", secs / 60.0))])
    } else {
        let (hours, mins) = (whole(secs / 3600.0), whole(secs % 3600.0 / 60.0));
        ctx.language
            .tr_with("queue-hours", &[("hours", &hours), ("mins", &mins)])
    }
}
