//! Small copies of pictures as textures: asked for while they are in sight, a few uploaded in a frame, and let go of
//! when there are too many.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use egui::{ColorImage, TextureHandle, TextureId, TextureOptions, Vec2};

use crate::gallery::{PictureEntry, PictureFile, ThumbnailLoader, ThumbnailRequest, ThumbnailSize};

/// Memory of the textures that are kept.
const BUDGET_BYTES: usize = 320 << 20;
/// Copies that are uploaded in one frame.
const UPLOADS_PER_FRAME: usize = 10;
/// The same where the processor draws, which paints seldom.
const UPLOADS_PER_STILL_FRAME: usize = 48;
/// How long copies are gathered before they are painted.
const GATHER: Duration = Duration::from_millis(8);
/// The same where the processor draws.
const GATHER_STILL: Duration = Duration::from_millis(150);

/// What there is to show of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Thumbnail {
    /// A texture and its size in pixels.
    Ready(TextureId, Vec2),
    /// It is being made.
    Waiting,
    /// The picture cannot be read.
    Broken,
}

struct Kept {
    texture: TextureHandle,
    bytes: usize,
    used: u64,
}

/// Textures of the pictures that are or were in sight.
#[derive(Default)]
pub(super) struct Textures {
    maker: Option<ThumbnailLoader>,
    has_failed: bool,
    is_still: bool,
    kept: HashMap<ThumbnailRequest, Kept>,
    bytes: usize,
    broken: HashSet<PictureFile>,
    requests: Vec<ThumbnailRequest>,
    wished: Vec<ThumbnailRequest>,
    frame: u64,
}

impl Textures {
    /// Begins a frame: takes in some of what was made since the last.
    ///
    /// * `folder`: where copies are kept for the next time.
    pub(super) fn begin_frame(&mut self, ctx: &egui::Context, folder: Option<&Path>, is_still: bool) {
        self.frame += 1;
        self.is_still = is_still;
        self.start(ctx, folder);
        let uploads = if is_still {
            UPLOADS_PER_STILL_FRAME
        } else {
            UPLOADS_PER_FRAME
        };
        let Some(maker) = &self.maker else { return };
        for _ in 0..uploads {
            let Some(made) = maker.poll() else { break };
            match made.picture {
                Ok(picture) => {
                    let size = [picture.width_px as usize, picture.height_px as usize];
                    let image = ColorImage::from_rgb(size, &picture.pixels);
                    let bytes = 4 * size[0] * size[1];
                    let texture = ctx.load_texture("thumbnail", image, TextureOptions::LINEAR);
                    let used = self.frame;
                    let kept = Kept { texture, bytes, used };
                    self.bytes += bytes;
                    if let Some(old) = self.kept.insert(made.request, kept) {
                        self.bytes -= old.bytes;
                    }
                }
                Err(reason) => {
                    tracing::info!("a picture has no thumbnail: {reason}");
                    self.broken.insert(made.request.file);
                }
            }
        }
        if maker.has_loaded() {
            ctx.request_repaint();
        }
    }

    fn start(&mut self, ctx: &egui::Context, folder: Option<&Path>) {
        if self.maker.is_some() || self.has_failed {
            return;
        }
        let (ctx, gather) = (ctx.clone(), if self.is_still { GATHER_STILL } else { GATHER });
        let repaint = move || ctx.request_repaint_after(gather);
        match ThumbnailLoader::start(folder.map(Path::to_owned), repaint) {
            Ok(maker) => self.maker = Some(maker),
            Err(error) => {
                self.has_failed = true;
                tracing::warn!("there are no thumbnails: {error}");
            }
        }
    }

    /// A picture at a size, or at another one until that is there.
    pub(super) fn get(&mut self, entry: &PictureEntry, size: ThumbnailSize) -> Thumbnail {
        let file = PictureFile::from(entry);
        if self.has_failed || self.broken.contains(&file) {
            return Thumbnail::Broken;
        }
        let mut request = ThumbnailRequest { file, size };
        if let Some(thumbnail) = self.find(&request) {
            return thumbnail;
        }
        self.requests.push(request.clone());
        for other in [ThumbnailSize::Large, ThumbnailSize::Medium, ThumbnailSize::Small] {
            request.size = other;
            if let Some(thumbnail) = self.find(&request) {
                return thumbnail;
            }
        }
        Thumbnail::Waiting
    }

    fn find(&mut self, request: &ThumbnailRequest) -> Option<Thumbnail> {
        let kept = self.kept.get_mut(request)?;
        kept.used = self.frame;
        Some(Thumbnail::Ready(kept.texture.id(), kept.texture.size_vec2()))
    }

    /// Ends a frame: asks for what it lacked, the large ones first, and lets go of what was not seen for longest.
    pub(super) fn end_frame(&mut self) {
        let mut requests = std::mem::take(&mut self.requests);
        requests.sort_by_key(|request| request.size != ThumbnailSize::Large);
        if requests != self.wished
            && let Some(maker) = &self.maker
        {
            maker.request(requests.iter().cloned());
            self.wished = requests;
        }
        if self.bytes > BUDGET_BYTES {
            self.let_go();
        }
    }

    fn let_go(&mut self) {
        let mut ages: Vec<(u64, ThumbnailRequest)> = self
            .kept
            .iter()
            .filter(|(_, kept)| kept.used < self.frame)
            .map(|(request, kept)| (kept.used, request.clone()))
            .collect();
        ages.sort_by_key(|(used, _)| *used);
        for (_, request) in ages {
            if self.bytes <= BUDGET_BYTES / 4 * 3 {
                break;
            }
            if let Some(kept) = self.kept.remove(&request) {
                self.bytes -= kept.bytes;
            }
        }
    }
}
