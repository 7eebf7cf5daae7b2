//! What a picture can become, whether it can, and at which size.

use std::path::Path;

use super::adapters::Adapters;
use crate::job::{MAX_SIDE_PX, Record, Setting, Takes};
use crate::ui::commands::Target;
use crate::ui::i18n::Value;
use crate::ui::model::notifications::Text;
use crate::ui::model::state::file_name;
use crate::ui::pages::studio::form::draft::Draft;

/// Which part of a picture to start from may change at first, by what it becomes.
const RESTYLE_STRENGTH: f64 = 0.6;
const START_STRENGTH: f64 = 0.75;
const PAINT_STRENGTH: f64 = 1.0;

/// What decides whether a target is possible.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'a> {
    /// What the chosen model takes; `None` as long as that is not known.
    pub takes: Option<Takes>,
    /// What is installed beside models.
    pub adapters: &'a Adapters,
    /// What the picture says of itself.
    pub says: Says<'a>,
}

/// What a picture says of how it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Says<'a> {
    /// It is not read yet.
    NotRead,
    /// Nothing.
    Nothing,
    /// This.
    How(&'a Record),
}

impl Target {
    /// Every target, in the order they are shown; a key from 1 takes each.
    pub const ALL: [Self; 7] = [
        Self::Restyle,
        Self::StartFrom,
        Self::Style,
        Self::Content,
        Self::Outlines,
        Self::PaintInto,
        Self::ReadSettings,
    ];

    /// Its place among [`Self::ALL`].
    pub fn place(self) -> usize {
        self as usize
    }

    /// Key of its name among the texts.
    pub fn key(self) -> &'static str {
        match self {
            Self::Restyle => "bring-restyle",
            Self::StartFrom => "bring-start",
            Self::Style => "bring-style",
            Self::Content => "bring-content",
            Self::Outlines => "bring-outlines",
            Self::PaintInto => "bring-paint",
            Self::ReadSettings => "bring-settings",
        }
    }

    /// Which part may change at first; 1 for what nothing is started from.
    pub fn strength(self) -> f64 {
        match self {
            Self::Restyle => RESTYLE_STRENGTH,
            Self::StartFrom => START_STRENGTH,
            _ => PAINT_STRENGTH,
        }
    }

    /// What it would do now, with this form.
    pub fn hint(self, draft: &Draft, grounds: &Grounds<'_>) -> Text {
        let adapter = |found: &[std::path::PathBuf]| found.first().map_or_else(String::new, |path| file_name(path));
        let steps = draft.request.steps.to_string();
        let part = f64::from(draft.request.steps) * self.strength();
        let taken = [("depth", format!("{:.0}", part.floor())), ("steps", steps)];
        match self {
            Self::Restyle => Text::new("bring-restyle-hint", taken),
            Self::StartFrom => Text::new("bring-start-hint", [("strength", format!("{:.2}", self.strength()))]),
            Self::Style => Text::new("bring-style-hint", [("adapter", adapter(&grounds.adapters.references))]),
            Self::Content => Text::new(
                "bring-content-hint",
                [("adapter", adapter(&grounds.adapters.references))],
            ),
            Self::Outlines => Text::new(
                "bring-outlines-hint",
                [("adapter", adapter(&grounds.adapters.controls))],
            ),
            Self::PaintInto => Text::key("bring-paint-hint"),
            Self::ReadSettings => match grounds.says {
                Says::How(record) => {
                    let request = &record.request;
                    if !request.knows(Setting::Steps) || !request.knows(Setting::Seed) {
                        let prompt = request.prompt.clone();
                        return Text::new("bring-settings-hint-some", [("prompt", prompt)]);
                    }
                    let words = [
                        ("prompt", Value::from(request.prompt.as_str())),
                        ("steps", request.steps.into()),
                        ("seed", request.seed.to_string().into()),
                    ];
                    Text::new("bring-settings-hint", words)
                }
                _ => Text::key("bring-reading"),
            },
        }
    }

    /// Why it is not possible.
    pub fn refusal(self, grounds: &Grounds<'_>) -> Option<Text> {
        if self == Self::ReadSettings {
            return (grounds.says == Says::Nothing).then(|| Text::key("bring-no-settings"));
        }
        if let Some(takes) = grounds.takes {
            if let Some(factor) = takes.enlarges {
                let values = [("factor", factor.to_string())];
                return (self != Self::StartFrom).then(|| Text::new("bring-enlarges-only", values));
            }
            if takes.is_size_fixed || !takes.prompt {
                return Some(Text::key("bring-model-takes-none"));
            }
        }
        match self {
            Self::Style | Self::Content if grounds.adapters.references.is_empty() => {
                Some(Text::key("bring-no-reference-adapter"))
            }
            Self::Outlines if grounds.adapters.controls.is_empty() => Some(Text::key("bring-no-control")),
            _ => None,
        }
    }
}

/// The preprocessor that makes of a picture what a control network was trained on, guessed from the network's name; the
/// first if the name says nothing.
pub(super) fn preprocessor_for(control: &Path, known: &[(&'static str, &'static str)]) -> String {
    let name = control.to_string_lossy().to_lowercase();
    let fitting = known.iter().find(|(id, _)| name.contains(id)).or_else(|| known.first());
    fitting.map_or_else(String::new, |(id, _)| (*id).to_owned())
}

/// The size at which a model makes a picture of the proportions of another: as many pixels as its native size has.
///
/// * `picture_px`: width and height of the other.
/// * `native_px`: width and height the model was made for.
/// * `multiple_px`: what the sides are to be multiples of.
pub fn fitted_size(picture_px: (u32, u32), native_px: (u32, u32), multiple_px: u32, takes: Takes) -> (u32, u32) {
    if takes.is_size_fixed {
        return native_px;
    }
    let (width, height) = (f64::from(picture_px.0.max(1)), f64::from(picture_px.1.max(1)));
    let scale = match takes.enlarges {
        Some(factor) => f64::from(factor).min(f64::from(MAX_SIDE_PX) / width.max(height)),
        None => (f64::from(native_px.0) * f64::from(native_px.1) / (width * height)).sqrt(),
    };
    let side = |px: f64| {
        let multiple = f64::from(multiple_px);
        ((px * scale / multiple).round() * multiple).clamp(multiple, f64::from(MAX_SIDE_PX)) as u32
    };
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_should_keep_proportions_and_the_number_of_pixels() {
        let plain = Takes::default();
        assert_eq!(fitted_size((1000, 1000), (256, 256), 16, plain), (256, 256));
        assert_eq!(fitted_size((6000, 4000), (512, 512), 8, plain), (624, 416));
        assert_eq!(fitted_size((6000, 4000), (256, 256), 16, plain), (320, 208));
        assert_eq!(fitted_size((1, 100_000), (512, 512), 8, plain), (8, 4096));
        let enlarging = Takes {
            enlarges: Some(4),
            ..plain
        };
        assert_eq!(fitted_size((200, 100), (512, 512), 8, enlarging), (800, 400));
        let fixed = Takes {
            is_size_fixed: true,
            ..plain
        };
        assert_eq!(fitted_size((200, 100), (64, 64), 8, fixed), (64, 64));
    }

    #[test]
    fn each_target_should_say_what_it_lacks() {
        let nothing = Adapters::default();
        let grounds = Grounds {
            takes: Some(Takes::default()),
            adapters: &nothing,
            says: Says::Nothing,
        };
        let refused = Target::ALL.map(|target| target.refusal(&grounds).is_some());
        assert_eq!(refused, [false, false, true, true, true, false, true]);
        let installed = Adapters {
            controls: vec!["/a/control-canny".into()],
            references: vec!["/a/ip-adapter".into()],
        };
        let all = Grounds {
            adapters: &installed,
            says: Says::NotRead,
            ..grounds
        };
        assert!(Target::ALL.iter().all(|target| target.refusal(&all).is_none()));
        let enlarging = Takes {
            enlarges: Some(4),
            ..Takes::default()
        };
        let upscaler = Grounds {
            takes: Some(enlarging),
            ..all
        };
        let refused = Target::ALL.map(|target| target.refusal(&upscaler).is_some());
        assert_eq!(refused, [true, false, true, true, true, true, false]);
    }

    #[test]
    fn the_preprocessor_should_follow_from_the_name_of_the_network() {
        let known = [("canny", "Canny"), ("scribble", "Scribble")];
        let of = |name: &str| preprocessor_for(Path::new(name), &known);
        assert_eq!(of("/m/sd-controlnet-Scribble"), "scribble");
        assert_eq!(of("/m/t2iadapter"), "canny");
    }
}
