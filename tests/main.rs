//! One binary for all integration tests, linked once.
#![expect(missing_docs, reason = "tests say what they check in their names")]
#![expect(clippy::print_stdout, reason = "tests report how many cases ran")]

mod engine_protocol;
mod reference_cases;
mod sampler_contract;
mod support;
