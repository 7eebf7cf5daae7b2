//! What several test files share.
#![expect(clippy::unwrap_used, reason = "tests panic on what they cannot use")]

pub(crate) mod reference;
pub(crate) mod weights;
