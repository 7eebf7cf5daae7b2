//! Values of options that several commands take.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::job::{LoraSpec, Precision};

/// What a step may keep beside its latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Keep {
    /// What the network says with and without the prompt
    Branches,
    /// Where it looks for each word of the prompt
    Attention,
}

pub(super) fn precision_parser() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(Precision::ALL.map(Precision::id)).try_map(|id| id.parse::<Precision>())
}

/// A value by its name.
///
/// * `choices`: names, each with what the help says of it, which may be nothing, and with its value.
pub(super) fn one_of<T: Clone + Send + Sync + 'static>(
    choices: &'static [(&'static str, &'static str, T)],
) -> impl TypedValueParser<Value = T> {
    let values = choices.iter().map(|(name, help, _)| {
        let value = PossibleValue::new(*name);
        if help.is_empty() { value } else { value.help(*help) }
    });
    PossibleValuesParser::new(values).try_map(|name| {
        let choice = choices.iter().find(|(known, ..)| *known == name);
        choice.map(|(.., value)| value.clone()).ok_or("unknown name")
    })
}

/// A file, then up to two numbers; a colon that no number follows belongs to the file's name.
pub(super) fn parse_lora(text: &str) -> Result<LoraSpec, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let split = |text: &'_ str| -> Option<(String, f64)> {
        let (rest, last) = text.rsplit_once(':')?;
        Some((rest.to_owned(), number(last)?))
    };
    let spec = match split(text) {
        None => LoraSpec::new(text, 1.0),
        Some((rest, last)) => match split(&rest) {
            None => LoraSpec::new(rest, last),
            Some((file, unet_weight)) => LoraSpec {
                text_weight: last,
                ..LoraSpec::new(file, unet_weight)
            },
        },
    };
    if spec.path.as_os_str().is_empty() {
        return Err("expected FILE, FILE:WEIGHT or FILE:WEIGHT:TE_WEIGHT".to_owned());
    }
    spec.validate().map_err(|error| error.to_string())?;
    Ok(spec)
}

pub(super) fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X', '×']);
    let side = |side: &str| side.trim().parse::<u32>().ok();
    sides
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| "expected WIDTHxHEIGHT in pixels, e.g. 512x512".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_should_be_a_file_with_up_to_two_weights() {
        let both = LoraSpec {
            text_weight: -0.5,
            ..LoraSpec::new("C:\\a.safetensors", 0.75)
        };
        assert_eq!(parse_lora("a.safetensors"), Ok(LoraSpec::new("a.safetensors", 1.0)));
        assert_eq!(parse_lora("a:b:0.5"), Ok(LoraSpec::new("a:b", 0.5)));
        assert_eq!(parse_lora("C:\\a.safetensors:0.75:-0.5"), Ok(both));
        for bad in ["", ":1", "a:nan", "a:1:inf"] {
            assert!(parse_lora(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_size_should_be_two_numbers() {
        assert_eq!(parse_size("512x768"), Ok((512, 768)));
        for bad in ["", "512", "512x", "x512", "-8x8", "8x8x8", "9999999999x8"] {
            assert!(parse_size(bad).is_err(), "{bad:?}");
        }
    }
}
