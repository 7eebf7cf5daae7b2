//! The window, used by the names of its controls. The engine and the gallery are stand-ins that note what they are asked.

mod canvas;
mod compare;
mod form;
mod form_undo;
mod gallery;
mod gallery_journey;
mod gallery_live;
mod harness;
mod image_input;
mod inspector;
mod journey;
mod latent_view;
mod looks;
mod mask;
mod models;
mod pictures;
mod precision;
mod queue;
mod regenerate;
mod repaint;
mod run;
mod settings;
mod sweep;
mod timeline;
mod views;
mod window;
