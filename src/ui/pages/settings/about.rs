//! Version and licences.

use egui::{Frame, RichText, ScrollArea, TextStyle, Ui};

use super::rows::{note, title};
use crate::ui::panel::PanelContext;
use crate::ui::theme;

/// Every crate that the program is built of, with its version and its licence, a line for each; made by
/// `packaging/licences`.
const CRATES: &str = include_str!("../../../../assets/licences.txt");
/// Licences of the program itself and of what comes with it.
const TEXTS: [(&str, &str); 7] = [
    ("MIT", include_str!("../../../../LICENSE-MIT")),
    ("Apache 2.0", include_str!("../../../../LICENSE-APACHE")),
    ("Inter", include_str!("../../../../assets/fonts/OFL-Inter.txt")),
    ("M PLUS 1", include_str!("../../../../assets/fonts/OFL-MPLUS1.txt")),
    ("Phosphor", include_str!("../../../../assets/fonts/MIT-Phosphor.txt")),
    ("CLIP", include_str!("../../../../assets/clip/LICENSE-clip.txt")),
    (
        "OpenCLIP",
        include_str!("../../../../assets/clip/LICENSE-open_clip.txt"),
    ),
];
/// Height of the list of crates.
const HEIGHT: f32 = 300.0;

/// Lays the part out.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>) {
    title(ui, ctx, "settings-about");
    let name = RichText::new("Hareru 晴れる").family(theme::strong_family()).size(22.0);
    ui.label(name);
    let version = ctx
        .language
        .tr_with("settings-version", &[("version", env!("CARGO_PKG_VERSION"))]);
    ui.label(RichText::new(version).color(*ctx.palette.text_weak));
    ui.add_space(6.0);
    ui.label(ctx.tr("settings-licence"));
    ui.add_space(14.0);
    ui.label(RichText::new(ctx.tr("settings-texts")).family(theme::strong_family()));
    for (name, text) in TEXTS {
        egui::CollapsingHeader::new(name).id_salt(name).show(ui, |ui| {
            ui.label(RichText::new(text.trim_end()).monospace().size(11.5));
        });
    }
    ui.add_space(14.0);
    let lines: Vec<&str> = CRATES.lines().collect();
    let heading = ctx.language.tr_count("settings-crates", lines.len());
    ui.label(RichText::new(heading).family(theme::strong_family()));
    note(ui, ctx, ctx.tr("settings-crates-what"));
    ui.add_space(6.0);
    Frame::new()
        .fill(*ctx.palette.field)
        .corner_radius(4)
        .inner_margin(10)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let height = ui.text_style_height(&TextStyle::Body);
            ScrollArea::vertical().max_height(HEIGHT).auto_shrink(false).show_rows(
                ui,
                height,
                lines.len(),
                |ui, shown| {
                    for line in &lines[shown] {
                        ui.label(*line);
                    }
                },
            );
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_lock_file_should_be_among_the_licences() {
        let lock = include_str!("../../../../Cargo.lock");
        let mut name = "";
        let mut missing = Vec::new();
        let mut version = "";
        for line in lock.lines() {
            let value = |key: &str| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"');
            if let Some(found) = value("name") {
                name = found;
            } else if let Some(found) = value("version") {
                version = found;
            } else if value("source").is_some() {
                let start = format!("{name} {version} · ");
                if !CRATES.lines().any(|line| line.starts_with(&start)) {
                    missing.push(start);
                }
            }
        }
        assert!(missing.is_empty(), "run packaging/licences; it has no {missing:?}");
        assert!(
            CRATES.lines().all(|line| !line.ends_with("· ")),
            "a crate has no licence"
        );
    }
}
