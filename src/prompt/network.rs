//! Networks that a prompt names: `<lora:name:0.8>`, `<hypernet:name:1>`.

use super::parse::{Role, parse};
use super::token::TokenKind;

/// A network that a prompt names.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkTag {
    /// What stands first, such as `lora`.
    pub kind: String,
    /// The network's name, that of its file without its ending.
    pub name: String,
    /// Weight for text encoders; 1 if nothing is said.
    pub text_weight: f64,
    /// Weight for the U-Net; that for text encoders if nothing is said.
    pub unet_weight: f64,
}

/// The networks that a prompt names, in order. Weights stand behind the name, first that for text encoders, or are named,
/// `te=0.5:unet=1`.
pub fn networks(source: &str) -> Vec<NetworkTag> {
    if !source.contains('<') {
        return Vec::new();
    }
    let parsed = parse(source, Role::Negative);
    let tags = (0..parsed.tokens.len()).filter(|at| parsed.tokens[*at].kind == TokenKind::Network);
    tags.filter_map(|at| tag(parsed.text(at))).collect()
}

fn tag(text: &str) -> Option<NetworkTag> {
    let inside = text.strip_prefix('<')?.strip_suffix('>')?;
    let mut parts = inside.split(':');
    let (kind, name) = (parts.next()?, parts.next()?.trim());
    let (mut text_weight, mut unet_weight) = (None, None);
    for (place, part) in parts.enumerate() {
        let (key, value) = part.split_once('=').unwrap_or(("", part));
        let value = value.trim().parse::<f64>().ok().filter(|weight| weight.is_finite());
        match (key.trim(), place) {
            ("te", _) | ("", 0) => text_weight = value.or(text_weight),
            ("unet", _) | ("", 1) => unet_weight = value.or(unet_weight),
            _ => {}
        }
    }
    let text_weight = text_weight.unwrap_or(1.0);
    Some(NetworkTag {
        kind: kind.to_owned(),
        name: name.to_owned(),
        text_weight,
        unet_weight: unet_weight.unwrap_or(text_weight),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_should_be_found_with_their_weights() {
        let found = |source: &str| -> Vec<(String, String, f64, f64)> {
            let tags = networks(source).into_iter();
            tags.map(|tag| (tag.kind, tag.name, tag.text_weight, tag.unet_weight))
                .collect()
        };
        for (source, name, text_weight, unet_weight) in [
            ("a <lora:ink> b", "ink", 1.0, 1.0),
            ("<lora:ink:0.5>", "ink", 0.5, 0.5),
            ("(<lora:ink v2:0.5:-1>:1.2)", "ink v2", 0.5, -1.0),
            ("<lora:ink:te=0.2:unet=0.4>", "ink", 0.2, 0.4),
            ("<lora:ink:0.7:x>", "ink", 0.7, 0.7),
            ("<lora:ink:inf>", "ink", 1.0, 1.0),
        ] {
            let expected = ("lora".to_owned(), name.to_owned(), text_weight, unet_weight);
            assert_eq!(found(source), [expected], "{source}");
        }
        assert_eq!(found("<lora:a:1> <hypernet:b:1>").len(), 2);
        for source in ["a < b", r"\<lora:a:1>", "# <lora:a:1>", "<lora>"] {
            assert_eq!(found(source), [], "{source}");
        }
    }
}
