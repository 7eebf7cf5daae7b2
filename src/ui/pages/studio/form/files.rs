//! Models from the disk on their way into the form and out of it, with the words that trigger them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::trigger_words;
use crate::hub::{InstalledModel, ModelKind};
use crate::job::LoraSpec;

/// Trigger words that came into the prompt with a file.
#[derive(Debug, Default)]
pub(in crate::ui) struct AddedWords {
    of: BTreeMap<PathBuf, Vec<String>>,
}

impl AddedWords {
    /// Puts an autoencoder, an adapter or a learned word into the form, with its trigger words.
    pub(in crate::ui) fn put(&mut self, item: &InstalledModel, draft: &mut Draft) {
        let request = &mut draft.request;
        match item.kind {
            ModelKind::Vae => request.vae = Some(item.path.clone()),
            ModelKind::Lora if request.loras.iter().all(|lora| lora.path != item.path) => {
                let weight = item.preferred_weight.unwrap_or(1.0);
                request.loras.push(LoraSpec::new(&item.path, weight));
                self.put_words(item, draft);
            }
            ModelKind::Embedding if !request.embeddings.contains(&item.path) => {
                request.embeddings.push(item.path.clone());
                self.put_words(item, draft);
            }
            _ => {} // in the form already, or it needs a picture and is chosen where one is
        }
    }

    /// Takes a file out of the form, with the words that came with it.
    pub(in crate::ui) fn take_out(&mut self, path: &Path, draft: &mut Draft) {
        let request = &mut draft.request;
        request.loras.retain(|lora| lora.path != path);
        request.embeddings.retain(|known| known != path);
        request.vae.take_if(|vae| vae == path);
        if let Some(added) = self.of.remove(path) {
            trigger_words::take_out(&mut request.prompt, &added);
        }
    }

    fn put_words(&mut self, item: &InstalledModel, draft: &mut Draft) {
        let added = trigger_words::put_in(&mut draft.request.prompt, &item.trigger_words);
        self.of.entry(item.path.clone()).or_default().extend(added);
    }
}

/// Changes how much of an adapter in the form is laid over the model.
pub(in crate::ui) fn set_lora_weight(path: &Path, weight: f64, draft: &mut Draft) {
    let Some(lora) = draft.request.loras.iter_mut().find(|lora| lora.path == path) else {
        return;
    };
    // The text part follows unless it was set apart.
    if lora.text_weight == lora.unet_weight {
        lora.text_weight = weight;
    }
    lora.unet_weight = weight;
}
