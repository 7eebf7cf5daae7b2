//! Above the pictures: in which way they are compared, with its controls, and what is known of the pair.

use egui::{Align, Checkbox, DragValue, Label, Layout, Mesh, RichText, Sense, Slider, Ui, vec2};

use super::actions::{BLINK_SECS, GAINS};
use super::{Alike, CompareContext, CompareState};
use crate::ui::commands::{CompareCommand, CompareMode};
use crate::ui::model::camera::CameraMove;
use crate::ui::model::state::file_name;
use crate::ui::widgets::right_aligned::{PERCENT_WIDTH, right_aligned, value_cell};
use crate::unfold::Similarity;
use crate::unfold::colour;

/// Width of the slider of a way.
const RAIL_WIDTH: f32 = 120.0;
/// Size of the scale of differences.
const SCALE_SIZE: egui::Vec2 = vec2(72.0, 8.0);
/// Width of a number.
const NUMBER: egui::Vec2 = vec2(58.0, 24.0);

/// The ways, the controls of the one that is chosen, and the zoom.
pub(super) fn modes(ui: &mut Ui, ctx: &CompareContext<'_, '_>, zoom: f32) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let page = ctx.page;
        for mode in CompareMode::ALL {
            let label = ui.selectable_label(page.mode == mode, ctx.tr(mode.key()));
            let tip = ctx.tr(&format!("{}.tip", mode.key()));
            if label.on_hover_text(tip).clicked() {
                ctx.commands.send(CompareCommand::SetMode(mode));
            }
        }
        if matches!(
            page.mode,
            CompareMode::Slider | CompareMode::Blink | CompareMode::Difference
        ) {
            ui.add_space(8.0);
            ui.separator();
            ui.add_space(8.0);
        }
        match page.mode {
            CompareMode::Slider => slider(ui, ctx, page),
            CompareMode::Blink => blink(ui, ctx, page),
            CompareMode::Difference => difference(ui, ctx, page),
            CompareMode::Beside | CompareMode::Settings => {}
        }
        right_aligned(ui, "verbs", |ui| {
            if page.mode != CompareMode::Settings {
                value_cell(ui, PERCENT_WIDTH, |ui| ui.weak(format!("{:.0} %", 100.0 * zoom)));
                for camera_move in [CameraMove::Fit, CameraMove::Actual] {
                    ctx.button(ui, CompareCommand::Camera(camera_move));
                }
            }
            ctx.button(ui, CompareCommand::Clear);
        });
    });
}

/// The name of a control, which the control is called by as well.
fn named(ui: &mut Ui, ctx: &CompareContext<'_, '_>, key: &str, add: impl FnOnce(&mut Ui) -> egui::Response) {
    let (name, tip) = (ctx.tr(key), ctx.tr(&format!("{key}.tip")));
    ui.label(RichText::new(&name).weak()).on_hover_text(&tip);
    ui.name_inputs(name, |ui| {
        add(ui).on_hover_text(tip);
    });
}

fn slider(ui: &mut Ui, ctx: &CompareContext<'_, '_>, page: &CompareState) {
    let mut degrees = page.divider.degrees;
    named(ui, ctx, "compare-angle", |ui| {
        let number = DragValue::new(&mut degrees).suffix("°").speed(1.0).max_decimals(1);
        ui.add_sized(NUMBER, number)
    });
    if degrees != page.divider.degrees {
        ctx.commands
            .send(CompareCommand::SetDivider(page.divider.turned(degrees)));
    }
    ctx.button(ui, CompareCommand::Turn);
}

fn blink(ui: &mut Ui, ctx: &CompareContext<'_, '_>, page: &CompareState) {
    let is_still = ctx.state.is_still || ctx.settings.reduce_motion;
    let mut blinks = page.blinks_itself(is_still);
    let by_itself = ui.add(Checkbox::new(&mut blinks, ctx.tr("compare-blink-itself")));
    if by_itself.on_hover_text(ctx.tr("compare-blink-itself.tip")).changed() {
        ctx.commands.send(CompareCommand::SetBlinks(blinks));
    }
    let mut secs = page.blink_secs;
    ui.add_enabled_ui(blinks, |ui| {
        named(ui, ctx, "compare-blink-secs", |ui| {
            let number = DragValue::new(&mut secs).range(BLINK_SECS).speed(0.02);
            let number = number.fixed_decimals(1).suffix(" s");
            ui.add_sized(NUMBER, number)
        });
    });
    if secs != page.blink_secs {
        ctx.commands.send(CompareCommand::SetBlink(secs));
    }
    ctx.button(ui, CompareCommand::Flip);
}

fn difference(ui: &mut Ui, ctx: &CompareContext<'_, '_>, page: &CompareState) {
    let mut gain = page.gain;
    named(ui, ctx, "compare-gain", |ui| {
        ui.spacing_mut().slider_width = RAIL_WIDTH;
        let slider = Slider::new(&mut gain, GAINS).logarithmic(true).max_decimals(1);
        ui.add(slider.prefix("×"))
    });
    if gain != page.gain {
        ctx.commands.send(CompareCommand::SetGain(gain));
    }
    scale(ui, ctx);
}

/// What the colours of a difference mean.
fn scale(ui: &mut Ui, ctx: &CompareContext<'_, '_>) {
    ui.add_space(16.0);
    ui.label(RichText::new(ctx.tr("compare-darker")).weak());
    let (rect, _) = ui.allocate_exact_size(SCALE_SIZE, Sense::hover());
    let mut mesh = Mesh::default();
    for index in 0..colour::SIGNED.len() {
        let part = index as f32 / (colour::SIGNED.len() - 1) as f32;
        let [red, green, blue] = colour::sample(&colour::SIGNED, part).map(|part| (255.0 * part).round() as u8);
        let x = egui::lerp(rect.x_range(), part);
        for y in [rect.top(), rect.bottom()] {
            mesh.colored_vertex(egui::pos2(x, y), egui::Color32::from_rgb(red, green, blue));
        }
        if let Some(first) = (2 * index as u32).checked_sub(2) {
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    ui.painter().add(mesh);
    ui.label(RichText::new(ctx.tr("compare-brighter")).weak());
}

/// The pair by name, and what is known of it.
pub(super) fn words(ui: &mut Ui, ctx: &CompareContext<'_, '_>) {
    let page = ctx.page;
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel; // on the canvas a button looks like a panel
        let facts = facts(ctx, page);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(facts));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| pair(ui, ctx, page));
        });
    });
}

fn pair(ui: &mut Ui, ctx: &CompareContext<'_, '_>, page: &CompareState) {
    if matches!(page.mode, CompareMode::Beside | CompareMode::Settings) || page.pictures.len() < 2 {
        let count = ctx.language.tr_count("compare-count", page.pictures.len());
        ui.label(RichText::new(count).weak());
        if page.pictures.len() < 2 {
            ui.label(RichText::new(ctx.tr("compare-one-more")).weak());
        }
        return;
    }
    let name = |place: usize| page.pictures.get(place).map(|picture| file_name(&picture.path));
    let room = (ui.available_width() - 110.0).max(60.0) / 2.0;
    let label = |ui: &mut Ui, letter: &str, place: usize| {
        let words = format!("{letter}  {}", name(place).unwrap_or_default());
        let wanted = ui.fonts_mut(|fonts| {
            let font = egui::TextStyle::Body.resolve(ui.style());
            fonts.layout_no_wrap(words.clone(), font, *ctx.palette.text).size().x
        });
        ui.add_sized([wanted.min(room) + 2.0, 20.0], Label::new(words).truncate());
    };
    label(ui, "A", page.first);
    ctx.button(ui, CompareCommand::Swap);
    label(ui, "B", page.second);
}

/// Sizes, similarity and where the runs part, in one line.
fn facts(ctx: &CompareContext<'_, '_>, page: &CompareState) -> String {
    let mut facts = Vec::new();
    let is_pair = matches!(
        page.mode,
        CompareMode::Slider | CompareMode::Blink | CompareMode::Difference
    );
    if is_pair && let Some([a, b]) = page.pair() {
        let size = |px: egui::Vec2| format!("{}×{}", px.x, px.y);
        match page.similarity() {
            _ if a.picture_px != b.picture_px => {
                let sizes = [("a", &*size(a.picture_px)), ("b", &*size(b.picture_px))];
                facts.push(ctx.language.tr_with("compare-sizes-differ", &sizes));
            }
            Alike::By(similarity) => facts.push(similarity_words(ctx, similarity)),
            Alike::OtherSizes => facts.push(ctx.tr("compare-not-alike-enough")),
            Alike::NotYet => facts.push(ctx.tr("compare-measuring")),
        }
    }
    if let Some(parting) = page.parting_text() {
        facts.push(parting.localise(ctx.language));
    }
    facts.join("   ·   ")
}

fn similarity_words(ctx: &CompareContext<'_, '_>, similarity: Similarity) -> String {
    if similarity.psnr_db.is_infinite() {
        return ctx.tr("compare-identical");
    }
    let psnr = format!("{:.2}", similarity.psnr_db);
    let ssim = similarity
        .ssim
        .map_or_else(|| "–".to_owned(), |ssim| format!("{ssim:.4}"));
    let most = similarity.max_difference.to_string();
    let values = [("psnr", &*psnr), ("ssim", &*ssim), ("most", &*most)];
    ctx.language.tr_with("compare-similarity", &values)
}
