//! From a prepared request to pictures: pass after pass, the decoder, the record.

use std::sync::Arc;
use std::time::Instant;

use super::PipelineError;
use super::context::{JobContext, ShownStep, Watcher, stream_seed};
use super::frames::trajectory_of_frame;
use super::observer::{Observed, Observer};
use super::pass::{Passes, SamplingPass};
use super::run::{Noise, Run, RunOutput};
use super::run_plan::{RunPlan, Steered};
use crate::conditioning::rgb_from_picture;
use crate::diffusion::SampleError;
use crate::diffusion::samplers::Options;
use crate::diffusion::schedule::SigmaTable;
use crate::diffusion::trajectory::plane;
use crate::job::{Change, GenerateRequest, GeneratedImage, LatentColours, Phase, PreviewMode, Record, Trajectory};

/// A request, ready to be carried out picture by picture.
pub struct Prepared<'a> {
    context: JobContext<'a>,
    passes: Box<dyn Passes + 'a>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(context: JobContext<'a>, passes: Box<dyn Passes + 'a>) -> Self {
        Self { context, passes }
    }

    /// Makes one picture, or all pictures of one film.
    ///
    /// * `index`: place in the batch; the seed is the request's plus this.
    ///
    /// # Errors
    /// [`PipelineError`]; [`PipelineError::is_cancelled`] if someone asked to stop.
    pub fn pictures(&self, index: u32, watcher: &mut dyn Watcher) -> Result<Vec<GeneratedImage>, PipelineError> {
        let began = Instant::now();
        watcher.phase(Phase::Denoising);
        let mut output: Option<(usize, RunOutput)> = None;
        let mut kept: Option<(SigmaTable, RunOutput)> = None;
        while let Some(pass) = self
            .passes
            .next(index, output.as_ref().map(|(number, output)| (*number, output)))?
        {
            let asked = output.take().map(|(_, output)| output.asked).unwrap_or_default();
            let mut steps = StepsToWatcher {
                pass: &pass,
                passes: &*self.passes,
                mode: self.context.options.preview,
                colours: self.context.colours().map(Arc::new),
                watcher: &mut *watcher,
            };
            let mut taken = self.run(&pass, index, &asked).sample(pass.shape, &mut steps)?;
            taken.asked.splice(0..0, asked);
            if pass.is_kept {
                kept = Some((pass.table, taken.clone()));
            }
            output = Some((pass.number, taken));
        }
        let (Some((_, output)), Some((table, kept)), false) = (output, kept, self.context.control.is_cancelled())
        else {
            return Err(SampleError::Cancelled.into());
        };
        let (request, trajectory) = self.keep(index, &table, kept)?;

        watcher.phase(Phase::Decoding);
        let pictures = self.passes.decode(&output.latents)?;
        let frames = pictures.len();
        let finished = pictures.into_iter().enumerate().map(|(frame, (picture, decoder))| {
            if let Some(probe) = self.context.probe {
                probe.decoded(&picture);
            }
            let secs = began.elapsed().as_secs_f64();
            Ok(GeneratedImage {
                pixels: Arc::new(self.passes.finish(rgb_from_picture(&picture)?)),
                trajectory: match frames {
                    1 => Arc::clone(&trajectory),
                    _ => Arc::new(trajectory_of_frame(&trajectory, frame, frames)),
                },
                record: Record {
                    decoder: decoder.to_owned(),
                    batch_index: index * frames as u32 + frame as u32,
                    ..self.context.record(index, secs, request.clone())
                },
            })
        });
        finished.collect()
    }

    /// One pass as a run of the denoise loop.
    ///
    /// * `asked`: what was asked for in the passes before.
    fn run<'p>(&'p self, pass: &'p SamplingPass<'_>, index: u32, asked: &[Change]) -> Run<'p> {
        let JobContext {
            request,
            probe,
            control,
            ..
        } = self.context;
        let variation = request.variation.map(|variation| {
            let seed = variation.seed.wrapping_add(u64::from(index));
            (stream_seed(seed, pass.stream), variation.strength)
        });
        let options = Options {
            eta: request.eta,
            ..Options::default()
        };
        Run {
            denoiser: &*pass.denoiser,
            guidance: pass.guidance.clone().unwrap_or_else(|| self.context.guidance()),
            sampler: pass.sampler,
            options: probe.map_or(options, |probe| probe.options(options)),
            table: &pass.table,
            start: pass.start.clone(),
            inpaint: pass.inpaint.clone(),
            noise: Noise {
                seed: stream_seed(self.context.seed(index), pass.stream),
                source: request.noise_source,
                variation,
            },
            plan: if pass.is_kept {
                self.context.plan(index, pass.base, asked)
            } else {
                RunPlan::default()
            },
            control,
            probe,
        }
    }

    /// A finished pass as it is kept: the request with what was asked for on the way, and the trajectory.
    fn keep(
        &self,
        index: u32,
        table: &SigmaTable,
        output: RunOutput,
    ) -> Result<(GenerateRequest, Arc<Trajectory>), PipelineError> {
        let mut request = self.context.request.clone();
        request.changes.extend(output.asked);
        request.changes.sort_by_key(|change| change.step);
        request.stop_after = output.ended_after.map(|steps| steps as u32).or(request.stop_after);
        let trajectory = Trajectory {
            seed: self.context.seed(index),
            sigmas: table.sigmas().to_vec(),
            timesteps: table.timesteps().to_vec(),
            steps: output.steps,
            final_latents: plane(&output.latents)?,
            tokens: output.tokens,
            colours: self.context.colours(),
        };
        Ok((request, Arc::new(trajectory)))
    }
}

/// Shows the steps of a run to a watcher.
struct StepsToWatcher<'a> {
    pass: &'a SamplingPass<'a>,
    passes: &'a dyn Passes,
    mode: PreviewMode,
    colours: Option<Arc<LatentColours>>,
    watcher: &'a mut dyn Watcher,
}

impl Observer for StepsToWatcher<'_> {
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError> {
        let decoding = Instant::now();
        let picture = match self.mode {
            PreviewMode::Off => None,
            mode => self.passes.preview(self.pass.number, observed.x0, mode)?,
        };
        let SamplingPass {
            base,
            start,
            offset,
            total,
            ..
        } = self.pass;
        self.watcher.step(ShownStep {
            record: observed.record,
            index: offset + observed.record.index.saturating_sub(base + start.first()),
            total: *total,
            elapsed_secs: observed.elapsed_secs,
            step_secs: observed.record.secs + decoding.elapsed().as_secs_f64(),
            preview: picture.as_ref().map(rgb_from_picture).transpose()?,
            tokens: observed.tokens,
            colours: self.colours.as_ref(),
        });
        Ok(())
    }

    fn steered(&mut self, what: Steered<'_>) {
        self.watcher.steered(what);
    }
}
