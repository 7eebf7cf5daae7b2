//! The words of the prompt: pointing at one shows where the network looks at it, clicking keeps that on the canvas.

use egui::{Button, ComboBox, RichText, ScrollArea, Ui};

use super::views::word_text;
use crate::ui::commands::UiCommand;
use crate::ui::pages::studio::canvas::view_pair::{WordKind, words};
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme::GRID;
use crate::ui::widgets::right_aligned::filled_line;
use crate::unfold::{AttentionToken, StepView};

/// Width of the choice of feature maps.
const LEVEL_WIDTH: f32 = 92.0;

/// The line of words.
#[derive(Default)]
pub(in crate::ui) struct TokenLine {
    /// Which feature maps are shown while no word is kept.
    level: Option<usize>,
}

impl TokenLine {
    /// Lays it out; the result is the attention of the word under the pointer.
    pub(in crate::ui) fn ui(&mut self, ui: &mut Ui, ctx: &StudioContext<'_, '_>) -> Option<StepView> {
        let step = ctx.page.shown_step_record()?;
        if step.attention.is_empty() {
            let text = RichText::new(ctx.tr("tokens-none")).weak();
            ui.add(egui::Label::new(text).truncate());
            return None;
        }
        ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel;
        ui.spacing_mut().item_spacing.x = GRID;
        let words = ScrollArea::horizontal().auto_shrink(false);
        let mut level = self.level;
        let looked_at = filled_line(
            ui,
            "level",
            |ui| words.show(ui, |ui| ui.horizontal(|ui| self.words(ui, ctx)).inner).inner,
            |ui| level = self.level_choice(ui, ctx),
        );
        self.level = level;
        looked_at
    }

    fn words(&self, ui: &mut Ui, ctx: &StudioContext<'_, '_>) -> Option<StepView> {
        let views = ctx.page.views;
        let kept = views.attention();
        let level = kept.map_or(self.level, |kept| kept.level);
        let tip = ctx.tr("tokens-word");
        let mut looked_at = None;
        for word in words(&ctx.page.timeline.as_ref()?.tokens) {
            let is_kept = kept.is_some_and(|kept| word.tokens.contains(&kept.index));
            let mut text = RichText::new(word_text(ctx, &word.kind));
            if !matches!(word.kind, WordKind::Written(_)) {
                text = text.weak();
            }
            let button = Button::selectable(is_kept, text).frame_when_inactive(true);
            let response = ui.add(button).on_hover_text(&tip);
            let view = StepView::Attention(AttentionToken {
                index: word.tokens.start,
                level,
            });
            if response.hovered() || response.has_focus() {
                looked_at = Some(view);
            }
            if response.clicked() {
                let views = if is_kept {
                    views.without_attention()
                } else {
                    views.with_attention(view)
                };
                ctx.commands.send(UiCommand::SetViews(views));
            }
        }
        looked_at
    }

    fn level_choice(&self, ui: &mut Ui, ctx: &StudioContext<'_, '_>) -> Option<usize> {
        let Some(step) = ctx.page.shown_step_record() else {
            return self.level;
        };
        let size = |level: Option<usize>| match level.and_then(|level| step.attention.get(level)) {
            Some(maps) => format!("{} × {}", maps.width, maps.height),
            None => ctx.tr("tokens-mean"),
        };
        let kept = ctx.page.views.attention();
        let before = kept.map_or(self.level, |kept| kept.level);
        let mut chosen = before;
        let response = ComboBox::from_id_salt("attention_level")
            .selected_text(size(chosen))
            .width(LEVEL_WIDTH)
            .show_ui(ui, |ui| {
                for level in std::iter::once(None).chain((0..step.attention.len()).map(Some)) {
                    ui.selectable_value(&mut chosen, level, size(level));
                }
            })
            .response;
        response
            .accessible_name(ctx.tr("tokens-level"))
            .on_hover_text(ctx.tr("tokens-level.tip"));
        if chosen == before {
            return self.level;
        }
        if let Some(kept) = kept {
            let view = StepView::Attention(AttentionToken { level: chosen, ..kept });
            ctx.commands
                .send(UiCommand::SetViews(ctx.page.views.with_attention(view)));
        }
        chosen
    }
}
