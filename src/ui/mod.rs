//! The window. Panels edit the form in place and ask for everything else by command; what they show is a pure function
//! of the events that were told.

pub mod app;
pub mod commands;
pub mod i18n;
pub mod model;
pub mod pages;
pub mod services;
pub mod session;
pub mod theme;
pub mod widgets;

mod chrome;
mod closing;
mod job_dispatch;
mod page;
mod panel;
mod part_context;
mod step_decoding;
mod throttle;

use std::path::PathBuf;
use std::time::SystemTime;

use crate::config::{Paths, Settings, SettingsWarning, sweep_own_folders};
use crate::engine::{DeviceChoice, EngineOptions};

/// The name desktops know the window by.
const APP_ID: &str = "io.github.hareru.Hareru";

/// Why the window could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// No display, or no way to draw on it.
    #[error("the window could not be opened")]
    Window(#[from] eframe::Error),
}

/// Opens the window and returns when it is closed.
///
/// * `warning`: what was wrong with the file of the settings, of which the window tells.
/// * `gallery_dir`: where pictures are kept.
///
/// # Errors
/// [`UiError::Window`] if there is no display or no way to draw on it.
pub fn run(settings: Settings, warning: Option<&SettingsWarning>, gallery_dir: PathBuf) -> Result<(), UiError> {
    let session_file = Paths::of_user().session_file;
    let viewport = egui::ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Hareru")
        .with_min_inner_size([960.0, 600.0]);
    let mut viewport = session::Session::load(&session_file).viewport(viewport);
    match eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        Err(error) => tracing::warn!("the window has no icon: {error}"),
    }
    let options = eframe::NativeOptions {
        viewport,
        ..eframe::NativeOptions::default()
    };
    let thumbnail_dir = Paths::of_user().thumbnail_dir;
    let queue_file = Paths::of_user().data_dir.join("queue.json");
    let mut engine_options = EngineOptions::of_user();
    engine_options.model_folders.extend_from_slice(&settings.model_folders);
    if settings.device.as_deref() == Some(pages::settings::PROCESSOR) {
        engine_options.device = DeviceChoice::Cpu;
    }
    services::on_own_thread(|| {
        sweep_own_folders(&Paths::of_user(), SystemTime::now());
    });
    let services = services::ServiceFactory::real(engine_options, &settings)
        .with_queue_file(queue_file)
        .with_session_file(session_file);
    eframe::run_native(
        "hareru",
        options,
        Box::new(|creation| {
            let mut studio = app::Studio::new(creation, services, settings, gallery_dir);
            studio.gallery_mut().thumbnail_dir = Some(thumbnail_dir);
            if let Some(warning) = warning {
                studio.state_mut().tell_of_settings(warning);
            }
            Ok(Box::new(studio))
        }),
    )?;
    Ok(())
}
