//! Why a configuration cannot be built.

/// More blocks than any network has; sizes are computed with these numbers, so nonsense must not overflow them.
pub(super) const MAX_BLOCKS: usize = 16;
/// More channels than any network has.
pub(super) const MAX_CHANNELS: usize = 1 << 20;

/// Why a network cannot be built from its configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A field asks for something this version does not have.
    #[error("{network} config: {field} is {found}, expected {expected}")]
    Unsupported {
        /// The network, e.g. `unet`.
        network: &'static str,
        /// Name of the field in `config.json`.
        field: &'static str,
        /// Its value.
        found: String,
        /// What would have been understood.
        expected: String,
    },
}

impl ConfigError {
    /// `Ok` if `holds`, else an error for the value `found` of `field`.
    pub(super) fn check(
        holds: bool,
        network: &'static str,
        field: &'static str,
        found: impl std::fmt::Debug,
        expected: impl Into<String>,
    ) -> Result<(), Self> {
        if holds {
            return Ok(());
        }
        Err(Self::Unsupported {
            network,
            field,
            found: format!("{found:?}"),
            expected: expected.into(),
        })
    }
}

impl From<ConfigError> for candle_core::Error {
    fn from(error: ConfigError) -> Self {
        Self::Wrapped(Box::new(error))
    }
}
