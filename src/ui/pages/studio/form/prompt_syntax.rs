//! How prompts are read, and what weights in them do.

use egui::Ui;

use super::draft::Draft;
use crate::prompt::{Emphasis, PromptSyntax};
use crate::ui::widgets::form_row::{RowStyle, combo};

/// Two rows, one for each.
pub(super) fn prompt_syntax_rows(ui: &mut Ui, look: RowStyle, draft: &mut Draft) {
    let request = &mut draft.request;
    let syntaxes = [
        (PromptSyntax::A1111, "syntax-a1111"),
        (PromptSyntax::Literal, "syntax-literal"),
    ];
    choices_row(ui, look, "form-prompt-syntax", &syntaxes, &mut request.prompt_syntax);
    if request.prompt_syntax == PromptSyntax::Literal {
        return; // nothing weighs
    }
    let emphases = [
        (Emphasis::KeepMean, "emphasis-keep-mean"),
        (Emphasis::Interpolate, "emphasis-interpolate"),
    ];
    choices_row(ui, look, "form-emphasis", &emphases, &mut request.emphasis);
}

/// A row with a choice of a few values, each by the key of its name.
fn choices_row<T: PartialEq + Copy + Default>(
    ui: &mut Ui,
    look: RowStyle,
    key: &'static str,
    choices: &[(T, &'static str)],
    value: &mut T,
) {
    let name = |wanted: T| {
        let found = choices.iter().find(|(choice, _)| *choice == wanted);
        found.map_or_else(String::new, |(_, key)| look.language.tr(key))
    };
    let changed = (*value != T::default()).then(|| name(T::default()));
    let (is_reset, ()) = look.row(ui, key, changed, |ui, text| {
        combo(ui, text, key, &name(*value), |ui| {
            for (choice, key) in choices {
                ui.selectable_value(value, *choice, look.language.tr(key));
            }
        });
    });
    if is_reset {
        *value = T::default();
    }
}
