//! The configurations of published models, out of their shapes. The files have the true names and sizes of what tells
//! models apart, and holes for numbers.

use hareru::formats::FileKind;
use hareru::weights::ModelFiles;
use serde_json::Value;
use serde_json::json;
use std::path::Path;

/// A published U-Net, as its model card has it.
struct Published {
    kind: FileKind,
    channels: usize,
    widths: &'static [usize],
    /// Transformer blocks of each level; 0 without attention.
    depths: &'static [usize],
    mid_depth: usize,
    context: usize,
    is_linear: bool,
    /// Numbers beside the prompt: the pooled text and the sizes.
    added: Option<usize>,
    /// Before the text encoder's names, and its width and layers.
    text: (&'static str, usize, usize),
    heads: Value,
}

/// Writes the header of a safetensors file and as large a hole as it describes.
fn write_hole(path: &Path, tensors: &[(String, Vec<usize>)]) {
    let (mut header, mut end) = (serde_json::Map::new(), 0);
    for (name, shape) in tensors {
        let start = end;
        end += 2 * shape.iter().product::<usize>();
        let entry = json!({ "dtype": "F16", "shape": shape, "data_offsets": [start, end] });
        header.insert(name.clone(), entry);
    }
    let header = Value::from(header).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    std::fs::write(path, &bytes).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len((bytes.len() + end) as u64).unwrap();
}

impl Published {
    /// The tensors that a configuration is derived from, two layers to a level, in the layout of the published file.
    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (first, last) = (self.widths[0], *self.widths.last().unwrap());
        let mut unet = vec![
            ("input_blocks.0.0.weight".to_owned(), vec![first, self.channels, 3, 3]),
            ("out.2.weight".to_owned(), vec![4, first, 3, 3]),
        ];
        let attention = |place: &str, width: usize, depth: usize| {
            let proj = if self.is_linear {
                vec![width, width]
            } else {
                vec![width, width, 1, 1]
            };
            let mut tensors = vec![
                (format!("{place}.norm.weight"), vec![width]),
                (format!("{place}.proj_in.weight"), proj),
            ];
            for block in 0..depth {
                let name = format!("{place}.transformer_blocks.{block}.attn2.to_k.weight");
                tensors.push((name, vec![width, self.context]));
            }
            tensors
        };
        for (level, (&width, &depth)) in self.widths.iter().zip(self.depths).enumerate() {
            for layer in 0..2 {
                let block = format!("input_blocks.{}", 1 + 3 * level + layer);
                unet.push((format!("{block}.0.in_layers.0.weight"), vec![width]));
                unet.push((format!("{block}.0.in_layers.2.weight"), vec![width, width, 3, 3]));
                if depth > 0 {
                    unet.extend(attention(&format!("{block}.1"), width, depth));
                }
            }
            if level + 1 < self.widths.len() {
                let name = format!("input_blocks.{}.0.op.weight", 3 + 3 * level);
                unet.push((name, vec![width, width, 3, 3]));
            }
        }
        unet.extend(attention("middle_block.1", last, self.mid_depth));
        unet.extend(
            self.added
                .map(|added| ("label_emb.0.0.weight".to_owned(), vec![4 * first, added])),
        );
        let unet = unet
            .into_iter()
            .map(|(name, shape)| (format!("model.diffusion_model.{name}"), shape));

        let (prefix, width, layers) = self.text;
        let is_open = prefix.ends_with("model.");
        let (embeddings, layer, norm, fc) = if is_open {
            ("", "transformer.resblocks", "ln_1", "mlp.c_fc")
        } else {
            (
                "text_model.embeddings.",
                "text_model.encoder.layers",
                "layer_norm1",
                "mlp.fc1",
            )
        };
        let position = if is_open {
            "positional_embedding"
        } else {
            "position_embedding.weight"
        };
        let mut text = vec![
            (format!("{embeddings}token_embedding.weight"), vec![49408, width]),
            (format!("{embeddings}{position}"), vec![77, width]),
            ("text_projection".to_owned(), vec![width, width]),
        ];
        for index in 0..layers {
            text.push((format!("{layer}.{index}.{norm}.weight"), vec![width]));
            text.push((format!("{layer}.{index}.{fc}.weight"), vec![4 * width, width]));
        }
        let text = text.into_iter().map(|(name, shape)| (format!("{prefix}{name}"), shape));
        unet.chain(text).collect()
    }
}

#[test]
fn the_published_models_should_be_recognised_with_their_configurations() {
    const SD: &[usize] = &[320, 640, 1280, 1280];
    let (clip, open_clip) = ("cond_stage_model.transformer.", "cond_stage_model.model.");
    let sd15 = |kind, channels| Published {
        kind,
        channels,
        widths: SD,
        depths: &[1, 1, 1, 0],
        mid_depth: 1,
        context: 768,
        is_linear: false,
        added: None,
        text: (clip, 768, 12),
        heads: json!(8),
    };
    let sd2 = |kind, channels| Published {
        context: 1024,
        is_linear: true,
        text: (open_clip, 1024, 24),
        heads: json!([5, 10, 20, 20]),
        ..sd15(kind, channels)
    };
    let sdxl = |kind, channels| Published {
        widths: &[320, 640, 1280],
        depths: &[0, 2, 10],
        mid_depth: 10,
        context: 2048,
        added: Some(2816),
        text: ("conditioner.embedders.1.model.", 1280, 32),
        heads: json!([5, 10, 20]),
        ..sd2(kind, channels)
    };
    let refiner = Published {
        widths: &[384, 768, 1536, 1536],
        depths: &[0, 4, 4, 0],
        mid_depth: 4,
        context: 1280,
        added: Some(2560),
        text: ("conditioner.embedders.0.model.", 1280, 32),
        heads: json!([6, 12, 24, 24]),
        ..sdxl(FileKind::SdxlRefiner, 4)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for published in [
        sd15(FileKind::Sd15, 4),
        sd15(FileKind::Sd15Inpaint, 9),
        sd15(FileKind::Sd15Pix2pix, 8),
        sd2(FileKind::Sd2, 4),
        sd2(FileKind::Sd2Inpaint, 9),
        sd2(FileKind::Sd2Depth, 5),
        sdxl(FileKind::Sdxl, 4),
        sdxl(FileKind::SdxlInpaint, 9),
        refiner,
    ] {
        let kind = published.kind;
        write_hole(&path, &published.tensors());
        let files = ModelFiles::open(&path).unwrap();
        let ModelFiles::Single(single) = &files else {
            panic!("not a single file")
        };
        assert_eq!(single.kind(), kind);

        let unet: Value = files.json("unet/config.json").unwrap();
        assert_eq!(unet["in_channels"], published.channels, "{kind:?}");
        assert_eq!(unet["block_out_channels"], json!(published.widths), "{kind:?}");
        assert_eq!(unet["attention_head_dim"], published.heads, "{kind:?}");
        assert_eq!(unet["cross_attention_dim"], published.context, "{kind:?}");
        assert_eq!(unet["use_linear_projection"], published.is_linear, "{kind:?}");
        assert_eq!(unet["norm_num_groups"], 32, "{kind:?}");
        let size = published.added.map(|_| 256);
        assert_eq!(unet["addition_time_embed_dim"], json!(size), "{kind:?}");
        let depths = unet["transformer_layers_per_block"].as_array().unwrap();
        for (found, expected) in depths.iter().zip(published.depths).filter(|(_, depth)| **depth > 0) {
            assert_eq!(found, expected, "{kind:?}");
        }
        assert_eq!(depths.last().unwrap(), published.mid_depth, "{kind:?}");

        let (_, width, layers) = published.text;
        let is_second = published.added.is_some();
        let component = if is_second { "text_encoder_2" } else { "text_encoder" };
        let text: Value = files.json(&format!("{component}/config.json")).unwrap();
        assert_eq!(text["hidden_size"], width, "{kind:?}");
        assert_eq!(text["num_attention_heads"], width / 64, "{kind:?}");
        // Stable Diffusion 2 leaves out the last one.
        let is_sd2 = published.is_linear && !is_second;
        assert_eq!(
            text["num_hidden_layers"],
            if is_sd2 { layers - 1 } else { layers },
            "{kind:?}"
        );
        assert_eq!(
            text["hidden_act"],
            if published.is_linear { "gelu" } else { "quick_gelu" },
            "{kind:?}"
        );
    }
}
