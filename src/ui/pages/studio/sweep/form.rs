//! Many runs instead of one: which fields differ between them.

use egui::{Color32, ComboBox, Label, RichText, TextEdit, Ui, vec2};

use crate::job::{Field, Sweep};
use crate::ui::pages::studio::form::draft::Draft;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::pages::studio::sweep::draft::{AxisDraft, Preset, SweepProblem, field_words, size_words};
use crate::ui::pages::studio::sweep::memo::SweepMemo;
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::form_row::RowStyle;
use crate::ui::widgets::section;

/// Keys of the rows' names.
const ROWS: [&str; 3] = ["sweep-x", "sweep-y", "sweep-z"];
/// Width of a step that is typed.
const STEP_WIDTH: f32 = 56.0;

/// Asks for a sweep.
#[derive(Default)]
pub(in crate::ui) struct SweepFormPanel {
    was_open: bool,
    sweep: SweepMemo,
}

impl StudioPanel for SweepFormPanel {
    fn id(&self) -> &'static str {
        "sweep_form"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let look = ctx.look();
        let header = section::show(ui, "sweep-title", ctx.tr("sweep-title"), false, |ui| {
            presets(ui, look, ctx.draft);
            let fields = fields(ctx.draft);
            for (row, key) in ROWS.into_iter().enumerate() {
                axis_rows(ui, look, key, &fields, &mut ctx.draft.sweep.axes[row]);
            }
            other_prompt(ui, look, ctx.draft);
            verdict(ui, ctx, self.sweep.of(ctx.draft));
        });
        if let Some(body) = header.body_response.filter(|_| !self.was_open) {
            body.scroll_to_me(None); // it opens below what is in sight
        }
        self.was_open = header.openness >= 1.0;
        header.header_response.on_hover_text(ctx.tr("sweep-title.tip"));
    }
}

/// What Generate says while a sweep is asked for, and what stands in its way.
pub(in crate::ui) fn asked_for(
    ctx: &StudioContext<'_, '_>,
    sweep: Option<&Result<Sweep, SweepProblem>>,
) -> (Option<String>, Option<String>) {
    match sweep {
        None => (None, None),
        Some(Ok(sweep)) => (
            Some(ctx.language.tr_with("sweep-start", &[("size", &size_words(sweep))])),
            ctx.state.is_sweep_open().then(|| ctx.tr("sweep-problem-running")),
        ),
        Some(Err(problem)) => (Some(ctx.tr("sweep-title")), Some(problem.localise(ctx.language))),
    }
}

/// That of what stands in the way of Generate: a sweep on its way is nothing that went wrong.
pub(in crate::ui) fn problem_colour(
    ctx: &StudioContext<'_, '_>,
    sweep: Option<&Result<Sweep, SweepProblem>>,
) -> Color32 {
    if ctx.state.jobs.is_sweep_in_engine() && matches!(sweep, Some(Ok(_))) {
        *ctx.palette.text_weak
    } else {
        *ctx.palette.error
    }
}

fn presets(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(GRID, GRID);
        for preset in Preset::ALL {
            let text = look.text(preset.key());
            if ui.button(text.name).on_hover_text(text.tip).clicked() {
                draft.sweep.take(preset, draft.request.steps);
            }
        }
        let text = look.text("sweep-clear");
        let clear = egui::Button::new(text.name);
        if ui
            .add_enabled(draft.sweep.is_set(), clear)
            .on_hover_text(text.tip)
            .clicked()
        {
            draft.sweep.axes = Default::default();
        }
    });
    ui.add_space(GRID);
}

/// The fields that can differ with this form.
fn fields(draft: &Draft) -> Vec<Field> {
    let mut fields = vec![
        Field::Guidance,
        Field::Rescale,
        Field::Steps,
        Field::Seed,
        Field::Sampler,
        Field::Schedule,
        Field::Eta,
        Field::ClipSkip,
        Field::Switch,
        Field::Words(String::new()),
        Field::Prompt,
        Field::Negative,
    ];
    fields.extend(draft.request.init.as_ref().map(|_| Field::Strength));
    fields.extend((1..=draft.request.loras.len().max(1)).map(Field::Lora));
    fields.extend((1..=draft.request.controls.len()).map(Field::Control));
    fields
}

/// The field of an axis, and below it its values and the step they hold from.
fn axis_rows(ui: &mut Ui, look: RowStyle, key: &str, fields: &[Field], axis: &mut AxisDraft) {
    let none = look.language.tr("sweep-field-none");
    let name = |field: &Option<Field>| {
        field
            .as_ref()
            .map_or_else(|| none.clone(), |field| field_words(field, look.language))
    };
    look.row(ui, key, None, |ui, text| {
        let combo = ComboBox::from_id_salt(key)
            .selected_text(name(&axis.field))
            .width(ui.available_width())
            .truncate()
            .show_ui(ui, |ui| {
                for field in std::iter::once(None).chain(fields.iter().cloned().map(Some)) {
                    let words = name(&field);
                    ui.selectable_value(&mut axis.field, field, words);
                }
            });
        combo.response.accessible_name(&text.name).on_hover_text(&text.tip);
    });
    if axis.field.is_none() {
        return;
    }
    let row = look.text(key).name;
    look.row(ui, "sweep-values", None, |ui, text| {
        let width = ui.available_width() - STEP_WIDTH - GRID;
        let hint = look.language.tr("sweep-values-hint");
        let values = TextEdit::singleline(&mut axis.values).hint_text(hint);
        let values = ui.add_sized(vec2(width, ROW_HEIGHT), values);
        values
            .accessible_name(format!("{row}: {}", text.name))
            .on_hover_text(&text.tip);
        let from = look.text("sweep-from");
        let step = TextEdit::singleline(&mut axis.from_step).hint_text(look.language.tr("sweep-from-hint"));
        let step = ui.add_sized(vec2(STEP_WIDTH, ROW_HEIGHT), step);
        step.accessible_name(format!("{row}: {}", from.name))
            .on_hover_text(from.tip);
    });
}

/// What a switch leads to, where the request does not say so itself.
fn other_prompt(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    let has_switch = draft.sweep.axes.iter().any(|axis| axis.field == Some(Field::Switch));
    if !has_switch || !draft.request.prompt_switches.is_empty() {
        return;
    }
    look.row(ui, "sweep-other", None, |ui, text| {
        let field = TextEdit::singleline(&mut draft.sweep.other_prompt);
        let field = ui.add_sized(vec2(ui.available_width(), ROW_HEIGHT), field);
        field.accessible_name(&text.name).on_hover_text(&text.tip);
    });
}

/// How many runs there will be, or why there will be none.
fn verdict(ui: &mut Ui, ctx: &StudioContext<'_, '_>, sweep: Option<&Result<Sweep, SweepProblem>>) {
    let text = match sweep {
        None => RichText::new(ctx.tr("sweep-none")).weak(),
        Some(Ok(sweep)) => {
            let count = sweep.size().iter().product();
            RichText::new(ctx.language.tr_count("sweep-runs", count)).weak()
        }
        Some(Err(problem)) => RichText::new(problem.localise(ctx.language)).color(*ctx.palette.error),
    };
    ui.add(Label::new(text.small()).wrap());
}
