//! The inference thread: works off commands one by one, keeps the loaded model between them, survives panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::events::{EngineGone, EventSender};
use super::handle::{Command, DeviceChoice, EngineOptions};
use crate::job::{
    Event, GenerateRequest, JobControl, JobError, JobErrorKind, JobId, JobOptions, ModelRef, Phase, Precision,
    StepEvent,
};
use crate::pipelines::families::LoadedModel;
use crate::pipelines::{self, AnyJob, Device, Extras, PipelineError, ShownStep, Watcher};

/// Why a job did not finish.
enum Unfinished {
    Pipeline(PipelineError),
    Gone(EngineGone),
}

impl From<PipelineError> for Unfinished {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(error)
    }
}

impl From<EngineGone> for Unfinished {
    fn from(gone: EngineGone) -> Self {
        Self::Gone(gone)
    }
}

/// Works off commands until the handle is dropped. `on_end` is called when a job has ended, before its last event.
pub(super) fn run(options: &EngineOptions, commands: &Receiver<Command>, events: &EventSender, on_end: impl Fn(JobId)) {
    if let Some(file) = &options.hash_cache {
        pipelines::keep_hashes_in(file.clone());
    }
    let mut worker = Worker {
        device: choose_device(options.device),
        model: Kept::default(),
        refiner: Kept::default(),
        extras: Extras::default(),
    };
    for command in commands {
        let told = match command {
            Command::Generate {
                job,
                request,
                options,
                control,
                after: _,
            } => {
                let last = worker.job(job, &request, options, &control, events);
                on_end(job);
                last.and_then(|event| events.lifecycle(event))
            }
            Command::Decode(_) => Ok(()),
            Command::DescribeDevice => {
                let info = Arc::new(pipelines::describe_device(&worker.device));
                events.lifecycle(Event::DeviceDescribed { info })
            }
            Command::Describe(model) => events.lifecycle(answer(model, pipelines::describe)),
            Command::Preload(model, precision) => events.lifecycle(answer(model, |model| {
                let device = &worker.device;
                let loaded = worker.model.load_or_reuse(model, device, precision, &mut |_| ())?;
                Ok(loaded.info().clone())
            })),
        };
        if told.is_err() {
            return;
        }
        if commands.is_empty() {
            crate::ALLOCATOR.trim(); // whoever waits needs no memory to work with
        }
    }
}

struct Worker {
    device: Device,
    model: Kept,
    refiner: Kept,
    extras: Extras,
}

/// The networks used last, in the precision they were last used in.
#[derive(Default)]
struct Kept(Option<LoadedModel>);

impl Kept {
    /// Whether these networks are at hand; `precision` is not [`Precision::Auto`].
    fn has(&self, wanted: &ModelRef, precision: Precision) -> bool {
        let loaded = self.0.as_ref();
        loaded.is_some_and(|loaded| loaded.info().model == *wanted && loaded.precision() == precision)
    }

    /// The model's networks; read from its files unless they are the ones at hand.
    fn load_or_reuse(
        &mut self,
        wanted: &ModelRef,
        device: &Device,
        precision: Precision,
        progress: &mut dyn FnMut(f32),
    ) -> Result<&mut LoadedModel, PipelineError> {
        let precision = pipelines::resolve_precision(precision, device)?;
        if !self.has(wanted, precision) {
            self.0 = None; // frees the old weights before the new ones are read
        }
        let loaded = match self.0.take() {
            Some(loaded) => loaded,
            None => pipelines::load_any(wanted, device, precision, progress)?,
        };
        Ok(self.0.insert(loaded))
    }

    /// The same, telling how far it is.
    fn load(
        &mut self,
        wanted: &ModelRef,
        device: &Device,
        precision: Precision,
        phase: &impl Fn(Phase, Option<f32>) -> Result<(), EngineGone>,
    ) -> Result<&mut LoadedModel, Unfinished> {
        if !self.has(wanted, precision) {
            phase(Phase::LoadingModel, None)?;
        }
        let loaded = self.load_or_reuse(wanted, device, precision, &mut |fraction| {
            phase(Phase::LoadingModel, Some(fraction)).ok();
        })?;
        Ok(loaded)
    }
}

impl Worker {
    /// Runs one job and gives the event it ends with.
    fn job(
        &mut self,
        job: JobId,
        request: &GenerateRequest,
        options: JobOptions,
        control: &JobControl,
        events: &EventSender,
    ) -> Result<Event, EngineGone> {
        if control.is_cancelled() {
            return Ok(Event::Cancelled { job });
        }
        events.lifecycle(Event::Started { job })?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.pictures(job, request, options, control, events)
        }));
        Ok(match outcome {
            Ok(Ok(())) => Event::Finished { job },
            Ok(Err(Unfinished::Gone(gone))) => return Err(gone),
            Ok(Err(Unfinished::Pipeline(error))) if error.is_cancelled() => Event::Cancelled { job },
            Ok(Err(Unfinished::Pipeline(error))) => Event::Failed {
                job,
                error: Arc::new(JobError::from(&error)),
            },
            Err(payload) => {
                (self.model, self.refiner) = (Kept::default(), Kept::default()); // whatever the panic interrupted is not to be trusted
                Event::Failed {
                    job,
                    error: Arc::new(panic_error(payload.as_ref())),
                }
            }
        })
    }

    fn pictures(
        &mut self,
        job: JobId,
        request: &GenerateRequest,
        options: JobOptions,
        control: &JobControl,
        events: &EventSender,
    ) -> Result<(), Unfinished> {
        let phase = |phase, fraction| events.lifecycle(Event::Phase { job, phase, fraction });
        let precision = pipelines::resolve_precision(options.precision, &self.device)?;
        let device = &self.device;
        let refiner = if let Some(refiner) = &request.refiner {
            Some(&*self.refiner.load(&refiner.model, device, precision, &phase)?)
        } else {
            self.refiner = Kept::default(); // a picture that takes one model needs no memory for two
            None
        };
        let model = self.model.load(&request.model, device, precision, &phase)?;
        phase(Phase::EncodingPrompt, None)?;
        model.set_vae_tiles(options.vae_tiles);
        model.set_adapters(&request.loras, &request.embeddings)?;
        model.set_vae(request.vae.as_deref())?;
        self.extras.gather_for(request, model)?;
        let maker = AnyJob {
            model,
            refiner,
            extras: &self.extras,
            request,
            options,
            control,
        }
        .prepare()?;
        for index in 0..request.batch_count {
            let mut watcher = JobWatcher {
                job,
                index,
                keep_every_step: options.keep_every_step,
                events,
            };
            for image in maker.make(index, &mut watcher)? {
                events.lifecycle(Event::Image {
                    job,
                    image: Arc::new(image),
                })?;
            }
        }
        Ok(())
    }
}

/// Turns what the pipeline reports into events.
struct JobWatcher<'a> {
    job: JobId,
    index: u32,
    keep_every_step: bool,
    events: &'a EventSender,
}

impl Watcher for JobWatcher<'_> {
    fn phase(&mut self, phase: Phase) {
        // If nobody listens any more, the next life-cycle event of the job ends the worker.
        self.events
            .lifecycle(Event::Phase {
                job: self.job,
                phase,
                fraction: None,
            })
            .ok();
    }

    fn step(&mut self, step: ShownStep<'_>) {
        let ShownStep {
            record,
            index,
            total,
            elapsed_secs,
            step_secs,
            preview,
        } = step;
        let event = StepEvent {
            job: self.job,
            image_index: self.index,
            step: index as u32 + 1,
            total: total as u32,
            sigma: record.sigma,
            timestep: record.timestep,
            elapsed_secs,
            step_secs,
            preview: preview.map(Arc::new),
            record: Arc::new(record.clone()),
            tokens: Arc::new([]),
            colours: None,
        };
        self.events.step(event, self.keep_every_step);
    }
}

/// The event that answers a question about a model; a panic is an answer too.
fn answer(model: ModelRef, ask: impl FnOnce(&ModelRef) -> Result<crate::job::ModelInfo, PipelineError>) -> Event {
    match catch_unwind(AssertUnwindSafe(|| ask(&model))) {
        Ok(Ok(info)) => Event::ModelDescribed { info: Arc::new(info) },
        Ok(Err(error)) => Event::ModelRefused {
            model,
            error: Arc::new(JobError::from(&error)),
        },
        Err(payload) => Event::ModelRefused {
            model,
            error: Arc::new(panic_error(payload.as_ref())),
        },
    }
}

fn panic_error(payload: &(dyn Any + Send)) -> JobError {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    let message = format!("the engine stumbled: {}", text.unwrap_or("no message"));
    JobError {
        kind: JobErrorKind::Internal,
        message: message.replace('\n', " "),
    }
}

fn choose_device(choice: DeviceChoice) -> Device {
    match choice {
        DeviceChoice::Cpu => Device::Cpu,
        DeviceChoice::Auto => {
            let gpu = if cfg!(feature = "metal") {
                Device::new_metal(0)
            } else {
                Device::cuda_if_available(0)
            };
            gpu.unwrap_or_else(|error| {
                tracing::warn!("no GPU, so the processor computes: {error}");
                Device::Cpu
            })
        }
    }
}
