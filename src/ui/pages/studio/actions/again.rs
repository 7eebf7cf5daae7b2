//! Pictures made of pictures that are there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::jobs;
use super::sweep;
use crate::job::{GenerateRequest, Sweep, Upscale};
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
use crate::ui::pages::Page;
use crate::ui::pages::studio::again::{self, Again, AgainCommand};
use crate::ui::pages::studio::form::draft::Draft;

/// What waits for a picture's record to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum Waiting {
    /// To be made again.
    Again(Again),
    /// To be enlarged by this network.
    Enlarge(PathBuf),
}

/// Does what was asked for; what needs a record that is not at hand has it read first.
pub(super) fn carry_out(studio: &mut Studio, command: AgainCommand) {
    match command {
        AgainCommand::Picture(path, again) => wait_for(studio, path, Waiting::Again(again)),
        AgainCommand::Cell(cell, again) => {
            let cell = studio
                .state
                .sweeping
                .as_ref()
                .and_then(|sweeping| sweeping.cells.get(cell));
            if let Some(request) = cell.map(|cell| (*cell.request).clone()) {
                make(studio, request, again);
            }
        }
        AgainCommand::Four => {
            if !studio.draft.is_seed_locked {
                studio.draft.roll_seed();
            }
            match studio.draft.to_request() {
                Ok(request) => choose_from(studio, again::four(request)),
                Err(problem) => studio.state.notices.tell(Level::Error, problem.text()),
            }
        }
        AgainCommand::Enlarge(path) => match studio.settings.upscaler.clone().filter(|file| file.is_file()) {
            Some(network) => wait_for(studio, path, Waiting::Enlarge(network)),
            None => ask_for_network(studio, path),
        },
    }
}

fn wait_for(studio: &mut Studio, path: PathBuf, waiting: Waiting) {
    if let Some(pictures) = &studio.pictures {
        pictures.open(path.clone());
        studio.again = Some((path, waiting));
    }
}

fn ask_for_network(studio: &Studio, picture: PathBuf) {
    let title = studio.language.tr("dialog-upscaler");
    let (commands, wake) = (studio.commands.clone(), Arc::clone(&studio.wake));
    let answer = move |network| {
        commands.send(UiCommand::UseUpscaler(network, picture));
        wake();
    };
    studio.services.dialogs.pick_model(title, Box::new(answer));
}

/// Remembers a network that enlarges pictures, and enlarges one with it.
pub(super) fn use_upscaler(studio: &mut Studio, network: PathBuf, picture: PathBuf) {
    studio.settings.upscaler = Some(network.clone());
    (studio.services.keep_settings)(studio.settings.clone());
    wait_for(studio, picture, Waiting::Enlarge(network));
}

/// Goes on if this picture was read for that.
pub(in crate::ui) fn go_on_if_wanted(studio: &mut Studio, path: &Path) {
    let Some((_, waiting)) = studio.again.take_if(|(wanted, _)| wanted == path) else {
        return;
    };
    let opened = studio.state.opened.as_ref().filter(|opened| opened.path == path);
    let record = opened.and_then(|opened| opened.record.clone());
    match (waiting, record) {
        (Waiting::Again(again), Some(record)) => make(studio, record.request.clone(), again),
        (Waiting::Again(_), None) => {
            let file = [("file", file_name(path))];
            let text = Text::new("notice-no-settings", file);
            studio.state.notices.tell(Level::Info, text);
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

fn make(studio: &mut Studio, request: GenerateRequest, again: Again) {
    let request = request.of_making();
    match again {
        Again::Settings => {
            studio.draft.restore(&request);
            studio.state.branching = None;
            studio.state.page = Page::Studio;
            let model = request.model.clone();
            match studio.state.model(&model).cloned() {
                Some(info) => studio.draft.adopt(&info),
                None => studio.describe(model),
            }
        }
        Again::NewSeed => {
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
        Again::Vary(variety) => {
            let seed = Draft::another_seed();
            choose_from(studio, again::variations(request, variety, seed));
        }
        Again::Upscale => submit(studio, again::upscaled(request)),
    }
}

fn submit(studio: &mut Studio, request: GenerateRequest) {
    studio.state.page = Page::Studio;
    jobs::submit(studio, request);
}

fn choose_from(studio: &mut Studio, choices: Sweep) {
    studio.state.page = Page::Studio;
    sweep::begin(studio, Ok(choices));
}
