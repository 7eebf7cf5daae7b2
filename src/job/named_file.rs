//! The files and folders that a request names.

use std::path::{Path, PathBuf};

use super::{GenerateRequest, LoraSpec, ModelRef};

/// What a file is in the request that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileRole {
    /// The model, or the one that refines.
    Model,
    /// An autoencoder.
    Vae,
    /// A LoRA or one of its kin.
    Lora,
    /// A word that was learned.
    Embedding,
    /// A `ControlNet`, a T2I-Adapter, an IP-Adapter, a motion adapter.
    Adapter,
    /// A network that enlarges.
    Upscaler,
    /// A picture to start from, to follow, to refer to or to enlarge.
    Picture,
    /// A mask.
    Mask,
}

/// A file or folder that a request names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedFile {
    /// What it is there for.
    pub role: FileRole,
    /// As it is written in the request.
    pub path: PathBuf,
}

impl GenerateRequest {
    /// The files that are opened when the request is carried out, each once; not those that are still to be chosen.
    pub fn named_files(&self) -> Vec<NamedFile> {
        let mut found: Vec<NamedFile> = Vec::new();
        self.clone().visit_files(&mut |role, path| {
            if path.as_os_str().is_empty() {
                return;
            }
            let named = NamedFile {
                role,
                path: std::mem::take(path),
            };
            if !found.contains(&named) {
                found.push(named);
            }
        });
        found
    }

    /// Names another file wherever this one was named.
    pub fn rename_file(&mut self, from: &Path, to: &Path) {
        self.visit_files(&mut |_, path| {
            if path == from {
                to.clone_into(path);
            }
        });
    }

    fn visit_files(&mut self, visit: &mut dyn FnMut(FileRole, &mut PathBuf)) {
        // Every field is named here, so that a new one that names a file is not forgotten.
        let Self {
            model,
            vae,
            loras,
            embeddings,
            init,
            mask,
            controls,
            references,
            upscale,
            refiner,
            film,
            changes,
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
            guidance_interval: _,
            guidance_schedule: _,
            outpaint: _,
            prompt_switches: _,
            hires: _,
            variation: _,
            tiling: _,
            noise_source: _,
            class_label: _,
            noise_level: _,
            stop_after: _,
            unknown: _,
        } = self;
        if let Some(upscale) = upscale {
            visit(FileRole::Upscaler, &mut upscale.model);
            if let Some(picture) = &mut upscale.picture {
                visit(FileRole::Picture, picture);
                return; // it is only enlarged, and nothing else is opened
            }
        }
        if let ModelRef::Path(path) = model {
            visit(FileRole::Model, path);
        }
        if let Some(ModelRef::Path(path)) = refiner.as_mut().map(|refiner| &mut refiner.model) {
            visit(FileRole::Model, path);
        }
        if let Some(vae) = vae {
            visit(FileRole::Vae, vae);
        }
        let later = changes.iter_mut().filter_map(|change| change.loras.as_mut());
        let loras = loras.iter_mut().chain(later.flatten());
        for lora in loras.filter(|lora| lora.path != Path::new(LoraSpec::STARTER_FOUR_STEPS)) {
            visit(FileRole::Lora, &mut lora.path);
        }
        for embedding in embeddings {
            visit(FileRole::Embedding, embedding);
        }
        if let Some(film) = film {
            visit(FileRole::Adapter, &mut film.adapter);
        }
        for control in controls {
            visit(FileRole::Adapter, &mut control.model);
            visit(FileRole::Picture, &mut control.picture);
        }
        for reference in references {
            visit(FileRole::Adapter, &mut reference.adapter);
            visit(FileRole::Picture, &mut reference.picture);
        }
        if let Some(init) = init {
            visit(FileRole::Picture, &mut init.file);
        }
        if let Some(mask) = mask {
            visit(FileRole::Mask, &mut mask.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Control, Film, InitPicture, InitWay, Mask, Reference, Refiner, Upscale};
    use super::*;

    fn naming_all() -> GenerateRequest {
        GenerateRequest {
            model: ModelRef::from("/m"),
            refiner: Some(Refiner {
                model: ModelRef::from("/refiner"),
                step: 3,
            }),
            vae: Some("/vae".into()),
            loras: vec![
                LoraSpec::new("/lora", 1.0),
                LoraSpec::new(LoraSpec::STARTER_FOUR_STEPS, 1.0),
            ],
            changes: vec![Change {
                loras: Some(vec![LoraSpec::new("/later", 1.0)]),
                ..Change::at(2)
            }],
            embeddings: vec!["/word".into()],
            film: Some(Film {
                adapter: "/motion".into(),
                frames: 8,
            }),
            controls: vec![Control {
                model: "/control".into(),
                picture: "/lines.png".into(),
                ..Control::default()
            }],
            references: vec![Reference {
                adapter: "/adapter".into(),
                picture: "/style.png".into(),
                ..Reference::default()
            }],
            init: Some(InitPicture {
                file: "/init.png".into(),
                strength: 0.5,
                way: InitWay::Noise,
            }),
            mask: Some(Mask {
                file: "/mask.png".into(),
                ..Mask::default()
            }),
            upscale: Some(Upscale {
                model: "/x4.pth".into(),
                ..Upscale::default()
            }),
            ..GenerateRequest::default()
        }
    }

    #[test]
    fn every_path_in_a_request_should_be_named() {
        let request = naming_all();
        let text = serde_json::to_string(&request).unwrap();
        let named = request.named_files();
        assert_eq!(text.matches("\"/").count(), named.len(), "{text}\n{named:?}");
        let mut renamed = request.clone();
        for file in &named {
            renamed.rename_file(&file.path, Path::new("other"));
        }
        let text = serde_json::to_string(&renamed).unwrap();
        assert_eq!(text.matches("\"/").count(), 0, "{text}");
        assert!(
            text.contains(LoraSpec::STARTER_FOUR_STEPS),
            "what is in the program is no file"
        );
    }

    #[test]
    fn of_a_picture_that_is_only_enlarged_should_be_named_what_that_opens() {
        let mut request = naming_all();
        request.upscale.as_mut().unwrap().picture = Some("/small.png".into());
        let paths: Vec<_> = request.named_files().into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["/x4.pth", "/small.png"].map(PathBuf::from));
        assert_eq!(GenerateRequest::default().named_files(), []);
    }
}
