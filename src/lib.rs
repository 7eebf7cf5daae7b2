//! Hareru: an image studio in which the denoising process is an object.

pub mod cli;
pub mod config;
pub mod diffusion;
pub mod engine;
pub mod gallery;
pub mod hub;
pub mod job;
pub mod kernels;
pub mod models;
pub mod pipelines;
pub mod render;
pub mod training;
pub mod ui;
pub mod weights;
