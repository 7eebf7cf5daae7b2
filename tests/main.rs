//! One binary for all integration tests, linked once.

mod networks;
mod support;
mod weight_formats;
