//! The choice of what is seen of a step, and what each view means.

use egui::{Align, Align2, Button, ComboBox, Frame, Layout, Rect, Response, RichText, Stroke, TextStyle, Ui, Vec2};
use egui::{pos2, vec2};

use crate::ui::commands::UiCommand;
use crate::ui::model::run_timeline::ViewPair;
use crate::ui::pages::studio::canvas::view_pair::{WordKind, words};
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::right_aligned::filled_line;
use crate::unfold::{MissingData, StepView};

/// Width of the choice of the second view.
const SECOND_WIDTH: f32 = 148.0;
/// Width of the window that explains.
const EXPLANATION_WIDTH: f32 = 360.0;

/// Key of a view's name among the texts. `.name` says it in full, `.tip` in a sentence, `.more` at length, `.formula`
/// exactly.
pub(in crate::ui) fn key(view: StepView) -> &'static str {
    match view {
        StepView::Estimate => "view-x0",
        StepView::Noisy => "view-xt",
        StepView::Noise => "view-noise",
        StepView::Uncond => "view-uncond",
        StepView::Cond => "view-cond",
        StepView::Guidance => "view-guidance",
        StepView::Difference => "view-difference",
        StepView::Attention(_) => "view-attention",
    }
}

/// What a view is called, in full.
pub(in crate::ui) fn name(ctx: &StudioContext<'_, '_>, view: StepView) -> String {
    let word = word_of(ctx, view).unwrap_or_default();
    ctx.language.tr_with(&format!("{}.name", key(view)), &[("word", &word)])
}

/// Why a view cannot be seen, in a sentence.
pub(in crate::ui) fn missing_text(ctx: &StudioContext<'_, '_>, missing: &MissingData) -> String {
    ctx.tr(match missing {
        MissingData::Branches => "view-lacks-branches",
        MissingData::Uncond => "view-lacks-uncond",
        MissingData::Final => "view-lacks-final",
        MissingData::Attention | MissingData::NoToken { .. } | MissingData::NoLevel { .. } => "view-lacks-attention",
        MissingData::Noiseless => "view-lacks-noise",
        MissingData::Shape | MissingData::Colours { .. } => "view-lacks-whole",
    })
}

/// A word of the prompt, or what stands for one that is not written.
pub(in crate::ui) fn word_text(ctx: &StudioContext<'_, '_>, kind: &WordKind) -> String {
    match kind {
        WordKind::Written(text) => text.clone(),
        WordKind::Start => ctx.tr("tokens-start"),
        WordKind::End => ctx.tr("tokens-end"),
        WordKind::Rest => ctx.tr("tokens-rest"),
    }
}

fn word_of(ctx: &StudioContext<'_, '_>, view: StepView) -> Option<String> {
    let StepView::Attention(token) = view else {
        return None;
    };
    let words = words(&ctx.page.timeline.as_ref()?.tokens);
    let word = words.iter().find(|word| word.tokens.contains(&token.index))?;
    Some(word_text(ctx, &word.kind))
}

/// The line of views: those of the first place as buttons where there is room, the second as a list.
pub(in crate::ui) fn picker(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel;
    ui.spacing_mut().item_spacing.x = GRID;
    filled_line(
        ui,
        "second",
        |ui| {
            if ui.available_width() < buttons_width(ui, ctx) {
                let width = ui.available_width().min(SECOND_WIDTH);
                cell(ui, width, |ui| first_choice(ui, ctx));
            } else {
                for view in StepView::PLAIN {
                    view_button(ui, ctx, view);
                }
            }
        },
        |ui| {
            explain_button(ui, ctx);
            cell(ui, SECOND_WIDTH, |ui| second_choice(ui, ctx));
        },
    );
}

/// Room of fixed width, so that nothing moves when a list shows another text.
fn cell(ui: &mut Ui, width: f32, add_contents: impl FnOnce(&mut Ui)) {
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), layout, |ui| {
        ui.set_max_width(width);
        add_contents(ui);
    });
}

fn buttons_width(ui: &Ui, ctx: &StudioContext<'_, '_>) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let padding = 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x;
    let width = |view: StepView| {
        let galley = ui
            .painter()
            .layout_no_wrap(ctx.tr(key(view)), font.clone(), *ctx.palette.text);
        galley.size().x + padding
    };
    StepView::PLAIN.into_iter().map(width).sum()
}

fn view_button(ui: &mut Ui, ctx: &StudioContext<'_, '_>, view: StepView) {
    let views = ctx.page.views;
    let button = Button::selectable(views.first == view, ctx.tr(key(view))).frame_when_inactive(true);
    let response = ui.add_enabled(why_not(ctx, view).is_none(), button);
    if views.second == Some(view) {
        let rect = response.rect.shrink2(vec2(6.0, 0.0));
        let line = [
            pos2(rect.left(), rect.bottom() - 1.0),
            pos2(rect.right(), rect.bottom() - 1.0),
        ];
        ui.painter().line_segment(line, Stroke::new(2.0, *ctx.palette.accent));
    }
    let response = explained(response, ctx, view).accessible_name(name(ctx, view));
    if response.clicked() {
        let is_second = ui.input(|input| input.modifiers.shift);
        let views = if is_second {
            views.with_second(view)
        } else {
            views.with_first(view)
        };
        ctx.commands.send(UiCommand::SetViews(views));
    }
}

/// Why a view cannot be chosen.
fn why_not(ctx: &StudioContext<'_, '_>, view: StepView) -> Option<String> {
    match ctx.page.seen(view) {
        Some(seen) => seen.missing().map(|missing| missing_text(ctx, &missing)),
        None => Some(ctx.tr("view-lacks-step")),
    }
}

/// The sentence of a view, and how to choose it or why it cannot be chosen.
fn explained(response: Response, ctx: &StudioContext<'_, '_>, view: StepView) -> Response {
    let tip = ctx.tr(&format!("{}.tip", key(view)));
    let why_not = why_not(ctx, view).unwrap_or_default();
    let how = ctx.tr("view-choose");
    response
        .on_hover_text(format!("{tip}\n{how}"))
        .on_disabled_hover_text(format!("{tip}\n{why_not}"))
}

/// The first view as a list.
fn first_choice(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let views = ctx.page.views;
    let mut chosen = views.first;
    let response = ComboBox::from_id_salt("first_view")
        .selected_text(name(ctx, chosen))
        .width(ui.available_width())
        .truncate()
        .show_ui(ui, |ui| {
            for view in StepView::PLAIN {
                let is_there = why_not(ctx, view).is_none();
                let response =
                    ui.add_enabled_ui(is_there, |ui| ui.selectable_value(&mut chosen, view, name(ctx, view)));
                explained(response.inner, ctx, view);
            }
        })
        .response;
    response
        .accessible_name(ctx.tr("view-first"))
        .on_hover_text(UiCommand::NextView.tooltip(ctx.language, ui.ctx()));
    if chosen != views.first {
        ctx.commands.send(UiCommand::SetViews(views.with_first(chosen)));
    }
}

/// The second view as a list, with none in front.
fn second_choice(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let views = ctx.page.views;
    let mut chosen = views.second;
    let none = ctx.tr("view-second-none");
    let text = chosen.map_or_else(|| none.clone(), |view| name(ctx, view));
    let response = ComboBox::from_id_salt("second_view")
        .selected_text(text)
        .width(ui.available_width())
        .truncate()
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut chosen, None, &none);
            for view in StepView::PLAIN.into_iter().filter(|view| *view != views.first) {
                let is_there = why_not(ctx, view).is_none();
                let value = Some(view);
                let response =
                    ui.add_enabled_ui(is_there, |ui| ui.selectable_value(&mut chosen, value, name(ctx, view)));
                explained(response.inner, ctx, view);
            }
        })
        .response;
    response
        .accessible_name(ctx.tr("view-second"))
        .on_hover_text(UiCommand::NextSecondView.tooltip(ctx.language, ui.ctx()));
    if chosen != views.second {
        ctx.commands.send(UiCommand::SetViews(ViewPair {
            second: chosen,
            ..views
        }));
    }
}

fn explain_button(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let command = UiCommand::ExplainView;
    let button = Button::selectable(ctx.page.is_explaining, "?")
        .frame_when_inactive(true)
        .min_size(vec2(ROW_HEIGHT, 0.0));
    let tip = command.tooltip(ctx.language, ui.ctx());
    let response = ui.add(button).accessible_name(command.name(ctx.language));
    if response.on_hover_text(tip).clicked() {
        ctx.commands.send(command);
    }
}

/// What the first view means, at length, in a window that stands in nobody's way.
pub(in crate::ui) fn explanation(ui: &Ui, ctx: &StudioContext<'_, '_>, canvas: Rect) {
    if !ctx.page.is_explaining {
        return;
    }
    let view = ctx.page.views.first;
    let key = key(view);
    let mut is_open = true;
    egui::Window::new(RichText::new(name(ctx, view)).heading())
        .id(egui::Id::unique("view_explanation"))
        .open(&mut is_open)
        .collapsible(false)
        .resizable(false)
        .pivot(Align2::RIGHT_BOTTOM)
        .default_pos(canvas.right_bottom() - Vec2::splat(3.0 * GRID))
        .frame(Frame::window(&ui.ctx().global_style()).inner_margin(3.0 * GRID))
        .show(ui.ctx(), |ui| {
            ui.set_width(EXPLANATION_WIDTH);
            ui.strong(ctx.tr(&format!("{key}.tip")));
            ui.add_space(GRID);
            ui.label(ctx.tr(&format!("{key}.more")));
            ui.add_space(2.0 * GRID);
            Frame::new()
                .fill(*ctx.palette.field)
                .corner_radius(4)
                .inner_margin(8)
                .show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.label(ctx.tr(&format!("{key}.formula")));
                });
        });
    if !is_open {
        ctx.commands.send(UiCommand::ExplainView);
    }
}
