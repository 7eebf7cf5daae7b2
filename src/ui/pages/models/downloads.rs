//! Downloads: what to fetch, and what is on its way.

use egui::{Align, Button, Key, Label, Layout, ProgressBar, RichText, TextEdit, Ui, vec2};

use super::card::size_words;
use crate::hub::{Download, DownloadState};
use crate::ui::commands::{ModelsCommand, UiCommand};
use crate::ui::i18n::Language;
use crate::ui::model::installed::Installed;
use crate::ui::panel::PanelContext;
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::right_aligned::filled_line;

/// Downloads that are in sight at once.
const MAX_ROWS: usize = 4;
/// Width of a download's name.
const NAME_WIDTH: f32 = 260.0;
/// Width of its bar.
const BAR_WIDTH: f32 = 180.0;

/// What is being typed.
#[derive(Default)]
pub(super) struct DownloadForm {
    what: String,
    prefer_fp16: bool,
}

impl DownloadForm {
    /// Height of the field and of what is on its way, with margins.
    pub(super) fn height(installed: &Installed) -> f32 {
        let num_rows = installed.downloads.len().min(MAX_ROWS);
        20.0 + ROW_HEIGHT + num_rows as f32 * (ROW_HEIGHT + GRID)
    }

    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        ui.spacing_mut().item_spacing.y = GRID;
        self.field(ui, ctx);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for download in &ctx.state.installed.downloads {
                ui.push_id(download.id, |ui| row(ui, ctx, download));
            }
        });
    }

    fn field(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        ui.horizontal(|ui| {
            let (name, tip) = (ctx.tr("models-repo"), ctx.tr("models-repo.tip"));
            let field = TextEdit::singleline(&mut self.what)
                .hint_text(ctx.tr("models-repo-hint"))
                .desired_width(360.0)
                .min_size(vec2(0.0, ROW_HEIGHT));
            ui.label(RichText::new(&name).color(*ctx.palette.text_weak));
            let response = ui.add(field).accessible_name(&name);
            let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            response.on_hover_text(tip);

            let fetch = UiCommand::Models(ModelsCommand::Fetch {
                what: self.what.trim().to_owned(),
                prefer_fp16: self.prefer_fp16,
            });
            let is_there = !self.what.trim().is_empty();
            let button = ui.add_enabled(is_there, Button::new(fetch.name(ctx.language)));
            let is_clicked = button.on_hover_text(fetch.tooltip(ctx.language, ui.ctx())).clicked();
            if is_there && (is_clicked || is_entered) {
                ctx.commands.send(fetch);
                self.what.clear();
            }
            ui.checkbox(&mut self.prefer_fp16, ctx.tr("models-fp16"))
                .on_hover_text(ctx.tr("models-fp16.tip"));
        });
    }
}

fn row(ui: &mut Ui, ctx: &PanelContext<'_>, download: &Download) {
    ui.horizontal(|ui| {
        ui.set_height(ROW_HEIGHT);
        let name = Label::new(&download.what).truncate();
        ui.allocate_ui_with_layout(
            vec2(NAME_WIDTH, ROW_HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.add(name).on_hover_text(&download.what);
            },
        );
        let part = match download.state {
            DownloadState::Finished(_) => 1.0,
            _ => download.done_bytes as f32 / download.total_bytes.max(1) as f32,
        };
        let bar = ProgressBar::new(part.min(1.0))
            .desired_width(BAR_WIDTH)
            .desired_height(6.0)
            .fill(*ctx.palette.accent);
        ui.add(bar).on_hover_text(format!("{:.0} %", 100.0 * part));
        let is_error = matches!(download.state, DownloadState::Failed(_));
        let colour = if is_error {
            ctx.palette.error
        } else {
            ctx.palette.text_weak
        };
        let words = state_words(ctx.language, download);
        let text = Label::new(RichText::new(&words).small().color(*colour)).truncate();
        filled_line(
            ui,
            "verbs",
            |ui| ui.add(text).on_hover_text(words),
            |ui| verbs(ui, ctx, download),
        );
    });
}

fn verbs(ui: &mut Ui, ctx: &PanelContext<'_>, download: &Download) {
    let id = download.id;
    let commands = match download.state {
        DownloadState::Asking | DownloadState::Running => vec![ModelsCommand::Stop(id)],
        DownloadState::Stopping => Vec::new(),
        DownloadState::Paused | DownloadState::Failed(_) => {
            vec![ModelsCommand::Resume(id), ModelsCommand::Discard(id)]
        }
        DownloadState::Finished(_) => vec![ModelsCommand::Discard(id)],
    };
    for command in commands {
        let command = UiCommand::Models(command);
        let name = command.name(ctx.language);
        let response = ui
            .button(&name)
            .accessible_name(format!("{name}: {}", download.what))
            .on_hover_text(command.tooltip(ctx.language, ui.ctx()));
        if response.clicked() {
            ctx.commands.send(command);
        }
    }
}

/// How far it is, in one line.
fn state_words(language: Language, download: &Download) -> String {
    let (done, total) = (size_words(download.done_bytes), size_words(download.total_bytes));
    let amount = [("done", &*done), ("total", &*total)];
    match &download.state {
        DownloadState::Asking => language.tr("models-asking"),
        DownloadState::Stopping => language.tr("models-stopping"),
        DownloadState::Paused => language.tr_with("models-paused", &amount),
        DownloadState::Finished(_) if download.without_checksum.is_empty() => {
            language.tr_with("models-finished", &[("total", &total)])
        }
        DownloadState::Finished(_) => {
            let files = download.without_checksum.join(", ");
            language.tr_with(
                "models-finished-without-checksum",
                &[("total", &total), ("files", &files)],
            )
        }
        DownloadState::Failed(error) => language.job_error(error),
        DownloadState::Running => {
            let speed = format!("{}/s", size_words(download.bytes_per_sec as u64));
            let left = download.secs_left().map(|secs| time_words(language, secs));
            let mut words = language.tr_with("models-running", &amount);
            words.push_str(" · ");
            words.push_str(&speed);
            if let Some(left) = left {
                words.push_str(" · ");
                words.push_str(&left);
            }
            words
        }
    }
}

/// Time that is left: seconds below a minute and a half, else minutes, else hours.
fn time_words(language: Language, secs: f64) -> String {
    let secs = secs.ceil().max(1.0);
    match secs {
        ..90.0 => language.tr_count("models-left-seconds", secs as usize),
        ..5400.0 => language.tr_count("models-left-minutes", (secs / 60.0).round() as usize),
        _ => language.tr_count("models-left-hours", (secs / 3600.0).round() as usize),
    }
}
