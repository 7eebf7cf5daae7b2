//! How the noise is cleared: sampler, schedule, steps, guidance, size, seed.

use egui::{ComboBox, DragValue, Ui, vec2};

use crate::engine;
use crate::job::{
    Choice, DeviceInfo, MAX_BATCH_COUNT, MAX_SIDE_PX, MAX_STEPS, ModelRef, Precision, PreviewMode, TimestepSpacing,
};
use crate::ui::commands::UiCommand;
use crate::ui::i18n::Language;
use crate::ui::pages::studio::form::draft::{Defaults, Draft, SAMPLER_WITH_ETA};
use crate::ui::pages::studio::form::prompt_syntax::prompt_syntax_rows;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::form_row::{RowStyle, Scale, combo};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;
use crate::ui::widgets::section;

/// Sets how the noise is cleared.
pub(in crate::ui) struct SamplingPanel;

impl StudioPanel for SamplingPanel {
    fn id(&self) -> &'static str {
        "sampling"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let look = ctx.look();
        let draft = &mut *ctx.draft;
        let defaults = draft.defaults.clone();
        ui.separator();
        ui.add_space(4.0);
        let samplers = engine::samplers();
        choice_row(
            ui,
            look,
            "form-sampler",
            &samplers,
            &mut draft.request.sampler,
            &defaults.request.sampler,
        );
        let schedules = engine::schedules();
        choice_row(
            ui,
            look,
            "form-schedule",
            &schedules,
            &mut draft.request.schedule,
            &defaults.request.schedule,
        );
        if draft.request.model == ModelRef::Starter {
            few_steps_row(ui, look, draft);
        }
        number_rows(ui, look, draft, &defaults);
        ui.add_space(4.0);
        ui.separator();
        ui.add_space(4.0);
        size_row(ui, look, draft, &defaults);
        seed_row(ui, look, draft);
        batch_row(ui, look, draft, &defaults);
        ui.add_space(2.0);
        let heading = look.language.tr("form-advanced");
        section::show(ui, "form-advanced", heading, false, |ui| {
            prompt_syntax_rows(ui, look, draft);
            spacing_row(ui, look, draft);
            clip_skip_row(ui, look, draft, &defaults);
            preview_row(ui, look, draft);
            let state = ctx.shared.state;
            if let Some(chosen) = precision_row(ui, look, state.precision, state.device.as_deref()) {
                ctx.shared.commands.send(UiCommand::SetPrecision(chosen));
            }
        });
    }
}

/// Whether the starter model draws in few steps.
fn few_steps_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    let text = look.text("form-few-steps");
    let mut is_few = draft.is_few_steps();
    let checkbox = ui.checkbox(&mut is_few, &text.name).on_hover_text(text.tip);
    if checkbox.changed() {
        draft.set_few_steps(is_few);
    }
}

fn number_rows(ui: &mut Ui, look: RowStyle, draft: &mut Draft, defaults: &Defaults) {
    let mut steps = f64::from(draft.request.steps);
    let scale = Scale {
        usual: 1.0..=60.0,
        whole: 1.0..=f64::from(MAX_STEPS),
        step: 1.0,
        decimals: 0,
        default: f64::from(defaults.request.steps),
    };
    look.slider_row(ui, "form-steps", &mut steps, &scale);
    draft.request.steps = steps.round() as u32;

    let scale = Scale {
        usual: 1.0..=15.0,
        whole: -10.0..=30.0,
        step: 0.1,
        decimals: 1,
        default: defaults.request.guidance_scale,
    };
    look.slider_row(ui, "form-guidance", &mut draft.request.guidance_scale, &scale);

    let scale = Scale {
        usual: 0.0..=1.0,
        whole: -10.0..=10.0,
        step: 0.01,
        decimals: 2,
        default: defaults.request.guidance_rescale,
    };
    look.slider_row(ui, "form-rescale", &mut draft.request.guidance_rescale, &scale);

    if draft.request.sampler == SAMPLER_WITH_ETA {
        let scale = Scale {
            usual: 0.0..=1.0,
            whole: 0.0..=1.0,
            step: 0.01,
            decimals: 2,
            default: defaults.request.eta,
        };
        look.slider_row(ui, "form-eta", &mut draft.request.eta, &scale);
    }
}

/// A list of what the engine knows.
fn choice_row(ui: &mut Ui, look: RowStyle, key: &str, choices: &[Choice], value: &mut String, default: &str) {
    let label = |id: &str| {
        let known = choices.iter().find(|choice| choice.id == id);
        known.map_or_else(|| id.to_owned(), |choice| choice.label.to_owned())
    };
    let changed = (value != default).then(|| label(default));
    let (is_reset, ()) = look.row(ui, key, changed, |ui, text| {
        combo(ui, text, key, &label(value), |ui| {
            for choice in choices {
                ui.selectable_value(value, choice.id.to_owned(), choice.label);
            }
        });
    });
    if is_reset {
        default.clone_into(value);
    }
}

fn size_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft, defaults: &Defaults) {
    let native = (defaults.request.width_px, defaults.request.height_px);
    let multiple = defaults.size_multiple_px;
    let changed = ((draft.request.width_px, draft.request.height_px) != native).then(|| size_text(native));
    let (is_reset, ()) = look.row(ui, "form-size", changed, |ui, text| {
        let width = look.language.tr("form-width");
        let height = look.language.tr("form-height");
        side(ui, &mut draft.request.width_px, multiple)
            .accessible_name(width)
            .on_hover_text(&text.tip);
        ui.label("×");
        side(ui, &mut draft.request.height_px, multiple)
            .accessible_name(height)
            .on_hover_text(&text.tip);
        let presets = look.text("form-size-presets");
        let combo = ComboBox::from_id_salt("size")
            .selected_text(ratio_text(draft.request.width_px, draft.request.height_px))
            .width(ui.available_width())
            .show_ui(ui, |ui| {
                for (width_px, height_px) in size_presets(native, multiple) {
                    let is_chosen = (draft.request.width_px, draft.request.height_px) == (width_px, height_px);
                    if ui
                        .selectable_label(is_chosen, size_text((width_px, height_px)))
                        .clicked()
                    {
                        (draft.request.width_px, draft.request.height_px) = (width_px, height_px);
                    }
                }
            });
        combo.response.accessible_name(presets.name).on_hover_text(presets.tip);
    });
    if is_reset {
        (draft.request.width_px, draft.request.height_px) = native;
    }
}

/// One side of the picture, kept to the latent's grid.
fn side(ui: &mut Ui, value: &mut u32, multiple: u32) -> egui::Response {
    let widget = DragValue::new(value)
        .range(multiple..=MAX_SIDE_PX)
        .clamp_existing_to_range(false)
        .speed(f64::from(multiple) / 4.0);
    let response = ui.add_sized(vec2(50.0, ROW_HEIGHT), widget);
    if response.changed() {
        *value = (*value).next_multiple_of(multiple).min(MAX_SIDE_PX);
    }
    response
}

fn size_text((width_px, height_px): (u32, u32)) -> String {
    format!("{width_px} × {height_px}")
}

/// The native size and the usual shapes of about as many pixels, with sides that are multiples of `multiple`.
fn size_presets((width_px, height_px): (u32, u32), multiple: u32) -> Vec<(u32, u32)> {
    let side = f64::from(width_px.min(height_px));
    let on_grid = |px: f64| ((px / f64::from(multiple)).round() as u32).max(1) * multiple;
    let mut sizes = vec![(width_px, height_px)];
    for (w, h) in [(4.0, 3.0), (3.0, 2.0), (16.0, 9.0)] {
        let long = on_grid(side * w / h);
        let short = on_grid(side);
        sizes.extend([(long, short), (short, long)]);
    }
    sizes.push((2 * width_px, 2 * height_px));
    sizes.dedup();
    sizes
}

/// The shape in small numbers, such as `3:2`; `≈` where they are not exact.
fn ratio_text(width_px: u32, height_px: u32) -> String {
    let (a, b) = (f64::from(width_px.max(1)), f64::from(height_px.max(1)));
    let known = [(1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1)];
    let best = known
        .iter()
        .flat_map(|&(w, h)| [(w, h), (h, w)])
        .min_by(|x, y| off(a / b, *x).total_cmp(&off(a / b, *y)));
    let Some((w, h)) = best else {
        return String::new();
    };
    let sign = match off(a / b, (w, h)) {
        error if error < 1e-9 => "",
        error if error < 0.06 => "≈ ",
        _ => return "–".to_owned(),
    };
    format!("{sign}{w}:{h}")
}

/// How far a shape is from w : h, as a logarithm.
fn off(ratio: f64, (w, h): (i32, i32)) -> f64 {
    (ratio / (f64::from(w) / f64::from(h))).ln().abs()
}

fn seed_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    look.row(ui, "form-seed", None, |ui, text| {
        let width = ui.available_width() - 2.0 * (ROW_HEIGHT + GRID);
        let widget = DragValue::new(&mut draft.request.seed).speed(1.0).clip_text(true);
        let field = ui.add_sized(vec2(width, ROW_HEIGHT), widget);
        if field.changed() {
            draft.is_seed_locked = true;
        }
        field.accessible_name(&text.name).on_hover_text(&text.tip);
        let lock = look.text("form-seed-lock");
        let icon = if draft.is_seed_locked {
            Icon::Locked
        } else {
            Icon::Unlocked
        };
        if icon_button(ui, icon, &lock.name, &lock.tip, draft.is_seed_locked).clicked() {
            draft.is_seed_locked = !draft.is_seed_locked;
        }
        let dice = look.text("form-seed-roll");
        if icon_button(ui, Icon::Dice, &dice.name, &dice.tip, false).clicked() {
            draft.roll_seed();
        }
    });
}

fn batch_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft, defaults: &Defaults) {
    let changed =
        (draft.request.batch_count != defaults.request.batch_count).then(|| defaults.request.batch_count.to_string());
    let (is_reset, ()) = look.row(ui, "form-batch", changed, |ui, text| {
        let widget = DragValue::new(&mut draft.request.batch_count)
            .range(1..=MAX_BATCH_COUNT)
            .clamp_existing_to_range(false)
            .speed(0.1);
        let field = ui.add_sized(vec2(56.0, ROW_HEIGHT), widget);
        field.accessible_name(&text.name).on_hover_text(&text.tip);
    });
    if is_reset {
        draft.request.batch_count = defaults.request.batch_count;
    }
}

fn preview_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    const MODES: [PreviewMode; 4] = [
        PreviewMode::Auto,
        PreviewMode::Linear,
        PreviewMode::Vae,
        PreviewMode::Off,
    ];
    let name = |mode| preview_name(look.language, mode);
    let changed = (draft.preview != PreviewMode::Auto).then(|| name(PreviewMode::Auto));
    let (is_reset, ()) = look.row(ui, "form-preview", changed, |ui, text| {
        combo(ui, text, "preview", &name(draft.preview), |ui| {
            for mode in MODES {
                ui.selectable_value(&mut draft.preview, mode, name(mode));
            }
        });
    });
    if is_reset {
        draft.preview = PreviewMode::Auto;
    }
}

fn preview_name(language: Language, mode: PreviewMode) -> String {
    match mode {
        PreviewMode::Auto => language.tr("preview-auto"),
        PreviewMode::Linear => language.tr("preview-linear"),
        PreviewMode::Vae => language.tr("preview-vae"),
        PreviewMode::Off => language.tr("preview-off"),
    }
}

/// The precisions of this computer; another one than before if the user chose one.
fn precision_row(ui: &mut Ui, look: RowStyle, kept: Precision, device: Option<&DeviceInfo>) -> Option<Precision> {
    let name = |precision| precision_name(look.language, precision, device);
    let supported = device.map_or(&[][..], |device| &device.supported);
    let changed = (kept != Precision::Auto).then(|| name(Precision::Auto));
    let mut chosen = kept;
    let (is_reset, ()) = look.row(ui, "form-precision", changed, |ui, text| {
        combo(ui, text, "precision", &name(kept), |ui| {
            for precision in [Precision::Auto].iter().chain(supported) {
                ui.selectable_value(&mut chosen, *precision, name(*precision));
            }
        });
    });
    if is_reset {
        chosen = Precision::Auto;
    }
    (chosen != kept).then_some(chosen)
}

/// A precision in words; automatic with what it comes to, once that is known.
fn precision_name(language: Language, precision: Precision, device: Option<&DeviceInfo>) -> String {
    match precision {
        Precision::Auto => match device {
            Some(device) => language.tr_with("precision-auto-as", &[("precision", device.automatic.id())]),
            None => language.tr("precision-auto"),
        },
        Precision::F32 => language.tr("precision-f32"),
        Precision::F16 => language.tr("precision-f16"),
        Precision::Bf16 => language.tr("precision-bf16"),
    }
}

fn spacing_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    const SPACINGS: [Option<TimestepSpacing>; 4] = [
        None,
        Some(TimestepSpacing::Leading),
        Some(TimestepSpacing::Trailing),
        Some(TimestepSpacing::Linspace),
    ];
    let name = |spacing| match spacing {
        None => look.language.tr("spacing-model"),
        Some(TimestepSpacing::Leading) => look.language.tr("spacing-leading"),
        Some(TimestepSpacing::Trailing) => look.language.tr("spacing-trailing"),
        Some(TimestepSpacing::Linspace) => look.language.tr("spacing-linspace"),
    };
    let changed = draft.request.timestep_spacing.map(|_| name(None));
    let (is_reset, ()) = look.row(ui, "form-spacing", changed, |ui, text| {
        combo(ui, text, "spacing", &name(draft.request.timestep_spacing), |ui| {
            for spacing in SPACINGS {
                ui.selectable_value(&mut draft.request.timestep_spacing, spacing, name(spacing));
            }
        });
    });
    if is_reset {
        draft.request.timestep_spacing = None;
    }
}

fn clip_skip_row(ui: &mut Ui, look: RowStyle, draft: &mut Draft, defaults: &Defaults) {
    let changed =
        (draft.request.clip_skip != defaults.request.clip_skip).then(|| defaults.request.clip_skip.to_string());
    let (is_reset, ()) = look.row(ui, "form-clip-skip", changed, |ui, text| {
        let widget = DragValue::new(&mut draft.request.clip_skip).range(0..=12).speed(0.05);
        let field = ui.add_sized(vec2(56.0, ROW_HEIGHT), widget);
        field.accessible_name(&text.name).on_hover_text(&text.tip);
    });
    if is_reset {
        draft.request.clip_skip = defaults.request.clip_skip;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_should_be_a_size_the_engine_takes() {
        for (native, multiple) in [((256, 256), 16), ((512, 512), 8), ((768, 768), 8)] {
            for (width_px, height_px) in size_presets(native, multiple) {
                assert!(width_px.is_multiple_of(multiple) && height_px.is_multiple_of(multiple));
                let mut draft = Draft::default();
                (draft.request.width_px, draft.request.height_px) = (width_px, height_px);
                assert_eq!(draft.first_problem(), None, "{width_px} × {height_px}");
            }
        }
    }

    #[test]
    fn shapes_should_be_named_in_small_numbers() {
        assert_eq!(ratio_text(512, 512), "1:1");
        assert_eq!(ratio_text(768, 512), "3:2");
        assert_eq!(ratio_text(512, 768), "2:3");
        assert_eq!(ratio_text(680, 512), "≈ 4:3");
        assert_eq!(ratio_text(4096, 8), "–");
    }
}
