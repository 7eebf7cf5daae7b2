//! Pictures made of pictures that are there.

use std::path::{Path, PathBuf};

use super::{form, jobs, sweep};
use crate::job::{GenerateRequest, Sweep, Upscale};
use crate::ui::app::Studio;
use crate::ui::commands::{PageId, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::regenerate::{self, Regenerate, RegenerateCommand};
use crate::ui::model::state::file_name;
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
pub(super) fn carry_out(studio: &mut Studio, command: RegenerateCommand) {
    match command {
        RegenerateCommand::Picture(path, again) => wait_for(studio, path, Waiting::Regenerate(again)),
        RegenerateCommand::Cell(cell, again) => {
            let cell = studio
                .state
                .sweeping
                .as_ref()
                .and_then(|sweeping| sweeping.cells.get(cell));
            if let Some(request) = cell.map(|cell| (*cell.request).clone()) {
                make(studio, request, again);
            }
        }
        RegenerateCommand::Four => {
            if !studio.draft.is_seed_locked {
                studio.draft.roll_seed();
            }
            match studio.draft.to_request() {
                Ok(request) => choose_from(studio, regenerate::four(request)),
                Err(problem) => studio.state.notices.notify(Level::Error, problem.text()),
            }
        }
        RegenerateCommand::Enlarge(path) => match studio.services.settings.upscaler.clone() {
            Some(network) => enlarge_by(&studio.services, network, path),
            None => ask_for_network(&studio.services, path),
        },
        RegenerateCommand::ChooseNetwork(path) => ask_for_network(&studio.services, path),
    }
}

fn wait_for(studio: &mut Studio, path: PathBuf, waiting: Waiting) {
    if let Some(pictures) = &studio.services.pictures {
        pictures.open(path.clone());
        studio.regenerating = Some((path, waiting));
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
pub(super) fn use_upscaler(studio: &mut Studio, network: PathBuf, picture: PathBuf) {
    if studio.services.settings.upscaler.as_ref() != Some(&network) {
        studio
            .services
            .change_settings(|settings| settings.upscaler = Some(network.clone()));
    }
    wait_for(studio, picture, Waiting::Enlarge(network));
}

/// Goes on if this picture was read for that.
pub(in crate::ui) fn go_on_if_wanted(studio: &mut Studio, path: &Path) {
    let Some((_, waiting)) = studio.regenerating.take_if(|(wanted, _)| wanted == path) else {
        return;
    };
    let opened = studio.state.opened.as_ref().filter(|opened| opened.path == path);
    let record = opened.and_then(|opened| opened.record.clone());
    match (waiting, record) {
        (Waiting::Regenerate(again), Some(record)) => make(studio, record.request.clone(), again),
        (Waiting::Regenerate(_), None) => {
            let file = [("file", file_name(path))];
            let text = Text::new("notice-no-settings", file);
            studio.state.notices.notify(Level::Info, text);
        }
        (Waiting::Enlarge(model), record) => {
            let known = record.map(|record| record.request.clone()).unwrap_or_default();
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
            submit(studio, request);
        }
    }
}

fn make(studio: &mut Studio, request: GenerateRequest, again: Regenerate) {
    let request = request.of_making();
    match again {
        Regenerate::Settings => {
            form::restore(studio, &request, None);
            studio.state.page = PageId::Studio;
        }
        Regenerate::NewSeed => {
            let seed = Draft::another_seed();
            submit(
                studio,
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
            choose_from(studio, regenerate::variations(request, variety, seed));
        }
        Regenerate::Upscale => submit(studio, regenerate::upscaled(request)),
    }
}

fn submit(studio: &mut Studio, request: GenerateRequest) {
    studio.state.page = PageId::Studio;
    jobs::submit(studio, request);
}

fn choose_from(studio: &mut Studio, choices: Sweep) {
    studio.state.page = PageId::Studio;
    sweep::begin(studio, Ok(choices));
}
