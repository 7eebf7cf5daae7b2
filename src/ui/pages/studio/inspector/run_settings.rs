//! The settings of the run on the canvas, and every change made on its way.

use egui::{Label, Response, RichText, Role, Ui, WidgetInfo, vec2};

use super::shown;
use crate::engine;
use crate::job::{Difference, GenerateRequest, Setting};
use crate::ui::i18n::Language;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme;
use crate::ui::widgets::fields;

/// Width of the names, in points.
const NAME_WIDTH: f32 = 114.0;
/// Between names and values.
const GAP: f32 = 8.0;
/// Fields that have a line of their own, or are no setting of the run.
const TOLD: [&str; 14] = [
    "model",
    "prompt",
    "negative_prompt",
    "width_px",
    "height_px",
    "steps",
    "guidance_scale",
    "sampler",
    "schedule",
    "seed",
    "batch_count",
    "changes",
    "prompt_switches",
    "timestep_spacing",
];

/// Lists the settings.
#[derive(Default)]
pub(in crate::ui) struct RunSettingsPanel {
    told: Option<(shown::Settings, Language)>,
    /// Names and values.
    rows: Vec<(String, String)>,
    /// What changed on the way, in sentences.
    course: Vec<String>,
}

impl StudioPanel for RunSettingsPanel {
    fn id(&self) -> &'static str {
        "run_settings"
    }

    fn slot(&self) -> Slot {
        Slot::Inspector
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        self.update(ctx);
        ctx.look().section(ui, "inspector-settings", |ui| {
            if self.rows.is_empty() {
                ui.weak(ctx.tr("run-settings-none"));
                return;
            }
            let weak = |text: &str| RichText::new(text).color(*ctx.palette.text_weak);
            let value_width = (ui.available_width() - NAME_WIDTH - GAP).max(GAP);
            for (name, value) in &self.rows {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = GAP;
                    let label = cell(ui, NAME_WIDTH, Label::new(weak(name)).truncate());
                    // Read out as one; the form's own labels go by the name alone.
                    label.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}")));
                    cell(ui, value_width, Label::new(value).wrap());
                });
            }
            ui.add_space(4.0);
            ui.label(RichText::new(ctx.tr("run-settings-course")).family(theme::strong_family()))
                .on_hover_text(ctx.tr("run-settings-course.tip"));
            if self.course.is_empty() {
                ui.weak(ctx.tr("run-settings-unchanged"));
            }
            for change in &self.course {
                ui.add(Label::new(change).wrap());
            }
        });
    }
}

fn cell(ui: &mut Ui, width: f32, label: Label) -> Response {
    ui.allocate_ui(vec2(width, 0.0), |ui| {
        ui.set_width(width);
        ui.add(label)
    })
    .inner
}

impl RunSettingsPanel {
    /// Puts the settings into words if they are others than before.
    fn update(&mut self, ctx: &StudioContext<'_, '_>) {
        let now = shown::Settings::shown(ctx.page, ctx.state);
        let is_told = match (&self.told, &now) {
            (Some((told, language)), Some(now)) => told.is(now) && *language == ctx.language,
            (None, None) => true,
            _ => false,
        };
        if is_told {
            return;
        }
        self.rows.clear();
        self.course.clear();
        if let Some(now) = &now {
            let request = now.request(ctx.page);
            self.rows = rows(ctx, &request);
            if let shown::Settings::Record(record) = now {
                self.rows[0].1 = fields::recorded_model_name(ctx.language, &record.model_name);
                if !record.precision.is_empty() {
                    self.rows.push((ctx.tr("form-precision"), record.precision.clone()));
                }
            }
            self.course = request
                .course()
                .iter()
                .map(|change| sentence(ctx.language, change))
                .collect();
        }
        self.told = now.map(|now| (now, ctx.language));
    }
}

/// The model first.
fn rows(ctx: &StudioContext<'_, '_>, request: &GenerateRequest) -> Vec<(String, String)> {
    let model = fields::built_in_name(ctx.language, &request.model);
    let model = model.unwrap_or_else(|| fields::value(ctx.language, "model", &request.model.to_string()));
    let size = format!("{} × {}", request.width_px, request.height_px);
    let known = |setting: Setting, value: String| if request.knows(setting) { value } else { String::new() };
    let usual = [
        ("form-model", model),
        ("form-prompt", request.prompt.clone()),
        ("form-negative", request.negative_prompt.clone()),
        ("form-size", known(Setting::Size, size)),
        ("form-steps", known(Setting::Steps, request.steps.to_string())),
        (
            "form-guidance",
            known(Setting::GuidanceScale, request.guidance_scale.to_string()),
        ),
        (
            "form-sampler",
            known(
                Setting::Sampler,
                fields::choice_name(&engine::samplers(), &request.sampler),
            ),
        ),
        (
            "form-schedule",
            known(
                Setting::Schedule,
                fields::choice_name(&engine::schedules(), &request.schedule),
            ),
        ),
        ("form-seed", known(Setting::Seed, request.seed.to_string())),
    ];
    let usual = usual.into_iter().filter(|(_, value)| !value.is_empty());
    let mut rows: Vec<(String, String)> = usual.map(|(key, value)| (ctx.tr(key), value)).collect();
    let plain = GenerateRequest {
        changes: Vec::new(),
        prompt_switches: Vec::new(),
        ..request.clone()
    };
    let others = GenerateRequest::default().differences(&plain);
    let others = others.iter().filter(|other| !TOLD.contains(&&*other.field));
    rows.extend(others.map(|other| {
        let value = fields::value(ctx.language, &other.field, &other.b);
        (fields::name(ctx.language, &other.field), value)
    }));
    rows
}

/// A change on the way, such as `Step 13: Guidance (CFG) 5 → 9`.
fn sentence(language: Language, change: &Difference) -> String {
    let step = (change.step.unwrap_or_default() + 1).to_string();
    let what = fields::change(language, change);
    language.tr_with("run-settings-change", &[("step", &step), ("what", &what)])
}
