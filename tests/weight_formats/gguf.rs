//! GGUF, sound and hostile.

use super::assert_one_line;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file;
use hareru::formats;
use hareru::formats::Bytes;
use hareru::formats::FormatError;
use hareru::formats::TensorFile;
use hareru::weights::TensorSource as _;
use std::path::PathBuf;
use std::sync::Arc;

fn open(bytes: Vec<u8>) -> Result<Arc<dyn TensorFile>, FormatError> {
    formats::tensors_from(Bytes::Owned(bytes), PathBuf::from("broken.gguf"))
}

fn refusal(bytes: Vec<u8>) -> String {
    let message = open(bytes).expect_err("this must be refused").to_string();
    assert_one_line(&message, "broken.gguf");
    message
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A header without tensors or notes of its own.
fn header(tensors: u64, notes: u64) -> Vec<u8> {
    [
        b"GGUF\x03\0\0\0".as_slice(),
        &tensors.to_le_bytes(),
        &notes.to_le_bytes(),
    ]
    .concat()
}

fn info(name: &str, dims: &[u64], kind: u32, offset: u64) -> Vec<u8> {
    let dims_bytes: Vec<u8> = dims.iter().flat_map(|size| size.to_le_bytes()).collect();
    [
        text(name),
        (dims.len() as u32).to_le_bytes().to_vec(),
        dims_bytes,
        kind.to_le_bytes().to_vec(),
        offset.to_le_bytes().to_vec(),
    ]
    .concat()
}

/// The parts, and 64 aligned bytes of data.
fn file(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = parts.concat();
    bytes.resize(bytes.len().next_multiple_of(32) + 64, 1);
    bytes
}

#[test]
fn what_candle_writes_should_be_read_in_every_packing() {
    let numbers: Vec<f32> = (0..512).map(|i| (i as f32 * 0.1).sin()).collect();
    let tensor = Tensor::from_vec(numbers, (2, 256), &Device::Cpu).unwrap();
    let packings = [
        GgmlDType::F32,
        GgmlDType::F16,
        GgmlDType::Q8_0,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];
    let packed: Vec<(String, QTensor)> = packings
        .iter()
        .map(|packing| (format!("{packing:?}"), QTensor::quantize(&tensor, *packing).unwrap()))
        .collect();
    let tensors: Vec<(&str, &QTensor)> = packed.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let note = gguf_file::Value::String("sd1".to_owned());
    let mut bytes = std::io::Cursor::new(Vec::new());
    gguf_file::write(&mut bytes, &[("general.architecture", &note)], &tensors).unwrap();
    let file = open(bytes.into_inner()).unwrap();
    assert_eq!(file.header_text("general.architecture"), Some("sd1"));
    for (name, expected) in &packed {
        assert_eq!(file.shape(name), Some([2, 256].as_slice()));
        let found = file.tensor_as(name, DType::F32, &Device::Cpu).unwrap().unwrap();
        let expected = expected.dequantize(&Device::Cpu).unwrap();
        let far = (found - expected).unwrap().abs().unwrap().max_all().unwrap();
        assert!(far.to_scalar::<f32>().unwrap() < 1e-6, "{name}");
        let half = file.tensor_as(name, DType::BF16, &Device::Cpu).unwrap().unwrap();
        assert_eq!(half.dtype(), DType::BF16);
    }
}

#[test]
fn the_shape_before_packing_should_be_restored() {
    let shape = [
        text("comfy.gguf.orig_shape.a"),
        9u32.to_le_bytes().to_vec(),
        5u32.to_le_bytes().to_vec(),
        2u64.to_le_bytes().to_vec(),
        [2i32.to_le_bytes(), 8i32.to_le_bytes()].concat(),
    ];
    let bytes = file(&[header(1, 1), shape.concat(), info("a", &[16], 0, 0)]);
    assert_eq!(open(bytes).unwrap().shape("a"), Some([2, 8].as_slice()));
}

#[test]
fn absurd_headers_should_be_refused() {
    let big = 1u64 << 62;
    let note = |kind: u32, value: &[u8]| [text("key"), kind.to_le_bytes().to_vec(), value.to_vec()].concat();
    let array = |kind: u32, count: u64| [kind.to_le_bytes().as_slice(), &count.to_le_bytes()].concat();
    let nested: Vec<u8> = std::iter::repeat_n(array(9, 1), 1000).flatten().collect();
    for (what, parts) in [
        ("tensors without end", vec![header(u64::MAX, 0)]),
        ("notes without end", vec![header(0, u64::MAX)]),
        ("many tensors", vec![header(big, 0), info("a", &[16], 0, 0)]),
        ("a long name", vec![header(1, 0), big.to_le_bytes().to_vec()]),
        ("a long text", vec![header(0, 1), note(8, &big.to_le_bytes())]),
        ("a long array", vec![header(0, 1), note(9, &array(4, big))]),
        ("a long array of texts", vec![header(0, 1), note(9, &array(8, big))]),
        ("arrays in arrays", vec![header(0, 1), note(9, &nested)]),
        ("an unknown note", vec![header(0, 1), note(77, &[])]),
        (
            "an odd alignment",
            vec![
                header(0, 1),
                text("general.alignment"),
                [4, 0, 0, 0, 3, 0, 0, 0].to_vec(),
            ],
        ),
        (
            "no alignment",
            vec![
                header(0, 1),
                text("general.alignment"),
                [4, 0, 0, 0, 0, 0, 0, 0].to_vec(),
            ],
        ),
        ("many dimensions", vec![header(1, 0), info("a", &[1; 9], 0, 0)]),
        ("a huge dimension", vec![header(1, 0), info("a", &[u64::MAX], 0, 0)]),
        (
            "a huge product",
            vec![header(1, 0), info("a", &[1 << 40, 1 << 40], 0, 0)],
        ),
        ("a hidden product", vec![header(1, 0), info("a", &[big, big, 0], 0, 0)]),
        ("a tensor beyond the end", vec![header(1, 0), info("a", &[17], 0, 0)]),
        (
            "an offset beyond the end",
            vec![header(1, 0), info("a", &[1], 0, u64::MAX)],
        ),
        ("half a block", vec![header(1, 0), info("a", &[16], 8, 0)]),
        ("an unknown packing", vec![header(1, 0), info("a", &[16], 19, 0)]),
        (
            "overlapping tensors",
            vec![header(2, 0), info("a", &[8], 0, 0), info("b", &[8], 0, 16)],
        ),
        (
            "the same name twice",
            vec![header(2, 0), info("a", &[8], 0, 0), info("a", &[8], 0, 32)],
        ),
        (
            "a name that is no text",
            vec![header(1, 0), vec![1, 0, 0, 0, 0, 0, 0, 0, 0xff]],
        ),
    ] {
        let message = open(file(&parts)).err().map(|error| error.to_string());
        assert_one_line(
            &message.unwrap_or_else(|| panic!("{what} must be refused")),
            "broken.gguf",
        );
    }
    let sound = file(&[header(1, 0), info("a", &[16], 0, 0)]);
    assert!(open(sound.clone()).is_ok());
    for length in 4..sound.len() {
        refusal(sound[..length].to_vec());
    }
    for version in [0u8, 1, 4] {
        let mut other = sound.clone();
        other[4] = version;
        assert!(refusal(other).contains("version"));
    }
    let mut swapped = sound;
    swapped[4..8].reverse();
    assert!(refusal(swapped).contains("big-endian"));
}

#[test]
fn no_change_of_a_few_bytes_should_bring_the_reader_down() {
    let whole = file(&[header(2, 0), info("a", &[8], 0, 0), info("b", &[16], 1, 32)]);
    super::mutate(&whole, 0..whole.len(), open);
}
