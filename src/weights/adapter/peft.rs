//! What newer diffusers writes of PEFT's configuration into the header of a file.

use serde_json::{Map, Value};

/// PEFT's settings, `component.field` each; empty for files that have none.
#[derive(Debug, Default)]
pub(super) struct PeftSettings(Map<String, Value>);

impl PeftSettings {
    /// Name of the header's field.
    pub(super) const FIELD: &'static str = "lora_adapter_metadata";

    /// * `text`: JSON; what is none is ignored, as the tensors alone mean something too.
    pub(super) fn read(text: Option<&str>) -> Self {
        Self(
            text.and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
        )
    }

    /// What a layer's product is multiplied by, if the settings say so.
    ///
    /// * `layer`: as the file calls it, `unet.down_blocks…`.
    pub(super) fn scale(&self, layer: &str, rank: usize) -> Option<f64> {
        let (component, module) = layer.split_once('.')?;
        let field = |name: &str| self.0.get(&format!("{component}.{name}"));
        let patterns = field("alpha_pattern").and_then(Value::as_object);
        let is_meant = |pattern: &str| module == pattern || module.ends_with(&format!(".{pattern}"));
        let own = patterns.and_then(|patterns| patterns.iter().find(|(pattern, _)| is_meant(pattern)));
        let alpha = own.map(|(_, alpha)| alpha).or_else(|| field("lora_alpha"))?.as_f64()?;
        let is_root = field("use_rslora").and_then(Value::as_bool).unwrap_or(false);
        let rank = rank as f64;
        Some(alpha / if is_root { rank.sqrt() } else { rank }).filter(|scale| scale.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_should_take_its_own_alpha_before_the_general_one() {
        let text = r#"{"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 2}, "text_encoder.lora_alpha": 4,
                       "text_encoder.use_rslora": true}"#;
        let settings = PeftSettings::read(Some(text));
        assert_eq!(settings.scale("unet.mid_block.attn1.to_k", 4), Some(2.0));
        assert_eq!(settings.scale("unet.mid_block.attn1.to_q", 4), Some(0.5));
        assert_eq!(settings.scale("text_encoder.layers.0.q_proj", 4), Some(2.0));
        assert_eq!(settings.scale("text_encoder_2.layers.0.q_proj", 4), None);
        assert_eq!(PeftSettings::read(Some("[]")).scale("unet.a", 4), None);
        assert_eq!(PeftSettings::read(None).scale("unet.a", 4), None);
    }
}
