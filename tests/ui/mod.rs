//! The window, used by the names of its controls. The engine and the gallery are stand-ins that note what they are asked.

mod again;
mod canvas;
mod form;
mod gallery;
mod gallery_live;
mod harness;
mod inspector;
mod journey;
mod latent_view;
mod looks;
mod pictures;
mod precision;
mod repaint;
mod run;
mod sweep;
mod timeline;
mod views;
mod window;
