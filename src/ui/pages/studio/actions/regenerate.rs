//! Pictures made of pictures that are there.

use std::path::{Path, PathBuf};

use super::{form, jobs, named_files, sweep};
use crate::job::{GenerateRequest, Sweep, Upscale};
use crate::ui::commands::{PageId, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::regenerate::{self, Regenerate, RegenerateCommand};
use crate::ui::model::state::file_name;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::form::draft::Draft;
use crate::ui::services::Services;

/// What waits for a picture's record to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum Waiting {
    /// To be made again.
    Regenerate(Regenerate),
    /// To be enlarged by this network.
    Enlarge(PathBuf),
}

/// Does what was asked for; what needs a record that is not at hand has it read first.
pub(super) fn carry_out(page: &mut StudioPage, ctx: &mut PageContext<'_>, command: RegenerateCommand) {
    match command {
        RegenerateCommand::Picture(path, again) => wait_for(page, ctx, path, Waiting::Regenerate(again)),
        RegenerateCommand::Cell(cell, again) => {
            let cell = ctx
                .state
                .sweeping
                .as_ref()
                .and_then(|sweeping| sweeping.cells.get(cell));
            if let Some(request) = cell.map(|cell| (*cell.request).clone()) {
                make(page, ctx, request, again);
            }
        }
        RegenerateCommand::Four => {
            if !page.draft.is_seed_locked {
                page.draft.roll_seed();
            }
            match page.draft.to_request() {
                Ok(request) => choose_from(page, ctx, regenerate::four(request)),
                Err(problem) => ctx.state.notices.notify(Level::Error, problem.text()),
            }
        }
        RegenerateCommand::Enlarge(path) => match ctx.services.settings.upscaler.clone() {
            Some(network) => enlarge_by(ctx.services, network, path),
            None => ask_for_network(ctx.services, path),
        },
        RegenerateCommand::ChooseNetwork(path) => ask_for_network(ctx.services, path),
    }
}

fn wait_for(page: &mut StudioPage, ctx: &PageContext<'_>, path: PathBuf, waiting: Waiting) {
    if let Some(pictures) = &ctx.services.pictures {
        pictures.open(path.clone());
        page.regenerating = Some((path, waiting));
    }
}

/// Enlarges a picture by the network that was chosen last, or asks for another if that file is gone.
fn enlarge_by(services: &Services, network: PathBuf, picture: PathBuf) {
    services.run(move || {
        if network.is_file() {
            UiCommand::UseUpscaler(network, picture)
        } else {
            UiCommand::Regenerate(RegenerateCommand::ChooseNetwork(picture))
        }
    });
}

fn ask_for_network(services: &Services, picture: PathBuf) {
    services.pick_model("dialog-upscaler", |network| UiCommand::UseUpscaler(network, picture));
}

/// Remembers a network that enlarges pictures, and enlarges one with it.
pub(super) fn use_upscaler(page: &mut StudioPage, ctx: &mut PageContext<'_>, network: PathBuf, picture: PathBuf) {
    ctx.state.strangers.accept(&network);
    ctx.state.strangers.accept(&picture);
    if ctx.services.settings.upscaler.as_ref() != Some(&network) {
        ctx.services
            .change_settings(|settings| settings.upscaler = Some(network.clone()));
    }
    wait_for(page, ctx, picture, Waiting::Enlarge(network));
}

/// Goes on if this picture was read for that.
pub(in crate::ui) fn go_on_if_wanted(page: &mut StudioPage, ctx: &mut PageContext<'_>, path: &Path) {
    let Some((_, waiting)) = page.regenerating.take_if(|(wanted, _)| wanted == path) else {
        return;
    };
    let opened = page.state.opened.as_ref().filter(|opened| opened.path == path);
    let record = opened.and_then(|opened| opened.record.clone());
    match (waiting, record) {
        (Waiting::Regenerate(again), Some(record)) => make(page, ctx, record.request.clone(), again),
        (Waiting::Regenerate(_), None) => {
            let file = [("file", file_name(path))];
            let text = Text::new("notice-no-settings", file);
            ctx.state.notices.notify(Level::Info, text);
        }
        (Waiting::Enlarge(model), record) => {
            let known = record.map_or_else(GenerateRequest::unsaid, |record| record.request.clone());
            let request = GenerateRequest {
                hires: None,
                batch_count: 1,
                upscale: Some(Upscale {
                    model,
                    scale: None,
                    picture: Some(path.to_owned()),
                }),
                ..known
            };
            submit(page, ctx, request);
        }
    }
}

fn make(page: &mut StudioPage, ctx: &mut PageContext<'_>, request: GenerateRequest, again: Regenerate) {
    let request = request.of_making().completed_by(&page.draft.request);
    ctx.services.note_strangers(ctx.state, &request);
    // What must be asked first is asked at the form.
    let is_held = named_files::is_held(ctx, &request);
    let again = if is_held { Regenerate::Settings } else { again };
    match again {
        Regenerate::Settings => {
            form::restore(page, ctx, &request, None);
            ctx.state.page = PageId::Studio;
        }
        Regenerate::NewSeed => {
            let seed = Draft::another_seed();
            submit(
                page,
                ctx,
                GenerateRequest {
                    seed,
                    batch_count: 1,
                    variation: None,
                    ..request
                },
            );
        }
        Regenerate::Vary(variety) => {
            let seed = Draft::another_seed();
            choose_from(page, ctx, regenerate::variations(request, variety, seed));
        }
        Regenerate::Upscale => submit(page, ctx, regenerate::upscaled(request)),
    }
}

fn submit(page: &mut StudioPage, ctx: &mut PageContext<'_>, request: GenerateRequest) {
    ctx.state.page = PageId::Studio;
    jobs::submit(page, ctx, request);
}

fn choose_from(page: &mut StudioPage, ctx: &mut PageContext<'_>, choices: Sweep) {
    ctx.state.page = PageId::Studio;
    sweep::begin(page, ctx, Ok(choices));
}
