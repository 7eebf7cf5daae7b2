//! Hareru (晴れる: the mist clears): an image studio in which the denoising process is not a progress bar but an
//! object: live, kept, and open to be looked at step by step.
//!
//! # The house
//!
//! One package, a library and a thin binary. Its modules are rooms; a room imports only rooms above it in this table,
//! and only those named. `tests/architecture.rs` holds every file to it; it also holds that a public type's name stands in one
//! room alone, that no two files import each other, and which parts of `ui` may import which.
//!
//! | room | what lives there | may import | owns |
//! |---|---|---|---|
//! | [`config`] | settings, folders, logging | – | directories, regex, signal-hook |
//! | [`prompt`] | what people write into prompts: emphasis, schedules, choices; plain data | – | – |
//! | [`job`] | plain data that crosses threads or is saved | prompt | – |
//! | [`picture`] | picture files as pixels: formats, colour profiles, transparency, orientation, limits | config, job | image, moxcms |
//! | [`diffusion`] | schedules, samplers, guidance, noise, trajectories | job | |
//! | [`kernels`] | the heavy tensor operations behind one plain signature each, for every kind of processor; the allocator; which precisions they serve, on how many threads | – | |
//! | [`models`] | CLIP, U-Net, VAE, tiny autoencoder; changes of their weights | kernels | |
//! | [`formats`] | weight files as bytes: headers, kinds, hashes, each program's names for the same tensors; no tensor library | config | safetensors |
//! | [`weights`] | model folders and files → tensors and networks; adapters and embeddings by the layers they mean | formats, models | |
//! | [`hub`] | models in and on disk: what is installed, what is fetched | config, formats, job | hf-hub, ureq, url, image, base64, rustix, same-file, trash |
//! | [`gallery`] | pictures with their records and trajectories, on disk; the index that finds them | config, job, picture, prompt | image, png, rusqlite, notify, safetensors, trash |
//! | [`conditioning`] | texts → token ids → embeddings, pictures → tensors → latents: what networks are conditioned on | diffusion, job, models, picture, prompt, weights | tokenizers |
//! | [`pipelines`] | conditioning → denoise → pixels; model families | conditioning, diffusion, formats, job, kernels, models, prompt, weights | |
//! | [`engine`] | the inference thread and its handle; how many threads compute; what prompts name | config, hub, job, kernels, pipelines, prompt | crossbeam-channel |
//! | [`unfold`] | what is seen in a kept run: views, numbers, sheets and films of it | config, job | image, png, skrifa, epaint and `egui_system_font_provider` (fonts alone) |
//! | [`render`] | what wgpu draws inside egui | job, unfold | wgpu |
//! | [`ui`] | the window and, in `ui/pages`, its pages | config, engine, gallery, hub, job, prompt, render, unfold | egui, eframe, `egui_plot`, rfd, arboard, opener |
//! | [`cli`] | the command line | config, engine, gallery, hub, job, prompt, unfold | clap |
//!
//! # What always holds
//!
//! * **A tensor never crosses a thread** and never reaches `ui`, `gallery` or `job`. What crosses is plain data and
//!   `Arc`ed pixels.
//! * **The window never waits**: no `recv`, no file or network call, no blocking dialog on the frame; draining events
//!   has a time budget.
//! * **A trajectory is the sampler's whole state**: multistep samplers read the past from it and noise is a function
//!   of (seed, step), so resuming or branching at step k is exact by construction.
//! * **There is exactly one denoise loop**, `pipelines/denoise.rs`. Image to image, inpainting, controls, a refiner are data
//!   that it is given ([`pipelines::denoiser`]), not copies of it.
//! * **No file is believed and none is run**: pickles are read as data, sizes and offsets are checked before anything is allocated.
//! * **What a picture's record names is not opened** unless it lies in the folders of the user's models and pictures
//!   ([`config::KnownFolders`]), or the user says so.
//! * **Samplers see x₀ and σ only.** ε, v, betas and timesteps end at `diffusion/forward_process.rs` and
//!   `diffusion/schedule/`.
//! * **"Guidance scale" means `uncond + s·(cond − uncond)`** everywhere.
//! * **Same request, same seed: same noise** on every device; it is made by `diffusion/noise.rs`, never by the device.
//! * **Networks never know where weights came from, nor that LoRA exists**: that is the business of the builder they are made with, see
//!   `models/lora`.
//! * **No network names a processor**: which instructions are used is `kernels/cpu/path.rs`'s business, found when the
//!   program runs. `unsafe` lives there and nowhere else, but for mapping weight files.
//! * **The same kernel on as many threads gives the same bits**: every number is summed in a fixed order.
//! * **Latents, samplers and pictures are f32**, whatever the networks compute in; a family converts at its door.
//! * **Steps may be dropped on the way to the window; life-cycle events may not.** Every job ends with exactly one of
//!   Finished, Cancelled, Failed.
//! * **User input cannot panic the inference thread**; should a bug do so, the job fails and the next one runs.
//!
//! # How a picture comes to be
//!
//! ```text
//!  window                                 inference thread                       gallery saver thread
//!  ──────                                 ────────────────                       ────────────────────
//!  panels edit the Draft in place
//!  Generate → Draft::to_request()
//!  EngineHandle::submit(request) ───────▶ load or reuse the model    Event::Phase
//!                                         encode the prompts
//!                                         Run::sample: the denoise loop
//!                                           each step: x₀ → preview ─ Event::Step (droppable)
//!                                         before each step JobControl: cancel, pause, change, back, end
//!                                         decode ──────────────────── Event::Image
//!  App::logic drains for ≤ 5 ms ◀─────────                            Event::Finished | Cancelled | Failed
//!  (not more often than `ui/throttle.rs` allows: the frame and the networks may share the cores)
//!  AppState::apply(event), then Page::take_event of each page
//!    Image → gallery::Writer ──────────────────────────────────────────────────▶ PNG + record + trajectory
//!    recent pictures ◀──────────────────────────────────────────────────────────  Saved
//!  App::ui draws the page that is shown: its own state and AppState
//! ```
//!
//! # How a run is changed on its way
//!
//! A [`job::Change`] belongs to a step, and the request lists them. Whoever steers a run adds one before its next step
//! ([`job::JobControl`] → `pipelines/run_context.rs`), a branch is its parent's request with one more
//! ([`job::GenerateRequest::branched`]), a prompt switch is one, a cell of a sweep may have one. So each of them is made again
//! from its request alone; a [`job::KeptRun`] only saves the steps that two requests
//! [share](job::GenerateRequest::shared_steps). What [`unfold`] shows is computed from the kept steps, without a network.
//!
//! # How pictures are found again
//!
//! The files are the truth: a picture with its record inside, its run and its user metadata (XMP) beside it. The
//! [`gallery::IndexService`]'s thread watches them and keeps an index in `SQLite`, [`gallery::index`], which may be deleted at any
//! time; it answers the requests of the window, searches in the language of [`gallery::query`] among them. A record of another
//! program becomes one of ours on the way in (`gallery/foreign`), so nothing else knows of their formats.
//!
//! # Adding to it
//!
//! * **A sampler**: one file in `diffusion/samplers/`, two lines in its `mod.rs`. Window, command line, records and
//!   `tests/sampler_contract.rs` iterate [`diffusion::samplers::SAMPLERS`].
//! * **A schedule**: the same in `diffusion/schedule/`, [`diffusion::schedule::SCHEDULES`].
//! * **A preprocessor** for control images: the same in `pipelines/preprocess/`,
//!   [`pipelines::preprocess::PREPROCESSORS`].
//! * **A model family**: one file in `pipelines/families/` with its [`pipelines::model::Family`] (classes, supported parts
//!   of a request) and its [`pipelines::Model`], one line in [`pipelines::families::FAMILIES`]; its networks, if new, in
//!   `models/`.
//! * **A panel**: one file in the folder of its page and a line in its `mod.rs`; **a page**: one folder in `ui/pages/` with a
//!   struct that implements `Page` and keeps what the page knows, its `PageId` and its place in `Pages` in `ui/pages/mod.rs`,
//!   its name and tooltip among the texts.
//! * **A command of the window**: a variant in `ui/commands/`, its row in `ui/commands/table.rs` (name, keys, page, when it can
//!   act), what it does in the `actions` of its page, its name and tooltip among the texts.
//! * **Another program's records**: one file in `gallery/foreign/`.
//! * **An error that reaches the window**: a [`job::ErrorCode`] where it is made into a [`job::JobError`], and its text in
//!   `assets/i18n/*/errors.ftl`, in every language; a test looks for both.
//! * **A shader**: one file in `shaders/`, one `include_str!` in `render/shaders.rs`; validated by test by itself.

/// Layers ask for the same large blocks again and again, see [`kernels::Arena`].
#[global_allocator]
pub static ALLOCATOR: kernels::Arena = kernels::Arena::new();

/// Locks a mutex, whatever panicked while it was held: what these mutexes guard is whole between any two operations, so a
/// poisoned one is used as it is.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub mod cli;
pub mod conditioning;
pub mod config;
pub mod diffusion;
pub mod engine;
pub mod formats;
pub mod gallery;
pub mod hub;
pub mod job;
pub mod kernels;
pub mod models;
pub mod picture;
pub mod pipelines;
pub mod prompt;
pub mod render;
pub mod ui;
pub mod unfold;
pub mod weights;
