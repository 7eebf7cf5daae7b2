//! Pictures made of pictures that are there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{form, jobs, sweep};
use crate::job::{GenerateRequest, Sweep, Upscale};
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
use crate::ui::pages::PageId;
use crate::ui::pages::studio::form::draft::Draft;
use crate::ui::pages::studio::regenerate::{self, Regenerate, RegenerateCommand};

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
        RegenerateCommand::Enlarge(path) => {
            match studio.services.settings.upscaler.clone().filter(|file| file.is_file()) {
                Some(network) => wait_for(studio, path, Waiting::Enlarge(network)),
                None => ask_for_network(studio, path),
            }
        }
    }
}

fn wait_for(studio: &mut Studio, path: PathBuf, waiting: Waiting) {
    if let Some(pictures) = &studio.services.pictures {
        pictures.open(path.clone());
        studio.regenerating = Some((path, waiting));
    }
}

fn ask_for_network(studio: &Studio, picture: PathBuf) {
    let title = studio.services.language.tr("dialog-upscaler");
    let (commands, repaint) = (studio.services.commands.clone(), Arc::clone(&studio.services.repaint));
    let answer = move |network| {
        commands.send(UiCommand::UseUpscaler(network, picture));
        repaint();
    };
    studio.services.dialogs.pick_model(title, Box::new(answer));
}

/// Remembers a network that enlarges pictures, and enlarges one with it.
pub(super) fn use_upscaler(studio: &mut Studio, network: PathBuf, picture: PathBuf) {
    studio.services.settings.upscaler = Some(network.clone());
    studio.services.save_settings();
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
