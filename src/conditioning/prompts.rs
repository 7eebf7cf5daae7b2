//! The texts and numbers of one picture, before they are encoded.

use crate::prompt::{Emphasis, PromptText};

/// The prompts of one picture and how they are to be encoded.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// What to draw.
    pub prompt: PromptText,
    /// What to stay away from, of which the first part counts alone; `None` is the empty prompt, which XL models read as
    /// nothing at all (zeros) if they were trained so (`force_zeros_for_empty_prompt`).
    pub negative: Option<PromptText>,
    /// What weights do.
    pub emphasis: Emphasis,
    /// Layers of the text encoder left out at its end, for the prompt only, as diffusers counts: 0 uses all that the
    /// model was trained with.
    pub clip_skip: usize,
    /// Sizes and scores, for XL.
    pub numbers: MicroConditions,
}

impl Prompts {
    /// These texts, word by word, for a picture of this size, all else as usual.
    pub fn new(prompt: &str, negative: &str, size_px: [u32; 2]) -> Self {
        let literal = |text: &str| PromptText::Literal(text.to_owned());
        Self::of_texts([literal(prompt), literal(negative)], size_px)
    }

    /// A prompt and a negative one for a picture of this size, all else as usual.
    pub fn of_texts([prompt, negative]: [PromptText; 2], [height_px, width_px]: [u32; 2]) -> Self {
        Self {
            prompt,
            negative: (!negative.is_empty()).then_some(negative),
            emphasis: Emphasis::default(),
            clip_skip: 0,
            numbers: MicroConditions::of_size([f64::from(height_px), f64::from(width_px)]),
        }
    }
}

/// The numbers that condition XL beside the text. Sizes are `[height, width]`, places `[top, left]`, in pixels.
///
/// Source: <https://arxiv.org/abs/2307.01952>, section 2.2
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MicroConditions {
    /// Size the picture had before it was scaled for training.
    pub original_size: [f64; 2],
    /// Where it was cropped.
    pub crop: [f64; 2],
    /// Size it is shown at.
    pub target_size: [f64; 2],
    /// The same for the negative prompt.
    pub negative_original_size: [f64; 2],
    /// The same for the negative prompt.
    pub negative_crop: [f64; 2],
    /// The same for the negative prompt.
    pub negative_target_size: [f64; 2],
    /// For the refiner: how pleasing the picture shall be, 1 to 10, and how pleasing not.
    pub aesthetic_scores: [f64; 2],
}

/// The scores that diffusers gives the refiner.
const AESTHETIC_SCORES: [f64; 2] = [6.0, 2.5];

impl MicroConditions {
    /// A picture that was never scaled nor cropped.
    pub fn of_size(size: [f64; 2]) -> Self {
        Self {
            original_size: size,
            crop: [0.0; 2],
            target_size: size,
            negative_original_size: size,
            negative_crop: [0.0; 2],
            negative_target_size: size,
            aesthetic_scores: AESTHETIC_SCORES,
        }
    }

    /// The numbers for the prompt and for the negative one, in the order the network expects.
    pub(super) fn rows(&self, with_scores: bool) -> [Vec<f64>; 2] {
        let row = |size: [f64; 2], crop: [f64; 2], target: [f64; 2], score: f64| {
            let last = if with_scores { vec![score] } else { target.to_vec() };
            [size.to_vec(), crop.to_vec(), last].concat()
        };
        let [good, bad] = self.aesthetic_scores;
        [
            row(self.original_size, self.crop, self.target_size, good),
            row(
                self.negative_original_size,
                self.negative_crop,
                self.negative_target_size,
                bad,
            ),
        ]
    }
}
