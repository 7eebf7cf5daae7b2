//! What is laid over a model for one request.

use std::path::PathBuf;

use super::request_error::RequestError;

/// A LoRA or one of its kin, with its weights.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct LoraSpec {
    /// The file.
    pub path: PathBuf,
    /// What its changes of the U-Net are multiplied by; any real number, 1 as it was trained, 0 for none.
    pub unet_weight: f64,
    /// The same for the text encoders.
    pub text_weight: f64,
    /// A further factor for each block, in the order BASE (text encoders and what is in no block), IN, MID, OUT: either
    /// for the blocks that attend to the text (17 for SD 1.5, 12 for SDXL; the others get nothing) or for all (26, 20).
    pub block_weights: Option<Vec<f64>>,
}

impl Default for LoraSpec {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            unet_weight: 1.0,
            text_weight: 1.0,
            block_weights: None,
        }
    }
}

impl LoraSpec {
    /// What is written for the file of the adapter that ships inside the program: it lets the starter model draw in four
    /// steps without guidance.
    pub const STARTER_FOUR_STEPS: &str = "starter-four-steps";

    /// With one weight for all networks.
    pub fn new(path: impl Into<PathBuf>, weight: f64) -> Self {
        Self {
            path: path.into(),
            unet_weight: weight,
            text_weight: weight,
            block_weights: None,
        }
    }

    /// Checks what can be checked without the file.
    ///
    /// # Errors
    /// [`RequestError::NotFinite`] if a weight is not a number.
    pub fn validate(&self) -> Result<(), RequestError> {
        let blocks = self
            .block_weights
            .iter()
            .flatten()
            .map(|weight| ("block weight of an adapter", *weight));
        let weights = [
            ("weight of an adapter", self.unet_weight),
            ("text weight of an adapter", self.text_weight),
        ];
        for (field, found) in weights.into_iter().chain(blocks) {
            if !found.is_finite() {
                return Err(RequestError::NotFinite { field, found });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_should_be_the_weight_of_training() {
        let spec: LoraSpec = serde_json::from_str(r#"{"path": "a.safetensors"}"#).unwrap();
        assert_eq!(spec, LoraSpec::new("a.safetensors", 1.0));
    }

    #[test]
    fn weights_should_be_numbers() {
        assert!(LoraSpec::new("a", -0.5).validate().is_ok());
        for spec in [
            LoraSpec::new("a", f64::NAN),
            LoraSpec {
                text_weight: f64::INFINITY,
                ..LoraSpec::default()
            },
            LoraSpec {
                block_weights: Some(vec![1.0, f64::NEG_INFINITY]),
                ..LoraSpec::default()
            },
        ] {
            assert!(spec.validate().is_err(), "{spec:?}");
        }
    }
}
