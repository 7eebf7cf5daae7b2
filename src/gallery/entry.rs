//! What the index knows of a picture.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Names a picture among those of one index; not kept when the index is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// Whose words a picture's record is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordSource {
    /// This program's.
    Hareru,
    /// A1111 and Forge, and all who write as they do.
    A1111,
    /// A graph of `ComfyUI`.
    ComfyUi,
    /// `InvokeAI`.
    InvokeAi,
    /// `SwarmUI`.
    SwarmUi,
    /// Fooocus.
    Fooocus,
    /// `NovelAI`.
    NovelAi,
    /// Draw Things.
    DrawThings,
    /// Easy Diffusion.
    EasyDiffusion,
}

impl RecordSource {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Hareru,
        Self::A1111,
        Self::ComfyUi,
        Self::InvokeAi,
        Self::SwarmUi,
        Self::Fooocus,
        Self::NovelAi,
        Self::DrawThings,
        Self::EasyDiffusion,
    ];

    /// Its name in the index and in searches.
    pub fn id(self) -> &'static str {
        match self {
            Self::Hareru => "hareru",
            Self::A1111 => "a1111",
            Self::ComfyUi => "comfyui",
            Self::InvokeAi => "invokeai",
            Self::SwarmUi => "swarmui",
            Self::Fooocus => "fooocus",
            Self::NovelAi => "novelai",
            Self::DrawThings => "drawthings",
            Self::EasyDiffusion => "easydiffusion",
        }
    }

    /// The source of that name, in any case of letters.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|source| source.id().eq_ignore_ascii_case(id))
    }
}

/// What its owner says of a picture. Kept in a file beside it, so that it outlives the index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserMetadata {
    /// 1 to 5; 0 for none.
    pub rating: u8,
    /// Whether it is among the favourites.
    pub is_favourite: bool,
    /// Words of the owner's.
    pub tags: BTreeSet<String>,
    /// Collections it is in, by name.
    pub collections: BTreeSet<String>,
}

/// One change of [`UserMetadata`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataChange {
    /// Sets the rating, 0 to 5.
    Rate(u8),
    /// Makes it a favourite, or no longer.
    Favourite(bool),
    /// Adds a tag.
    Tag(String),
    /// Takes a tag away.
    Untag(String),
    /// Puts it into a collection, which begins to be with its first picture.
    Collect(String),
    /// Takes it out of one.
    Uncollect(String),
}

impl UserMetadata {
    /// Takes in a change.
    pub fn apply(&mut self, change: &MetadataChange) {
        match change {
            MetadataChange::Rate(rating) => self.rating = (*rating).min(5),
            MetadataChange::Favourite(is_favourite) => self.is_favourite = *is_favourite,
            MetadataChange::Tag(tag) => {
                self.tags.insert(tag.clone());
            }
            MetadataChange::Untag(tag) => {
                self.tags.remove(tag);
            }
            MetadataChange::Collect(name) => {
                self.collections.insert(name.clone());
            }
            MetadataChange::Uncollect(name) => {
                self.collections.remove(name);
            }
        }
    }
}

/// A picture as the index has it.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureEntry {
    /// Names it.
    pub id: EntryId,
    /// Its file.
    pub path: PathBuf,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Size of the file.
    pub bytes: u64,
    /// When the file was last changed, in milliseconds since 1970-01-01 UTC.
    pub modified_unix_ms: i64,
    /// When the picture was made, as its record says, else when the file was changed; in seconds since 1970-01-01 UTC.
    pub created_unix_secs: i64,
    /// Whose record it has, if it has one.
    pub source: Option<RecordSource>,
    /// What it was to show.
    pub prompt: String,
    /// What it was to stay away from.
    pub negative_prompt: String,
    /// Name of the model; empty if unknown.
    pub model: String,
    /// Id of the sampler, as this program names it where it knows it; empty if unknown.
    pub sampler: String,
    /// File names of the adapters without ending.
    pub loras: Vec<String>,
    /// Its seed, if known.
    pub seed: Option<u64>,
    /// Guidance scale, if known.
    pub guidance_scale: Option<f64>,
    /// Steps, if known.
    pub steps: Option<u32>,
    /// Whether its run was kept beside it.
    pub has_run: bool,
    /// What its owner says of it.
    pub user_metadata: UserMetadata,
}

/// A picture's file in the state in which it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PictureFile {
    /// Where it is.
    pub path: PathBuf,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC.
    pub modified_unix_ms: i64,
    /// Its size.
    pub bytes: u64,
}

impl From<&PictureEntry> for PictureFile {
    fn from(entry: &PictureEntry) -> Self {
        Self {
            path: entry.path.clone(),
            modified_unix_ms: entry.modified_unix_ms,
            bytes: entry.bytes,
        }
    }
}

impl PictureFile {
    /// The state in which a file is now.
    ///
    /// # Errors
    /// If it is not there or cannot be looked at.
    pub(super) fn at(path: &Path) -> std::io::Result<Self> {
        let metadata = path.metadata()?;
        Ok(Self {
            path: path.to_owned(),
            modified_unix_ms: modified_unix_ms(&metadata),
            bytes: metadata.len(),
        })
    }
}

/// When a file was last changed, in milliseconds since 1970-01-01 UTC; 0 where the system does not say.
pub(super) fn modified_unix_ms(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_millis() as i64,
        Err(before) => -(before.duration().as_millis() as i64),
    }
}
