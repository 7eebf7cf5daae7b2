//! Weight files, sound and broken: what is read, and what is said of what cannot be.
#![expect(clippy::unwrap_used, reason = "tests panic on what they cannot use")]

mod gguf;
mod pickle;
mod published;
mod single;
mod whole;

use crate::support::weights::copy_folder;
use crate::support::weights::safetensors_bytes;
use crate::support::weights::with_header;
use crate::support::weights::write;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use hareru::formats;
use hareru::formats::Bytes;
use hareru::formats::FormatError;
use hareru::formats::SafetensorsFile;
use hareru::formats::TensorFile;
use hareru::kernels::Wrap;
use hareru::models::taesd::AutoencoderTiny;
use hareru::models::taesd::TinyConfig;
use hareru::models::unet::UNet2DConditionModel;
use hareru::models::unet::UNetConfig;
use hareru::models::vae::AutoencoderKL;
use hareru::models::vae::VaeConfig;
use hareru::weights;
use hareru::weights::LoadError;
use hareru::weights::ModelFiles;
use hareru::weights::TensorSource as _;
use include_dir::Dir;
use include_dir::include_dir;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Every part of a tiny model, inside the test binary.
static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/fixtures/networks/models/taesd");

const TINY_WEIGHTS: &str = "diffusion_pytorch_model.safetensors";

fn fixture(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/networks/models")
        .join(model)
}

fn open_tiny(files: &ModelFiles) -> Result<AutoencoderTiny, LoadError> {
    let config: TinyConfig = files.json("config.json")?;
    weights::build(files, "", &Device::Cpu, DType::F32, |vb| {
        AutoencoderTiny::new(vb, &config)
    })
}

/// Errors are one line that ends with the file.
fn assert_one_line(message: &str, file: &str) {
    assert!(!message.contains('\n'), "one line, not {message:?}");
    assert!(
        message.ends_with(&format!("File: {file}")),
        "the file comes last in {message:?}"
    );
}

/// Opens thousands of files that differ from a sound one in a few bytes, and reads all that the reader lets through.
fn mutate(whole: &[u8], place: Range<usize>, open: impl Fn(Vec<u8>) -> Result<Arc<dyn TensorFile>, FormatError>) {
    let mut state = 1u64;
    let mut random = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut num_read = 0;
    for _ in 0..3000 {
        let mut changed = whole.to_vec();
        for _ in 0..=random(3) {
            let at = place.start + random(place.len());
            changed[at] = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)];
        }
        let Ok(source) = open(changed) else { continue };
        formats::detect(&*source).ok();
        for name in source.names() {
            let Ok(Some(tensor)) = source.tensor_as(&name, DType::F32, &Device::Cpu) else {
                continue;
            };
            assert_eq!(Some(tensor.dims()), source.shape(&name));
            assert!(tensor.elem_count() <= 4 * whole.len(), "more numbers than the file has");
            num_read += 1;
        }
    }
    assert!(num_read > 0, "some changes do no harm");
}

/// Opens `bytes` as a weight file; the message if that is refused.
fn refusal(bytes: Vec<u8>) -> String {
    let error = SafetensorsFile::new(Bytes::Owned(bytes), PathBuf::from("broken.safetensors")).unwrap_err();
    let message = error.to_string();
    assert_one_line(&message, "broken.safetensors");
    message
}

#[test]
fn tensors_should_come_back_as_they_were_written() {
    let bytes = safetensors_bytes(&[("b", &[2, 3], vec![1., 2., 3., 4., 5., 6.]), ("a", &[1], vec![-0.5])]);
    let file = SafetensorsFile::new(Bytes::Owned(bytes), PathBuf::new()).unwrap();
    assert_eq!(file.names(), ["a", "b"]);
    assert_eq!(file.shape("b"), Some([2, 3].as_slice()));
    assert_eq!(file.dtype("b"), Some(DType::F32));
    let tensor = file.tensor("b", &Device::Cpu).unwrap().unwrap();
    assert_eq!(tensor.to_vec2::<f32>().unwrap(), [[1., 2., 3.], [4., 5., 6.]]);
    assert!(file.tensor("c", &Device::Cpu).unwrap().is_none());
}

#[test]
fn half_precision_should_be_raised_exactly() {
    let header = r#"{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}"#;
    let mut bytes = with_header(header, 0);
    bytes.extend(
        [half::f16::from_f32(0.25), half::f16::from_f32(-3.0)]
            .map(half::f16::to_le_bytes)
            .concat(),
    );
    bytes.extend(
        [half::bf16::from_f32(1.5), half::bf16::from_f32(-0.125)]
            .map(half::bf16::to_le_bytes)
            .concat(),
    );
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "unet/model.safetensors", &bytes);
    let files = ModelFiles::open(folder.path()).unwrap();
    let vb = weights::component(&files, "unet", &Device::Cpu, DType::F32).unwrap();
    assert_eq!(vb.get(2, "half").unwrap().to_vec1::<f32>().unwrap(), [0.25, -3.0]);
    assert_eq!(vb.get(2, "brain").unwrap().to_vec1::<f32>().unwrap(), [1.5, -0.125]);
}

#[test]
fn a_vae_with_the_old_names_of_attention_should_be_the_same_network() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/models/sd15");
    let path = model.join("vae").join(TINY_WEIGHTS);
    let file = SafetensorsFile::new(Bytes::map(&path).unwrap(), path).unwrap();
    let renames = [
        ("to_q.", "query."),
        ("to_k.", "key."),
        ("to_v.", "value."),
        ("to_out.0.", "proj_attn."),
    ];
    let decode = |has_old_names: bool| {
        let tensors = file.names().into_iter().map(|name| {
            let tensor = file.tensor(&name, &Device::Cpu).unwrap().unwrap();
            let old_name = renames
                .iter()
                .fold(name.clone(), |name, (new, old)| name.replace(new, old));
            (if has_old_names { old_name } else { name }, tensor)
        });
        let vb = candle_nn::VarBuilder::from_tensors(tensors.collect(), DType::F32, &Device::Cpu);
        let config = ModelFiles::open(&model).unwrap().json("vae/config.json").unwrap();
        let latents = Tensor::ones((1, 4, 2, 3), DType::F32, &Device::Cpu).unwrap();
        let image = AutoencoderKL::new(vb, &config)
            .unwrap()
            .decode(&latents, Wrap::default())
            .unwrap();
        image.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    assert_eq!(decode(true), decode(false));
}

#[test]
fn a_file_cut_anywhere_should_be_refused() {
    let whole = safetensors_bytes(&[("a", &[4], vec![1., 2., 3., 4.]), ("b", &[2], vec![5., 6.])]);
    for length in 0..whole.len() {
        refusal(whole[..length].to_vec());
    }
    let message = refusal(whole[..whole.len() - 5].to_vec());
    let lengths = format!("has {} bytes, its header describes {}", whole.len() - 5, whole.len());
    assert!(message.contains(&lengths), "{message}");

    let mut longer = whole;
    longer.push(0);
    assert!(refusal(longer).contains("bytes"));
}

#[test]
fn absurd_headers_should_be_refused() {
    let tensor = |dtype: &str, shape: &str, start: u64, end: u64| {
        format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let small = tensor("F32", "[2]", 0, 8);
    for (header, data_bytes) in [
        ("not json".to_owned(), 0),
        ("[]".to_owned(), 0),
        (r#"{"a":1}"#.to_owned(), 0),
        (format!(r#"{{"a":{}}}"#, tensor("F33", "[2]", 0, 8)), 8),
        (format!(r#"{{"a":{}}}"#, tensor("F32", "[-2]", 0, 8)), 8),
        (format!(r#"{{"a":{}}}"#, tensor("F32", "[3]", 0, 8)), 8),
        (format!(r#"{{"a":{}}}"#, tensor("F32", "[2]", 8, 0)), 8),
        (
            format!(
                r#"{{"a":{}}}"#,
                tensor("F32", "[4294967296,4294967296,4294967296]", 0, 8)
            ),
            8,
        ),
        (
            format!(r#"{{"a":{}}}"#, tensor("F32", "[4611686018427387904]", 0, 0)),
            0,
        ),
        (
            format!(r#"{{"a":{}}}"#, tensor("F32", "[2]", u64::MAX - 8, u64::MAX)),
            8,
        ),
        (format!(r#"{{"a":{small},"b":{small}}}"#), 8),
        (format!(r#"{{"a":{small},"b":{}}}"#, tensor("F32", "[2]", 4, 12)), 12),
        (format!(r#"{{"a":{small},"b":{}}}"#, tensor("F32", "[2]", 12, 20)), 20),
    ] {
        refusal(with_header(&header, data_bytes));
    }
    let mut endless = u64::MAX.to_le_bytes().to_vec();
    endless.extend([b'{'; 64]);
    refusal(endless);
    let mut large = (1u64 << 40).to_le_bytes().to_vec();
    large.extend([b'{'; 64]);
    refusal(large);
}

#[test]
fn an_unusable_kind_of_number_should_be_named_when_it_is_asked_for() {
    let header = r#"{"a":{"dtype":"U16","shape":[2],"data_offsets":[0,4]}}"#;
    let file = SafetensorsFile::new(Bytes::Owned(with_header(header, 4)), PathBuf::from("x")).unwrap();
    let message = file.tensor("a", &Device::Cpu).unwrap_err().to_string();
    assert_eq!(
        message,
        r#"tensor "a" holds U16 numbers, expected F32, F16, BF16, F64, F8_E4M3 or F8_E5M2. File: x"#
    );
}

#[test]
fn eight_bit_floats_should_be_read_as_what_is_computed_in() {
    let header = r#"{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[2,4]}}"#;
    let mut bytes = with_header(header, 0);
    bytes.extend([0x38, 0xb9, 0x3c, 0xbd]);
    let file = SafetensorsFile::new(Bytes::Owned(bytes), PathBuf::new()).unwrap();
    let read = |name: &str, dtype| {
        let tensor = file.tensor_as(name, dtype, &Device::Cpu).unwrap().unwrap();
        assert_eq!(tensor.dtype(), dtype);
        tensor.to_dtype(DType::F32).unwrap().to_vec1::<f32>().unwrap()
    };
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        assert_eq!(read("a", dtype), [1.0, -1.125]);
        assert_eq!(read("b", dtype), [1.0, -1.25]);
    }
}

#[test]
fn no_change_of_a_few_bytes_should_bring_the_reader_of_safetensors_down() {
    let whole = safetensors_bytes(&[("a", &[4], vec![1., 2., 3., 4.]), ("b", &[2], vec![5., 6.])]);
    let open = |bytes| formats::tensors_from(Bytes::Owned(bytes), PathBuf::new());
    mutate(&whole, 0..whole.len(), open);
}

#[test]
fn an_embedded_model_should_equal_the_one_on_disk() {
    let embedded = ModelFiles::Embedded(&EMBEDDED);
    let folder = ModelFiles::open(fixture("taesd")).unwrap();
    let latents = Tensor::ones((1, 4, 3, 5), DType::F32, &Device::Cpu).unwrap();
    let decode = |files: &ModelFiles| {
        let image = open_tiny(files).unwrap().decode(&latents, Wrap::default()).unwrap();
        assert_eq!(image.dims(), [1, 3, 24, 40]);
        image.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    assert_eq!(decode(&embedded), decode(&folder));
    assert_eq!(
        weights::model_hash(&embedded, None).unwrap(),
        weights::model_hash(&folder, None).unwrap()
    );
    assert!(embedded.exists("config.json") && !embedded.exists("nothing"));
}

#[test]
fn the_hash_should_cover_every_weight_file_in_the_order_of_paths() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "vae/diffusion_pytorch_model.safetensors", b"c");
    write(folder.path(), "text_encoder/model.safetensors", b"ab");
    write(folder.path(), "unet/readme.txt", b"not a weight");
    let hash = weights::model_hash(&ModelFiles::open(folder.path()).unwrap(), None).unwrap();
    // (printf ab | sha256sum; printf c | sha256sum) | cut -c1-64 | tr -d '\\n' | sha256sum
    assert_eq!(hash, "14eec32d1bd92fe52253ef7547e20407b0dd70dbc835e3cbbb81dd8ef52ca6c7");
    let cache = folder.path().join("hashes.json");
    let model = ModelFiles::open(folder.path()).unwrap();
    for _ in 0..2 {
        assert_eq!(
            weights::model_hash(&model, Some(&cache)).unwrap(),
            hash,
            "with a cache or without"
        );
    }
    write(folder.path(), "vae/diffusion_pytorch_model.safetensors", b"cd");
    assert_ne!(
        weights::model_hash(&model, Some(&cache)).unwrap(),
        hash,
        "another file has another"
    );
}

#[test]
fn weights_split_over_files_should_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let index = r#"{"metadata":{},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#;
    write(
        folder.path(),
        "unet/diffusion_pytorch_model.safetensors.index.json",
        index.as_bytes(),
    );
    write(
        folder.path(),
        "unet/one.safetensors",
        &safetensors_bytes(&[("a", &[1], vec![1.])]),
    );
    write(
        folder.path(),
        "unet/two.safetensors",
        &safetensors_bytes(&[("b", &[1], vec![2.])]),
    );
    let files = ModelFiles::open(folder.path()).unwrap();
    let vb = weights::component(&files, "unet", &Device::Cpu, DType::F32).unwrap();
    assert_eq!(vb.get(1, "b").unwrap().to_vec1::<f32>().unwrap(), [2.]);
    assert!(vb.contains_tensor("a") && !vb.contains_tensor("c"));

    let hostile = r#"{"weight_map":{"a":"../../secret"}}"#;
    write(
        folder.path(),
        "unet/diffusion_pytorch_model.safetensors.index.json",
        hostile.as_bytes(),
    );
    let message = weights::component(&files, "unet", &Device::Cpu, DType::F32)
        .err()
        .unwrap()
        .to_string();
    assert!(message.contains("../../secret"), "{message}");
}

#[test]
fn a_half_precision_variant_should_serve_where_it_is_all_there_is() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixture("taesd"), folder.path());
    let variant = folder.path().join("diffusion_pytorch_model.fp16.safetensors");
    std::fs::rename(folder.path().join(TINY_WEIGHTS), variant).unwrap();
    assert!(open_tiny(&ModelFiles::open(folder.path()).unwrap()).is_ok());
}

#[test]
fn missing_parts_should_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = ModelFiles::open(folder.path().join("nowhere")).unwrap_err().to_string();
    assert!(
        message.starts_with("expected a model folder or file, found nothing. File: "),
        "{message}"
    );

    let files = ModelFiles::open(folder.path()).unwrap();
    let message = open_tiny(&files).unwrap_err().to_string();
    assert!(
        message.starts_with(r#"the model needs "config.json", which it does not have"#),
        "{message}"
    );

    write(folder.path(), "config.json", b"{}");
    let message = open_tiny(&files).unwrap_err().to_string();
    assert!(
        message.contains("expected one of diffusion_pytorch_model.safetensors, model.safetensors"),
        "{message}"
    );

    write(folder.path(), "config.json", b"{\"latent_channels\": \"four\"}");
    let message = open_tiny(&files).unwrap_err().to_string();
    assert!(
        message.contains("could not understand the configuration") && message.contains("line 1"),
        "{message}"
    );

    let empty = weights::model_hash(&files, None).unwrap_err();
    assert!(matches!(empty, LoadError::NoWeights { .. }));
}

#[test]
fn a_tensor_that_is_missing_or_misshapen_should_be_named_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixture("taesd"), folder.path());
    let files = ModelFiles::open(folder.path()).unwrap();

    write(
        folder.path(),
        "config.json",
        br#"{"encoder_block_out_channels": [16, 16, 16, 16], "decoder_block_out_channels": [8, 8, 8, 8]}"#,
    );
    let error = open_tiny(&files).unwrap_err();
    assert!(matches!(error, LoadError::ShapeMismatch { .. }), "{error:?}");
    let message = error.to_string();
    let expected =
        r#"the network: tensor "decoder.layers.0.weight" has shape [16, 4, 3, 3], expected [8, 4, 3, 3]. File: "#;
    assert!(
        message.starts_with(expected) && message.ends_with(TINY_WEIGHTS),
        "{message}"
    );

    write(
        folder.path(),
        "config.json",
        br#"{"encoder_block_out_channels": [16], "num_encoder_blocks": [2]}"#,
    );
    let error = open_tiny(&files).unwrap_err();
    assert!(matches!(error, LoadError::MissingTensor { .. }), "{error:?}");
    let message = error.to_string();
    let expected = r#"the network needs tensor "encoder.layers.2.conv.0.weight", which the file does not have. File: "#;
    assert!(
        message.starts_with(expected) && message.ends_with(TINY_WEIGHTS),
        "{message}"
    );
}

/// The message of a network that is given a configuration and no weights at all.
fn config_refusal<T>(built: candle_core::Result<T>) -> String {
    LoadError::from(built.err().expect("such a configuration must be refused")).to_string()
}

#[test]
fn configurations_that_cannot_be_honoured_should_be_refused_by_field() {
    let unet = |json: &str| {
        let config: UNetConfig = serde_json::from_str(json).unwrap();
        let vb = candle_nn::VarBuilder::zeros(DType::F32, &Device::Cpu);
        config_refusal(UNet2DConditionModel::new(vb, &config))
    };
    let down = r#"{"down_block_types": ["AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"]}"#;
    assert_eq!(
        unet(down),
        r#"unet config: down_block_types is "AttnDownBlock2D", expected CrossAttnDownBlock2D or DownBlock2D or SimpleCrossAttnDownBlock2D or ResnetDownsampleBlock2D"#
    );
    for (json, field) in [
        (r#"{"addition_embed_type": "text"}"#, "addition_embed_type"),
        (r#"{"addition_embed_type": "text_time"}"#, "addition_time_embed_dim"),
        (r#"{"class_embed_type": "text"}"#, "class_embed_type"),
        (r#"{"block_out_channels": []}"#, "block_out_channels"),
        (r#"{"block_out_channels": [0, 0, 0, 0]}"#, "block_out_channels"),
        (
            r#"{"block_out_channels": [18446744073709551615, 8, 8, 8]}"#,
            "block_out_channels",
        ),
        (r#"{"norm_num_groups": 0}"#, "block_out_channels"),
        (r#"{"norm_num_groups": null}"#, "block_out_channels"),
        (r#"{"attention_head_dim": 0}"#, "attention_head_dim"),
        (r#"{"attention_head_dim": [8, 8]}"#, "attention_head_dim"),
        (r#"{"attention_head_dim": [7, 7, 7, 7]}"#, "attention_head_dim"),
        (r#"{"layers_per_block": 0}"#, "layers_per_block"),
        (r#"{"up_block_types": ["UpBlock2D"]}"#, "up_block_types"),
        (r#"{"mid_block_type": null}"#, "mid_block_type"),
        (r#"{"only_cross_attention": [true, true]}"#, "only_cross_attention"),
        (r#"{"act_fn": "mish"}"#, "act_fn"),
    ] {
        let message = unet(json);
        assert!(
            message.starts_with(&format!("unet config: {field} is ")),
            "{json}: {message}"
        );
    }

    let vae: VaeConfig = serde_json::from_str(r#"{"up_block_types": ["AttnUpDecoderBlock2D"]}"#).unwrap();
    let vb = candle_nn::VarBuilder::zeros(DType::F32, &Device::Cpu);
    let message = config_refusal(AutoencoderKL::new(vb, &vae));
    assert!(message.starts_with("vae config: up_block_types is "), "{message}");
}
