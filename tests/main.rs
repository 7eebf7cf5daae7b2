//! One binary for all integration tests, linked once.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, helpers included"
)]

mod architecture;
mod gallery_store;
mod shader_validation;
mod support;
mod ui;
