//! How `hareru unfold` looks at steps: which views there are by name, and what draws them.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use super::CliError;
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery;
use crate::job::{
    DecodeRequest, Event, GenerateRequest, LatentPlane, PreviewMode, Record, RgbImage, StepRecord, Trajectory,
};
use crate::unfold::{self, AttentionToken, FrameError, MissingData, RunAnimation, StepView};

/// A view as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ViewName {
    /// One that needs no word.
    Plain(StepView),
    /// Attention of a word of the prompt.
    Attention(String),
}

impl FromStr for ViewName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(word) = text.strip_prefix("attention:").filter(|word| !word.trim().is_empty()) {
            return Ok(Self::Attention(word.trim().to_owned()));
        }
        let plain = StepView::PLAIN.into_iter().find(|view| view.id() == text);
        plain.map(Self::Plain).ok_or_else(|| {
            let known: Vec<&str> = StepView::PLAIN.into_iter().map(StepView::id).collect();
            format!("expected {} or attention:WORD", known.join(", "))
        })
    }
}

impl ViewName {
    /// The view, if the run has the word.
    fn view(&self, tokens: &[String]) -> Result<StepView, String> {
        let word = match self {
            Self::Plain(view) => return Ok(*view),
            Self::Attention(word) => word,
        };
        if tokens.is_empty() {
            return Err(MissingData::Attention.to_string());
        }
        let index = unfold::find_word(tokens, word);
        let token = index.map(|index| AttentionToken { index, level: None });
        token.map(StepView::Attention).ok_or_else(|| {
            let known = unfold::words(tokens).join(", ");
            format!("the prompt has no word {word:?}; there is attention of {known}")
        })
    }
}

/// What makes pictures of latents.
pub(super) const DECODERS: &[(&str, &str, PreviewMode)] = &[
    (
        "linear",
        "A linear map of their channels: at once, and blurred",
        PreviewMode::Linear,
    ),
    ("tiny", "The model's tiny decoder", PreviewMode::Auto),
    ("vae", "The model's autoencoder: exact and slow", PreviewMode::Vae),
];

/// Makes pictures of steps: the [`RunAnimation`] of a run, whose latents the engine decodes where it is asked to.
pub(super) struct StepRenderer {
    animation: RunAnimation,
    /// Ends of the views' heat maps over all steps.
    ranges: Vec<f32>,
    decoder: PreviewMode,
    engine: Option<Asked>,
}

/// The engine, and whose latents it is asked about.
struct Asked {
    engine: EngineHandle,
    record: Record,
    tickets: u64,
}

impl StepRenderer {
    /// * `size_px`: width and height of the pictures.
    ///
    /// # Errors
    /// A line that says which word is not there.
    pub(super) fn new(
        trajectory: &Trajectory,
        names: &[&ViewName],
        decoder: PreviewMode,
        size_px: (u32, u32),
    ) -> Result<Self, String> {
        let views = names.iter().map(|name| name.view(&trajectory.tokens));
        let views: Vec<StepView> = views.collect::<Result<_, String>>()?;
        Ok(Self {
            ranges: vec![0.0; views.len()],
            animation: RunAnimation {
                steps: Vec::new(),
                final_latents: Some(Arc::new(trajectory.final_latents.clone())),
                colours: trajectory.colours.clone().map(Arc::new),
                tokens: trajectory.tokens.clone().into(),
                views,
                size_px,
                decoded: Vec::new(),
                finished: None,
            },
            decoder,
            engine: None,
        })
    }

    /// Takes those of the steps that can be seen; of the others it says how many there are and why. Fixes the ranges of
    /// heat maps for them all, so that the pictures can be compared.
    pub(super) fn take_visible(&mut self, steps: Vec<Arc<StepRecord>>) -> Option<(usize, String)> {
        let mut left_out = None;
        for step in steps {
            self.animation.steps.push(step);
            let place = self.animation.steps.len() - 1;
            let views = self.animation.views.iter();
            let ranges: Result<Vec<f32>, String> = views.map(|view| self.range(place, *view)).collect();
            match ranges {
                Ok(ranges) => {
                    for (range, of_step) in self.ranges.iter_mut().zip(ranges) {
                        *range = range.max(of_step);
                    }
                }
                Err(why) => {
                    self.animation.steps.pop();
                    left_out.get_or_insert((0, why)).0 += 1;
                }
            }
        }
        left_out
    }

    /// How many steps are shown.
    pub(super) fn num_steps(&self) -> usize {
        self.animation.steps.len()
    }

    /// The step at a place among them.
    pub(super) fn step(&self, place: usize) -> &StepRecord {
        &self.animation.steps[place]
    }

    fn range(&self, place: usize, view: StepView) -> Result<f32, String> {
        let range = if self.is_decoded(view) {
            unfold::latents(&self.animation.steps[place], view).map(|_| 1.0)
        } else {
            self.animation.image(place, view).map(|image| image.range())
        };
        range.map_err(|missing| match missing {
            MissingData::Colours { .. } => format!("{missing}; --decoder tiny or vae may help"),
            other => other.to_string(),
        })
    }

    fn is_decoded(&self, view: StepView) -> bool {
        self.decoder != PreviewMode::Linear && unfold::is_picture(view)
    }

    /// Starts the engine if a view needs it.
    ///
    /// * `check`: whether the files may be opened that a request names, which is made of what the picture's record says.
    pub(super) fn start(
        &mut self,
        picture: &Path,
        check: impl FnOnce(&GenerateRequest) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        if self.animation.views.iter().any(|view| self.is_decoded(*view)) {
            let record = gallery::read_record(picture)?;
            check(&GenerateRequest {
                model: record.request.model.clone(),
                vae: record.request.vae.clone(),
                ..GenerateRequest::default()
            })?;
            self.engine = Some(Asked {
                record,
                engine: EngineHandle::start(EngineOptions::of_user(), || {})?,
                tickets: 0,
            });
        }
        Ok(())
    }

    /// Width and height of what [`Self::picture`] gives.
    pub(super) fn frame_size(&self) -> (u32, u32) {
        let (width, height) = self.animation.size_px;
        match self.animation.views.as_slice() {
            [_, _] => (unfold::pair_width(width), height),
            _ => (width, height),
        }
    }

    /// The step at a place in one view, or in two side by side.
    pub(super) fn picture(&mut self, place: usize) -> Result<RgbImage, CliError> {
        let (width, height) = self.animation.size_px;
        let (engine, decoder) = (&mut self.engine, self.decoder);
        self.animation.frame_with(place, &self.ranges, |step, view| {
            let Some(asked) = engine.as_mut().filter(|_| unfold::is_picture(view)) else {
                return Ok(None);
            };
            let failed = |missing: MissingData| CliError::Failed(format!("step {}: {missing}", step.index));
            let latents = unfold::latents(step, view).map_err(failed)?;
            Ok(Some(unfold::resized(&*asked.decode(latents, decoder)?, width, height)))
        })
    }
}

impl From<FrameError> for CliError {
    fn from(error: FrameError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Asked {
    fn decode(&mut self, latents: LatentPlane, decoder: PreviewMode) -> Result<Arc<RgbImage>, CliError> {
        self.tickets += 1;
        let expected = self.tickets;
        let request = &self.record.request;
        self.engine.decode(DecodeRequest {
            ticket: expected,
            model: request.model.clone(),
            vae: request.vae.clone(),
            precision: self.record.precision.parse().unwrap_or_default(),
            mode: decoder,
            tiling: request.joined_edges(),
            latents: Arc::new(latents),
        })?;
        while let Some(event) = self.engine.wait() {
            if let Event::Decoded { ticket, picture } = event
                && ticket == expected
            {
                return picture.map_err(|error| CliError::from(&*error));
            }
        }
        Err(CliError::Failed("the engine has stopped".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_should_be_asked_for_by_their_ids() {
        for view in StepView::PLAIN {
            assert_eq!(view.id().parse(), Ok(ViewName::Plain(view)));
        }
        assert_eq!(
            "attention:light house".parse(),
            Ok(ViewName::Attention("light house".to_owned()))
        );
        for bad in ["", "X0", "attention", "attention:", "attention: ", "x1"] {
            let error = bad.parse::<ViewName>().unwrap_err();
            assert!(
                error.contains("x0, xt, noise") && error.ends_with("attention:WORD"),
                "{error}"
            );
        }
    }
}
