//! Small files of weights with real headers.

use std::path::Path;

use serde_json::{Value, json};

/// A safetensors file of f32 zeros with these names and shapes, and these notes.
pub(crate) fn safetensors(tensors: &[(&str, &[usize])], notes: &Value) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    if !notes.is_null() {
        header.insert("__metadata__".to_owned(), notes.clone());
    }
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] });
        header.insert((*name).to_owned(), entry);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.resize(bytes.len() + end, 0);
    bytes
}

/// A LoRA for SDXL.
pub(crate) fn lora(notes: &Value) -> Vec<u8> {
    let down = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight";
    let up = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_up.weight";
    safetensors(&[(down, &[4, 2048]), (up, &[640, 4])], notes)
}

/// What a checkpoint for SD 1.x begins with.
pub(crate) fn checkpoint() -> Vec<u8> {
    let key = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight";
    let text = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight";
    let tensors: [(&str, &[usize]); 3] = [
        (key, &[320, 768]),
        (text, &[4, 768]),
        ("first_stage_model.encoder.conv_in.weight", &[4]),
    ];
    safetensors(&tensors, &Value::Null)
}

/// Writes a file and the folders that it is in.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
