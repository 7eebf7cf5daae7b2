//! The inference thread: works off commands one by one, keeps the loaded model between them, survives panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, select};

use super::command::{Command, DeviceChoice, EngineOptions, QueuedJob};
use super::decode_queue::DecodeQueue;
use super::events::{EngineGone, EventSender};
use super::prompt_names::PromptNames;
use crate::job::{
    DecodeRequest, ErrorCode, Event, JobError, JobErrorKind, JobId, ModelRef, Phase, Precision, StepEvent,
};
use crate::pipelines::{
    self, AuxModels, Device, JobContext, Model, PipelineError, ResumeFrom, ShownStep, Steered, Watcher,
};

/// Why a job did not finish.
enum JobFailure {
    Pipeline(PipelineError),
    Gone(EngineGone),
}

impl From<PipelineError> for JobFailure {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(error)
    }
}

impl From<EngineGone> for JobFailure {
    fn from(gone: EngineGone) -> Self {
        Self::Gone(gone)
    }
}

/// Works off commands until the handle is dropped. `on_end` is called when a job has ended, before its last event.
pub(super) fn run(
    options: &EngineOptions,
    (commands, decodes): (&Receiver<Command>, &DecodeQueue),
    events: &EventSender,
    on_end: impl Fn(JobId),
) {
    if let Some(file) = &options.hash_cache {
        pipelines::keep_hashes_in(file.clone());
    }
    let mut worker = Worker {
        device: choose_device(options.device),
        model: ModelCache::default(),
        refiner: ModelCache::default(),
        aux: AuxModels::default(),
        names: PromptNames::new(options.model_folders.clone()),
    };
    loop {
        let sent = select! {
            recv(commands) -> command => match command {
                Ok(command) => worker.carry_out(command, decodes, events, &on_end),
                Err(_closed) => return,
            },
            recv(decodes.added()) -> _ => worker.answer_decodes(decodes, events),
        };
        if sent.is_err() {
            return;
        }
        if commands.is_empty() {
            crate::ALLOCATOR.trim(); // whoever waits needs no memory to work with
        }
    }
}

struct Worker {
    device: Device,
    model: ModelCache,
    refiner: ModelCache,
    aux: AuxModels,
    names: PromptNames,
}

/// The networks used last, in the precision they were last used in.
#[derive(Default)]
struct ModelCache(Option<Box<dyn Model>>);

impl ModelCache {
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
    ) -> Result<&mut dyn Model, PipelineError> {
        let precision = pipelines::resolve_precision(precision, device)?;
        if !self.has(wanted, precision) {
            self.0 = None; // frees the old weights before the new ones are read
        }
        let loaded = match self.0.take() {
            Some(loaded) => loaded,
            None => pipelines::load_any(wanted, device, precision, progress)?,
        };
        Ok(&mut **self.0.insert(loaded))
    }

    /// The same, telling how far it is.
    fn load(
        &mut self,
        wanted: &ModelRef,
        device: &Device,
        precision: Precision,
        phase: &impl Fn(Phase, Option<f32>) -> Result<(), EngineGone>,
    ) -> Result<&mut dyn Model, JobFailure> {
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
    fn carry_out(
        &mut self,
        command: Command,
        decodes: &DecodeQueue,
        events: &EventSender,
        on_end: &impl Fn(JobId),
    ) -> Result<(), EngineGone> {
        match command {
            Command::Generate(job) => {
                let last = self.job(&job, decodes, events);
                on_end(job.id);
                last.and_then(|event| events.lifecycle(event))
            }
            Command::DescribeDevice => {
                let info = Arc::new(pipelines::describe_device(&self.device));
                events.lifecycle(Event::DeviceDescribed { info })
            }
            Command::Describe(model) => events.lifecycle(answer(model, pipelines::describe)),
            Command::Preload(model, precision) => events.lifecycle(answer(model, |model| {
                let loaded = self.model.load_or_reuse(model, &self.device, precision, &mut |_| ())?;
                Ok(loaded.info().clone())
            })),
        }
    }

    fn answer_decodes(&mut self, decodes: &DecodeQueue, events: &EventSender) -> Result<(), EngineGone> {
        while let Some(request) = decodes.pop() {
            events.lifecycle(self.decode(request))?;
        }
        Ok(())
    }

    /// Answers a request for the picture of latents.
    fn decode(&mut self, request: DecodeRequest) -> Event {
        let ticket = request.ticket;
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let model = self
                .model
                .load_or_reuse(&request.model, &self.device, request.precision, &mut |_| ())?;
            model.set_vae(request.vae.as_deref())?;
            Ok::<_, PipelineError>(decoded(model, request))
        }));
        let error = match answer {
            Ok(Ok(event)) => return event,
            Ok(Err(error)) => JobError::from(&error),
            Err(payload) => {
                self.model = ModelCache::default();
                panic_error(payload.as_ref())
            }
        };
        Event::Decoded {
            ticket,
            picture: Err(Arc::new(error)),
        }
    }

    /// Runs one job and gives the event it ends with.
    fn job(&mut self, queued: &QueuedJob, decodes: &DecodeQueue, events: &EventSender) -> Result<Event, EngineGone> {
        let job = queued.id;
        if queued.control.is_cancelled() {
            return Ok(Event::Cancelled { job });
        }
        events.lifecycle(Event::Started { job })?;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.pictures(queued, decodes, events)));
        Ok(match outcome {
            Ok(Ok(())) => Event::Finished { job },
            Ok(Err(JobFailure::Gone(gone))) => return Err(gone),
            Ok(Err(JobFailure::Pipeline(error))) if error.is_cancelled() => Event::Cancelled { job },
            Ok(Err(JobFailure::Pipeline(error))) => Event::Failed {
                job,
                error: Arc::new(JobError::from(&error)),
            },
            Err(payload) => {
                (self.model, self.refiner) = (ModelCache::default(), ModelCache::default()); // whatever the panic interrupted is not to be trusted
                Event::Failed {
                    job,
                    error: Arc::new(panic_error(payload.as_ref())),
                }
            }
        })
    }

    fn pictures(&mut self, queued: &QueuedJob, decodes: &DecodeQueue, events: &EventSender) -> Result<(), JobFailure> {
        let QueuedJob {
            id,
            request,
            options,
            control,
            resume_from,
        } = queued;
        let (job, options) = (*id, *options);
        let phase = |phase, fraction| events.lifecycle(Event::Phase { job, phase, fraction });
        let precision = pipelines::resolve_precision(options.precision, &self.device)?;
        let device = &self.device;
        self.aux.gather_upscaler(request, device, precision)?;
        let upscaling = |fraction| {
            phase(Phase::Upscaling, Some(fraction)).ok(); // as in a watcher
        };
        if let Some((upscale, picture)) = request.upscale.as_ref().and_then(|u| Some((u, u.picture.as_ref()?))) {
            let upscaler = self.aux.upscaler(&upscale.model)?;
            upscaling(0.0);
            let image = upscaler.enlarge_picture(request, upscale, picture, control, &mut |at| upscaling(at))?;
            return Ok(events.lifecycle(Event::Image {
                job,
                image: Arc::new(image),
            })?);
        }
        let refiner = if let Some(refiner) = &request.refiner {
            Some(&*self.refiner.load(&refiner.model, device, precision, &phase)?)
        } else {
            self.refiner = ModelCache::default(); // a picture that takes one model needs no memory for two
            None
        };
        let model = self.model.load(&request.model, device, precision, &phase)?;
        phase(Phase::EncodingPrompt, None)?;
        model.set_vae_tiles(options.vae_tiles);
        model.set_vae(request.vae.as_deref())?;
        if let Some((kept, step)) = resume_from {
            // The hash is known by now or soon; a branch is worth waiting for it.
            let drawn = self.names.resolved(request, 0)?;
            let why = kept.why_inexact(&drawn, *step, model.hash(), precision.id());
            if let Some(why) = why {
                let why = Arc::new(why);
                events.lifecycle(Event::Inexact { job, why })?;
            }
        }
        let resume_from = resume_from.as_ref().map(|(kept, step)| ResumeFrom {
            run_id: &kept.record.run_id,
            trajectory: &kept.trajectory,
            step: *step,
        });
        let mut index = 0;
        while index < request.batch_count {
            let drawn = self.names.resolved(request, index)?;
            let now = self.names.lay_over(drawn.clone(), model)?;
            self.aux.gather(&now, model)?;
            let prepared = JobContext {
                model: &*model,
                resume_from,
                refiner,
                aux: &self.aux,
                request: &now,
                options,
                control,
                probe: None,
            }
            .prepare()?;
            // Pictures that draw the same share what is prepared.
            while index < request.batch_count && self.names.resolved(request, index)? == drawn {
                let mut watcher = JobWatcher {
                    job: queued,
                    decodes,
                    model: &*model,
                    index,
                    events,
                };
                for mut image in prepared.pictures(index, &mut watcher)? {
                    if let (Some(upscale), None) = (&request.upscale, &request.hires) {
                        let upscaler = self.aux.upscaler(&upscale.model)?;
                        upscaling(0.0);
                        let mut progress = |at| upscaling(at);
                        let small = Arc::unwrap_or_clone(image.pixels);
                        image.pixels = Arc::new(upscaler.enlarge_for(upscale, small, control, &mut progress)?);
                    }
                    events.lifecycle(Event::Image {
                        job,
                        image: Arc::new(image),
                    })?;
                }
                index += 1;
            }
        }
        Ok(())
    }
}

/// The picture of latents, or why there is none; a panic is an answer too.
fn decoded(model: &dyn Model, request: DecodeRequest) -> Event {
    let DecodeRequest {
        ticket,
        mode,
        tiling,
        latents,
        ..
    } = request;
    let picture = match catch_unwind(AssertUnwindSafe(|| {
        pipelines::decode_latents(model, &latents, mode, tiling)
    })) {
        Ok(Ok(picture)) => Ok(Arc::new(picture)),
        Ok(Err(error)) => Err(Arc::new(JobError::from(&error))),
        Err(payload) => Err(Arc::new(panic_error(payload.as_ref()))),
    };
    Event::Decoded { ticket, picture }
}

/// Turns what the pipeline reports into events.
struct JobWatcher<'a> {
    job: &'a QueuedJob,
    decodes: &'a DecodeQueue,
    model: &'a dyn Model,
    index: u32,
    events: &'a EventSender,
}

impl Watcher for JobWatcher<'_> {
    fn phase(&mut self, phase: Phase) {
        // If nobody listens any more, the next life-cycle event of the job ends the worker.
        self.events
            .lifecycle(Event::Phase {
                job: self.job.id,
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
            tokens,
            colours,
        } = step;
        let event = StepEvent {
            job: self.job.id,
            image_index: self.index,
            step: index as u32 + 1,
            total: total as u32,
            sigma: record.sigma,
            timestep: record.timestep,
            elapsed_secs,
            step_secs,
            preview: preview.map(Arc::new),
            record: Arc::clone(record),
            tokens: tokens.into(),
            colours: colours.map(Arc::clone),
        };
        self.events.step(event, self.job.options.keep_every_step);
        self.answer_decodes();
    }

    fn steered(&mut self, what: Steered<'_>) {
        let job = self.job.id;
        let event = match what {
            Steered::Waiting(step) => {
                self.answer_decodes();
                Event::Paused { job, step: step as u32 }
            }
            Steered::GoingOn => Event::Resumed { job },
            Steered::Changed(change) => Event::Changed {
                job,
                change: Arc::new(change.clone()),
            },
            Steered::Refused(error) => Event::ChangeRefused {
                job,
                error: Arc::new(JobError::from(error)),
            },
            Steered::WentBack(step) => Event::WentBack { job, step: step as u32 },
        };
        self.events.lifecycle(event).ok(); // as above
    }
}

impl JobWatcher<'_> {
    /// Between two steps, latents are shown that someone waits for and this job's model can decode.
    fn answer_decodes(&self) {
        let own = &self.job.request;
        let is_ours = |request: &DecodeRequest| request.model == own.model && request.vae == own.vae;
        while let Some(request) = self.decodes.pop_if(is_ours) {
            self.events.lifecycle(decoded(self.model, request)).ok();
        }
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
    JobError::new(JobErrorKind::Internal, message.replace('\n', " ")).with_code(ErrorCode::new("error-panic"))
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
