//! Two runs beside each other: only the settings that differ.

use std::path::PathBuf;

use egui::{Label, RichText, Ui, vec2};

use super::{Entry, Name};
use crate::job::Difference;
use crate::ui::commands::UiCommand;
use crate::ui::i18n::Language;
use crate::ui::model::state::file_name;
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme;
use crate::ui::widgets::fields;

/// In what two runs differ.
pub(super) struct Comparison {
    names: [Name; 2],
    differences: Vec<Difference>,
    /// Steps that are the same.
    num_shared: u32,
}

impl Comparison {
    /// Compares what was asked for.
    pub(super) fn of(a: &Entry, b: &Entry) -> Self {
        Self {
            names: [a, b].map(|entry| entry.name.clone()),
            differences: a.request.differences(&b.request),
            num_shared: a.request.shared_steps(&b.request),
        }
    }

    /// Lays the table out; true if it shall be put away.
    pub(super) fn show(&self, ui: &mut Ui, ctx: &StudioContext<'_, '_>) -> bool {
        let language = ctx.language;
        ui.add_space(4.0);
        let is_done = ui
            .horizontal(|ui| {
                ui.label(RichText::new(ctx.tr("compare-title")).family(theme::strong_family()));
                let layout = egui::Layout::right_to_left(egui::Align::Center);
                let button = ui.with_layout(layout, |ui| ui.button(ctx.tr("compare-close"))).inner;
                button.on_hover_text(ctx.tr("compare-close.tip")).clicked()
            })
            .inner;
        self.offer_beside(ui, ctx);
        let weak = |text: String| RichText::new(text).color(*ctx.palette.text_weak);
        ui.add(Label::new(weak(self.parting(language))).wrap());
        if self.differences.is_empty() {
            return is_done;
        }
        ui.spacing_mut().item_spacing.y = 1.0;
        two_columns(ui, [0, 1].map(|side| title(ctx, &self.names[side])));
        for one in &self.differences {
            let name = fields::name(language, &one.field);
            let name = match one.step {
                None => name,
                Some(step) => {
                    let step = (step + 1).to_string();
                    language.tr_with("compare-from", &[("name", &name), ("step", &step)])
                }
            };
            ui.add_space(5.0);
            ui.add(Label::new(weak(name).small()).truncate());
            two_columns(
                ui,
                [&one.a, &one.b].map(|value| fields::value(language, &one.field, value)),
            );
        }
        is_done
    }

    /// The two of them on the canvas, in step: the one that is not shown comes beside.
    fn offer_beside(&self, ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
        let path_of = |name: &Name| match name {
            Name::Live => None,
            Name::Picture(path) => Some(path.clone()),
        };
        let [a, b] = [0, 1].map(|side| path_of(&self.names[side]));
        let is_shown = |path: &Option<PathBuf>| path.is_some() && path.as_deref() == ctx.page.shown_path();
        let (first, second) = match (a, b) {
            (a, Some(b)) if !is_shown(&Some(b.clone())) => (a, b),
            (Some(a), b) => (b, a),
            _ => return,
        };
        let button = ui.button(ctx.tr("compare-beside"));
        if button.on_hover_text(ctx.tr("compare-beside.tip")).clicked() {
            match first {
                Some(first) if !is_shown(&Some(first.clone())) => ctx.commands.send(UiCommand::ShowPicture(first)),
                Some(_) => {}
                None => ctx.commands.send(UiCommand::ShowLive),
            }
            ctx.commands.send(UiCommand::ShowBeside(second));
        }
    }

    /// From which step on they part, in a sentence.
    fn parting(&self, language: Language) -> String {
        if self.differences.is_empty() {
            language.tr("compare-same")
        } else if self.num_shared == 0 {
            language.tr("compare-apart")
        } else {
            let step = (self.num_shared + 1).to_string();
            language.tr_with("compare-shared", &[("step", &step)])
        }
    }
}

fn title(ctx: &StudioContext<'_, '_>, name: &Name) -> String {
    match name {
        Name::Live => ctx.tr("tree-live"),
        Name::Picture(path) => file_name(path),
    }
}

fn two_columns(ui: &mut Ui, texts: [String; 2]) {
    let width = (ui.available_width() - 8.0) / 2.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.spacing_mut().interact_size.y = 18.0;
        for text in texts {
            ui.allocate_ui(vec2(width, 18.0), |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(text).truncate());
            });
        }
    });
}
