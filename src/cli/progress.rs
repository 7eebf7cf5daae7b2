//! The progress bar on standard error.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::hub::Download;
use crate::job::{Phase, StepEvent};

/// Shows how far a job is, where a person can see it; elsewhere it does nothing.
pub(super) struct Progress {
    bar: ProgressBar,
    num_images: u32,
}

impl Progress {
    pub(super) fn new(visible: bool, num_images: u32, steps: u32) -> Self {
        let length = u64::from(num_images) * u64::from(steps);
        let bar = bar(visible, Some(length), "{prefix} {wide_bar} {msg}");
        Self { bar, num_images }
    }

    pub(super) fn phase(&self, phase: Phase) {
        let text = match phase {
            Phase::LoadingModel => "reading the model",
            Phase::EncodingPrompt => "reading the prompt",
            Phase::Denoising => "drawing",
            Phase::Decoding => "developing",
            Phase::Upscaling => "enlarging",
        };
        self.bar.set_message(text);
        self.bar.tick();
    }

    pub(super) fn step(&self, step: &StepEvent) {
        let done = u64::from(step.image_index) * u64::from(step.total) + u64::from(step.step);
        let secs_per_step = step.elapsed_secs / f64::from(step.step.max(1));
        let steps_left = (u64::from(self.num_images) * u64::from(step.total)).saturating_sub(done);
        let mut prefix = format!("step {}/{}", step.step, step.total);
        if self.num_images > 1 {
            prefix = format!("picture {}/{}, {prefix}", step.image_index + 1, self.num_images);
        }
        self.bar.set_prefix(prefix);
        self.bar.set_message(format!(
            "{secs_per_step:.2} s/step, {} left",
            minutes_and_seconds(secs_per_step * steps_left as f64)
        ));
        self.bar.set_position(done);
    }

    /// So many frames of an animation or a sheet are drawn.
    pub(super) fn frame(&self, done: u32, total: u32) {
        self.bar.set_prefix(format!("frame {done}/{total}"));
        self.bar.set_position(u64::from(done));
    }

    /// Prints while the bar is out of the way.
    pub(super) fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far a download is, where a person can see it; elsewhere it does nothing.
pub(super) struct DownloadBar(ProgressBar);

impl DownloadBar {
    pub(super) fn new(visible: bool) -> Self {
        Self(bar(visible, None, "{bytes}/{total_bytes} {wide_bar} {msg}"))
    }

    pub(super) fn show(&self, download: &Download) {
        self.0.set_length(download.total_bytes);
        self.0.set_position(download.done_bytes);
        if let Some(secs) = download.secs_left() {
            let speed = download.bytes_per_sec / 1e6;
            let left = minutes_and_seconds(secs);
            self.0.set_message(format!("{speed:.1} MB/s, {left} left"));
        }
    }
}

impl Drop for DownloadBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar on standard error if that is a terminal, else one that draws nothing.
fn bar(visible: bool, length: Option<u64>, template: &str) -> ProgressBar {
    let target = if visible && std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(length, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn minutes_and_seconds(secs: f64) -> String {
    let secs = secs.round() as u64;
    if secs < 60 {
        format!("{secs} s")
    } else {
        format!("{}:{:02}", secs / 60, secs % 60)
    }
}
