//! Why the form is not yet a request.

use crate::job::{MAX_SIDE_PX, RequestError};
use crate::ui::i18n::Value;
use crate::ui::model::notifications::Text;

/// Why the form is not yet a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DraftError {
    /// There is nothing to draw.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// A picture shall be painted into, and nothing says where.
    #[error("there is nowhere to paint")]
    NowhereToPaint,
    /// The model makes no pictures of this size.
    #[error("expected sides that are multiples of {multiple_px} px, found {width_px} × {height_px}")]
    Size {
        /// Width asked for, in pixels.
        width_px: u32,
        /// Height asked for, in pixels.
        height_px: u32,
        /// What the model's sides are multiples of.
        multiple_px: u32,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl DraftError {
    /// The same in the user's language.
    pub fn text(&self) -> Text {
        match self {
            Self::EmptyPrompt => Text::key("problem-empty-prompt"),
            Self::NowhereToPaint => Text::key("mask-nowhere"),
            Self::Size {
                width_px,
                height_px,
                multiple_px,
            } => Text::new(
                "problem-size",
                [
                    ("multiple", Value::from(*multiple_px)),
                    ("max", Value::from(MAX_SIDE_PX)),
                    ("found", Value::from(format!("{width_px} × {height_px}"))),
                ],
            ),
            Self::Request(error) => request_text(error),
        }
    }
}

/// A request's error in the user's language.
pub fn request_text(error: &RequestError) -> Text {
    Text::error(error.code())
}
