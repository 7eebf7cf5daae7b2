//! Configuration values that may differ between blocks.

/// One value for all blocks, or one for each, as diffusers' configurations allow.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
pub enum PerBlock<T> {
    /// The same everywhere.
    All(T),
    /// In the order of the down blocks.
    Each(Vec<T>),
}

impl<T: Copy> PerBlock<T> {
    /// The value of down block `index`; `None` if the list is too short.
    pub fn get(&self, index: usize) -> Option<T> {
        match self {
            Self::All(value) => Some(*value),
            Self::Each(values) => values.get(index).copied(),
        }
    }

    /// Whether there is a value for each of `blocks` blocks, and no more.
    pub fn covers(&self, blocks: usize) -> bool {
        match self {
            Self::All(_) => true,
            Self::Each(values) => values.len() == blocks,
        }
    }
}
