//! Answers of the user about files that a picture's settings name elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::form;
use crate::job::{FileRole, GenerateRequest, KeptRun};
use crate::ui::commands::{NamedFileCommand, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::playhead::Branching;
use crate::ui::model::state::file_name;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;

/// Does what was answered. Returns at once.
pub(super) fn carry_out(page: &mut StudioPage, ctx: &mut PageContext<'_>, command: NamedFileCommand) {
    let named = page.draft.request.named_files();
    let role_of = |path: &Path| named.iter().find(|file| file.path == *path).cloned();
    match command {
        NamedFileCommand::Find(path) => {
            let Some(file) = role_of(&path) else { return };
            if let Some(found) = ctx.state.installed_like(&file) {
                replace(page, ctx, &path, &found);
            } else {
                let text = Text::new("named-not-found", [("file", file_name(&path))]);
                ctx.state.notices.notify(Level::Info, text);
            }
        }
        NamedFileCommand::Choose(path) => {
            let Some(file) = role_of(&path) else { return };
            let answer = |found: PathBuf| UiCommand::NamedFile(NamedFileCommand::Replace(path, found));
            match file.role {
                FileRole::Picture | FileRole::Mask => ctx.services.pick_picture("dialog-picture", answer),
                FileRole::Model if file.path.extension().is_none() => {
                    ctx.services.pick_folder("dialog-model-folder", answer);
                }
                _ => ctx.services.pick_model("named-dialog", answer),
            }
        }
        NamedFileCommand::Open(path) => {
            ctx.state.strangers.accept(&path);
            form::adopt_model(page, ctx);
        }
        NamedFileCommand::Replace(path, found) => replace(page, ctx, &path, &found),
    }
}

/// Names another file in the form, and in the run that it is a branch of, so that it stays one.
fn replace(page: &mut StudioPage, ctx: &mut PageContext<'_>, from: &Path, to: &Path) {
    form::mark(page);
    ctx.state.strangers.accept(to);
    page.draft.request.rename_file(from, to);
    if let Some(branching) = page.state.branching.take() {
        page.state.branching = Some(Arc::new(renamed(&branching, from, to)));
    }
    form::adopt_model(page, ctx);
}

fn renamed(branching: &Branching, from: &Path, to: &Path) -> Branching {
    let mut kept = KeptRun::clone(&branching.kept);
    kept.record.request.rename_file(from, to);
    Branching {
        kept: Arc::new(kept),
        ..branching.clone()
    }
}

/// Whether a request must not be carried out because of what it names; the user is told.
pub(super) fn is_held(ctx: &mut PageContext<'_>, request: &GenerateRequest) -> bool {
    let strangers = ctx.state.strangers_in(request);
    if let Some(file) = strangers.first() {
        let path = file.path.display().to_string();
        let text = Text::new("problem-named-file", [("path", path)]);
        ctx.state.notices.notify(Level::Error, text);
    }
    !strangers.is_empty()
}
