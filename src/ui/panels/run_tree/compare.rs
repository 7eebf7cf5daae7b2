//! Two runs beside each other: only the settings that differ.

use egui::{Label, RichText, Ui, vec2};

use super::{Entry, Name};
use crate::ui::i18n::Language;
use crate::ui::panels::{PanelContext, fields};
use crate::ui::state::file_name;
use crate::ui::theme;

/// Lays the table out; true if it shall be put away.
pub(super) fn table(ui: &mut Ui, ctx: &PanelContext<'_>, a: &Entry, b: &Entry) -> bool {
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
    ui.add(Label::new(RichText::new(parting(language, a, b)).color(*ctx.palette.text_weak)).wrap());
    let differences = a.request.differences(&b.request);
    if differences.is_empty() {
        return is_done;
    }
    two_columns(ui, [&title(ctx, a), &title(ctx, b)].map(RichText::new));
    for one in &differences {
        let name = fields::name(language, &one.field);
        let name = match one.step {
            None => name,
            Some(step) => {
                let step = (step + 1).to_string();
                language.tr_with("compare-from", &[("name", &name), ("step", &step)])
            }
        };
        ui.add_space(2.0);
        ui.add(Label::new(RichText::new(name).small().color(*ctx.palette.text_weak)).truncate());
        two_columns(ui, [&one.a, &one.b].map(|value| RichText::new(fields::value(value))));
    }
    is_done
}

/// From which step on they part, in a sentence.
fn parting(language: Language, a: &Entry, b: &Entry) -> String {
    let shared = a.request.shared_steps(&b.request);
    if a.request.differences(&b.request).is_empty() {
        language.tr("compare-same")
    } else if shared == 0 {
        language.tr("compare-apart")
    } else {
        language.tr_with("compare-shared", &[("step", &(shared + 1).to_string())])
    }
}

fn title(ctx: &PanelContext<'_>, entry: &Entry) -> String {
    match &entry.name {
        Name::Live => ctx.tr("tree-live"),
        Name::Picture(path) => file_name(path),
    }
}

fn two_columns(ui: &mut Ui, texts: [RichText; 2]) {
    let width = (ui.available_width() - 8.0) / 2.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for text in texts {
            ui.allocate_ui(vec2(width, 18.0), |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(text).truncate());
            });
        }
    });
}
