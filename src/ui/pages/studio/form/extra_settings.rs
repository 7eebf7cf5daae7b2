//! The settings of a restored picture that the form has no fields for, such as adapters: a list, so that none is used
//! unseen, with a button that drops them.

use std::path::{Path, PathBuf};

use egui::{Frame, Label, Margin, RichText, Ui};

use super::draft::Draft;
use crate::job::GenerateRequest;
use crate::ui::model::notifications::Text;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};

/// Lists the extra settings; not there when there are none.
pub(in crate::ui) struct ExtraSettingsPanel;

impl StudioPanel for ExtraSettingsPanel {
    fn id(&self) -> &'static str {
        "extra_settings"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let extra = ctx.draft.extra_settings();
        if extra.is_empty() {
            return;
        }
        Frame::group(ui.style()).inner_margin(Margin::same(8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(ctx.tr("extra-title")).strong());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let drop = ui.button(ctx.tr("extra-drop"));
                    if drop.on_hover_text(ctx.tr("extra-drop.tip")).clicked() {
                        ctx.draft.drop_extra_settings();
                    }
                });
            });
            for text in extra {
                ui.add(Label::new(RichText::new(text.localise(ctx.language)).weak()).truncate());
            }
        });
    }
}

impl Draft {
    /// The settings of a restored picture that the form has no fields for, a line for each.
    pub fn extra_settings(&self) -> Vec<Text> {
        // Every field is named here, so that a new one is either a field of the form or listed.
        let GenerateRequest {
            model: _,
            prompt: _,
            negative_prompt: _,
            prompt_syntax: _,
            emphasis: _,
            width_px: _,
            height_px: _,
            steps: _,
            guidance_scale: _,
            guidance_rescale: _,
            sampler: _,
            schedule: _,
            timestep_spacing: _,
            eta: _,
            seed: _,
            batch_count: _,
            clip_skip: _,
            init: _,
            mask: _,
            outpaint: _,
            controls: _,
            references: _,
            class_label: _,
            vae,
            guidance_interval,
            guidance_schedule,
            prompt_switches,
            hires,
            upscale,
            refiner,
            variation,
            tiling,
            noise_source,
            loras,
            embeddings,
            noise_level,
            film,
            changes,
            stop_after,
            unknown: _, // of records only
        } = &self.request;
        let plain = GenerateRequest::default();
        let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = |paths: Vec<&PathBuf>| {
            let names: Vec<String> = paths.into_iter().map(|path| file(path)).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let named = [
            ("extra-lora", files(loras.iter().map(|lora| &lora.path).collect())),
            ("extra-embedding", files(embeddings.iter().collect())),
            ("extra-vae", vae.as_deref().map(file)),
            (
                "extra-refiner",
                refiner.as_ref().map(|refiner| refiner.model.to_string()),
            ),
            ("extra-noise-level", noise_level.map(|level| level.to_string())),
            ("extra-stop", stop_after.map(|steps| steps.to_string())),
        ];
        let has_guidance = *guidance_interval != plain.guidance_interval || !guidance_schedule.is_empty();
        let others = [
            (hires.is_some(), "extra-hires"),
            (upscale.is_some(), "extra-upscale"),
            (variation.is_some(), "extra-variation"),
            (*tiling != plain.tiling, "extra-tiling"),
            (*noise_source != plain.noise_source, "extra-noise"),
            (has_guidance, "extra-guidance"),
            (film.is_some(), "extra-film"),
            (!changes.is_empty(), "extra-changes"),
        ];
        let named = named.into_iter().filter_map(|(key, what)| Some((key, what?)));
        let switches = prompt_switches
            .iter()
            .map(|switch| ("extra-switch", switch.prompt.clone()));
        let others = others.into_iter().filter(|(is_there, _)| *is_there);
        named
            .chain(switches)
            .map(|(key, what)| Text::new(key, [("what", what)]))
            .chain(others.map(|(_, key)| Text::key(key)))
            .collect()
    }

    /// Sets all [extra settings](Self::extra_settings) to their defaults.
    pub fn drop_extra_settings(&mut self) {
        let plain = GenerateRequest::default();
        self.request = GenerateRequest {
            vae: plain.vae,
            guidance_interval: plain.guidance_interval,
            guidance_schedule: plain.guidance_schedule,
            prompt_switches: plain.prompt_switches,
            hires: plain.hires,
            upscale: plain.upscale,
            refiner: plain.refiner,
            variation: plain.variation,
            tiling: plain.tiling,
            noise_source: plain.noise_source,
            loras: plain.loras,
            embeddings: plain.embeddings,
            noise_level: plain.noise_level,
            film: plain.film,
            changes: plain.changes,
            stop_after: plain.stop_after,
            ..std::mem::take(&mut self.request)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Change, Film, Hires, LoraSpec, NoiseSource, PromptSwitch, Tiling, Variation};

    #[test]
    fn every_setting_without_a_field_should_be_listed_and_dropped() {
        let plain = GenerateRequest::default();
        let extra: [fn(&mut GenerateRequest); 14] = [
            |request| request.vae = Some("/vae".into()),
            |request| request.guidance_interval = [0.2, 0.8],
            |request| request.guidance_schedule = vec![7.0, 3.0],
            |request| {
                request.prompt_switches = vec![PromptSwitch {
                    step: 3,
                    prompt: "a tower".to_owned(),
                }];
            },
            |request| {
                request.hires = Some(Hires {
                    scale: 2.0,
                    strength: 0.4,
                    steps: None,
                });
            },
            |request| request.variation = Some(Variation { seed: 1, strength: 0.1 }),
            |request| request.tiling = Tiling { x: true, y: true },
            |request| request.noise_source = NoiseSource::TorchCpu,
            |request| request.loras = vec![LoraSpec::new("/adapters/b.safetensors", 0.5)],
            |request| request.embeddings = vec!["/embeddings/c.safetensors".into()],
            |request| request.noise_level = Some(20),
            |request| {
                request.film = Some(Film {
                    adapter: "/motion".into(),
                    frames: 16,
                });
            },
            |request| request.changes = vec![Change::at(2)],
            |request| request.stop_after = Some(4),
        ];
        for set in extra {
            let mut request = plain.clone();
            set(&mut request);
            let mut draft = Draft::default();
            draft.restore(&request);
            assert_eq!(draft.extra_settings().len(), 1, "it would be used unseen: {request:?}");
            draft.drop_extra_settings();
            assert_eq!(draft.request, plain, "nothing else may be dropped");
        }
    }
}
