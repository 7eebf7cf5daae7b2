//! Pictures to what control networks are trained on: edges, scribbles, colours. One file per preprocessor, one line in
//! [`PREPROCESSORS`].
//!
//! Image code alone, no networks: the same picture and settings give the same picture everywhere.

mod blur;
mod canny;
mod clip_image;
mod colour;
mod error;
mod invert;
mod lineart;
mod pixels;
mod resize;
mod scribble;
mod tile;

use std::collections::BTreeMap;

pub use clip_image::{ClipImageConfig, ClipImageSize, clip_pixels};
pub use error::PreprocessError;
pub use pixels::Pixels;

use crate::job::RgbImage;

/// A number that can be set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Stable name in metadata and on the command line.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Least and largest value.
    pub range: (f64, f64),
    /// The default.
    pub default: f64,
}

/// One way of preparing a picture, registered in [`PREPROCESSORS`].
pub struct Preprocessor {
    /// Stable name in metadata and on the command line, e.g. `canny`.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What can be set; empty if nothing.
    pub parameters: &'static [Parameter],
    /// The prepared picture, of the same size, of three channels and at least one pixel, by values of the parameters in
    /// their order and ranges.
    apply: fn(&Pixels, &[f64]) -> Pixels,
}

/// Every preprocessor, in the order a list shows them.
pub static PREPROCESSORS: &[&Preprocessor] = &[
    &canny::CANNY,
    &lineart::LINEART,
    &scribble::SCRIBBLE,
    &tile::TILE,
    &blur::BLUR,
    &colour::COLOUR,
    &invert::INVERT,
];

/// Prepares a picture.
///
/// * `id`: of a preprocessor.
/// * `settings`: values by the ids of its parameters; those that are left out take their defaults.
///
/// Returns a picture of the same size.
///
/// # Errors
/// If there is no such preprocessor or parameter, a value is out of its range, or the picture has no pixels or not as
/// many as its size says.
pub fn preprocess(id: &str, image: &RgbImage, settings: &BTreeMap<String, f64>) -> Result<RgbImage, PreprocessError> {
    let Some(chosen) = PREPROCESSORS.iter().find(|preprocessor| preprocessor.id == id) else {
        let ids: Vec<_> = PREPROCESSORS.iter().map(|preprocessor| preprocessor.id).collect();
        return Err(PreprocessError::Unknown {
            what: "preprocessor",
            expected: ids.join(", "),
            found: id.to_owned(),
        });
    };
    let parameters = chosen.parameters;
    for name in settings.keys() {
        if !parameters.iter().any(|parameter| parameter.id == name) {
            let ids: Vec<_> = parameters.iter().map(|parameter| parameter.id).collect();
            return Err(PreprocessError::Unknown {
                what: "parameter",
                expected: if ids.is_empty() {
                    "none".to_owned()
                } else {
                    ids.join(", ")
                },
                found: name.clone(),
            });
        }
    }
    let values = parameters
        .iter()
        .map(|parameter| {
            let value = settings.get(parameter.id).copied().unwrap_or(parameter.default);
            let (least, largest) = parameter.range;
            if (least..=largest).contains(&value) {
                Ok(value)
            } else {
                Err(PreprocessError::OutOfRange {
                    parameter: parameter.id,
                    least,
                    largest,
                    found: value,
                })
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok((chosen.apply)(&Pixels::from_rgb(image)?, &values).to_rgb())
}

#[cfg(test)]
mod tests;
