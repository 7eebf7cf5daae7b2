//! Trajectory files put together by hand: huge ones, of older versions, and hostile ones, which are refused.

use std::sync::Arc;

use hareru::gallery::{self, GalleryError};
use hareru::job::{LatentPlane, StepRecord, Trajectory};
use serde_json::{Value, json};

use super::{errors_of, request};
use crate::support::generated_image;

#[test]
fn the_header_and_a_step_of_a_huge_file_should_be_read_alone() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("huge.png");
    let (steps, plane_bytes) = (1000_u64, 1 << 20);
    let mut file = HandMade::new(1);
    file.header["colours"] = Value::Null;
    for tensor in &mut file.tensors {
        tensor.shape = match tensor.shape.len() {
            4 => vec![steps as usize, 4, 256, 256],
            3 => vec![4, 256, 256],
            _ => vec![steps as usize],
        };
        tensor.bytes = match (tensor.shape.len(), tensor.name.as_str()) {
            (1, "step_index") => (0..steps).flat_map(u64::to_le_bytes).collect(),
            (1, _) => vec![0; 8 * steps as usize],
            _ => Vec::new(), // the last, so that they can be a hole in the file
        };
    }
    file.tensors.sort_by_key(|tensor| tensor.shape.len());
    let bytes = file.bytes();
    let sparse = std::fs::File::create(gallery::trajectory_path(&picture)).unwrap();
    std::io::Write::write_all(&mut &sparse, &bytes).unwrap();
    sparse
        .set_len(bytes.len() as u64 + plane_bytes * (2 * steps + 1))
        .unwrap();

    let header = gallery::read_trajectory_header(&picture).unwrap();
    assert_eq!((header.size.num_steps, header.size.width), (1000, 256));
    let last = gallery::read_steps(&picture, 999..1000).unwrap();
    assert_eq!(
        (last.len(), last[0].index, last[0].x0.values.len()),
        (1, 999, 4 * 256 * 256)
    );
}

#[test]
fn a_file_of_version_1_should_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("old.png");
    let mut old = HandMade::new(1);
    old.header = json!({"version": 1, "seed": u64::MAX, "record": generated_image(request("old")).record});
    std::fs::write(gallery::trajectory_path(&picture), old.bytes()).unwrap();

    let found = gallery::read_trajectory(&picture).unwrap();
    let plane = |start: f32| LatentPlane {
        channels: 1,
        height: 1,
        width: 2,
        values: vec![start, start + 1.0],
    };
    let step = |index: usize, sigma, timestep| {
        Arc::new(StepRecord {
            index,
            sigma,
            timestep,
            x: plane(index as f32 * 2.0),
            x0: plane(10.0 + index as f32 * 2.0),
            branches: None,
            attention: Vec::new(),
            secs: 0.5,
        })
    };
    let expected = Trajectory {
        seed: u64::MAX,
        sigmas: vec![14.5, 2.0, 0.0],
        timesteps: vec![999.0, 500.0],
        steps: vec![step(0, 14.5, 999.0), step(1, 2.0, 500.0)],
        final_latents: plane(20.0),
        tokens: Vec::new(),
        colours: None,
    };
    assert_eq!(found, expected);
    let header = gallery::read_trajectory_header(&picture).unwrap();
    assert_eq!(header.record.request.prompt, "old");
    assert!(header.size.parts.is_thin());
}

/// What is wrong with a file, how it is made so, and what its error must say.
type Hostile = (&'static str, fn(&mut HandMade), &'static str);

const HOSTILE: &[Hostile] = &[
    ("a wrong type", |file| file.tensor("x").dtype = "I32", "expected F32"),
    (
        "no x0",
        |file| file.tensors.retain(|tensor| tensor.name != "x0"),
        "\"x0\" is missing",
    ),
    (
        "infinite noise",
        |file| file.numbers("sigmas", &[f64::INFINITY, 2.0, 0.0]),
        "\"sigmas\" holds inf",
    ),
    (
        "no number",
        |file| file.numbers("sigmas", &[f64::NAN, 2.0, 0.0]),
        "\"sigmas\" holds NaN",
    ),
    (
        "negative noise",
        |file| file.numbers("step_sigma", &[-1.0, 2.0]),
        "\"step_sigma\" holds -1",
    ),
    (
        "no time",
        |file| file.numbers("secs", &[f64::NAN, 2.0]),
        "\"secs\" holds NaN",
    ),
    (
        "too few numbers",
        |file| file.numbers("step_sigma", &[1.0]),
        "expected [2]",
    ),
    (
        "the same step twice",
        |file| file.indices("step_index", &[1, 1]),
        "does not rise",
    ),
    (
        "steps out of order",
        |file| file.indices("step_index", &[1, 0]),
        "does not rise",
    ),
    (
        "a step beyond all runs",
        |file| file.indices("step_index", &[0, u64::MAX]),
        "no place in a run",
    ),
    (
        "a part of no step",
        |file| file.indices("eps_cond_step", &[0, 7]),
        "none of the steps",
    ),
    (
        "more parts than said",
        |file| file.indices("eps_cond_step", &[0]),
        "expected [1, 1, 1, 2]",
    ),
    (
        "an empty part",
        |file| file.indices("attention_step", &[]),
        "\"attention_step\" is empty",
    ),
    (
        "a part alone",
        |file| file.header["parts"]["eps_cond"] = false.into(),
        "without \"eps_cond\"",
    ),
    (
        "too many tokens",
        |file| file.header["tokens"] = json!(["a", "b", "c"]),
        "expected [2, 3, 1, 1]",
    ),
    (
        "a level that is not there",
        |file| file.header["parts"]["attention"] = json!([[9, 9]]),
        "\"attention.9x9\"",
    ),
    (
        "a huge level",
        |file| file.header["parts"]["attention"] = json!([[u64::MAX, 1]]),
        "is missing",
    ),
    (
        "colours of other channels",
        |file| file.header["colours"]["weights"] = json!([[1], [1], [1, 2]]),
        "colours",
    ),
    (
        "colours that are no numbers",
        |file| file.header["colours"]["bias"] = json!([1e40, 0, 0]),
        "out of range",
    ),
    (
        "no latents",
        |file| file.shape("final_latents", &[0, 1 << 40, 1 << 40]),
        "above 0",
    ),
    ("flat latents", |file| file.shape("final_latents", &[2]), "above 0"),
    (
        "other steps",
        |file| file.shape("x", &[2, 2, 1, 1]),
        "expected [2, 1, 1, 2]",
    ),
    (
        "a newer version",
        |file| file.header["version"] = 3.into(),
        "version 3, this program reads up to 2",
    ),
    ("no version", |file| file.header["version"] = Value::Null, "damaged"),
    (
        "a seed that is none",
        |file| file.header["seed"] = (-1).into(),
        "damaged",
    ),
    ("a list", |file| file.header = json!([2]), "damaged"),
    (
        "no checksums",
        |file| file.has_checksums = false,
        "no entry \"hareru.crc32\"",
    ),
];

#[test]
fn hostile_files_should_be_refused_in_one_line_that_ends_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("hostile.png");
    let beside = gallery::trajectory_path(&picture);
    std::fs::write(&beside, HandMade::new(2).bytes()).unwrap();
    let good = gallery::read_trajectory(&picture).unwrap();
    assert!(good.steps[1].branches.is_some() && !good.steps[1].attention.is_empty());

    for (name, spoil, expected) in HOSTILE {
        let mut file = HandMade::new(2);
        spoil(&mut file);
        std::fs::write(&beside, file.bytes()).unwrap();
        let line = gallery::read_trajectory(&picture).expect_err(name).one_line();
        assert!(line.contains(expected), "{name}: {line}");
        assert!(line.ends_with(beside.to_str().unwrap()), "{name}: {line}");
        gallery::read_trajectory_header(&picture).ok();
    }
}

#[test]
fn huge_claims_should_not_be_believed() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("hostile.png");
    let beside = gallery::trajectory_path(&picture);
    let header = |shape: &str, end: &str| {
        format!(
            r#"{{"x":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}},"__metadata__":{{"hareru":"{{}}"}}}}"#
        )
    };
    let with_length = |length: u64, text: &str| [&length.to_le_bytes(), text.as_bytes()].concat();
    let whole = |text: String| with_length(text.len() as u64, &text);
    let files = [
        with_length(u64::MAX, "{}"),
        with_length(1 << 40, "{}"),
        with_length(3, "{}"),
        with_length(0, ""),
        whole("{}".to_owned()),
        whole("[".repeat(100_000)),
        whole(header("[1099511627776]", "4398046511104")),
        whole(header("[18446744073709551615,18446744073709551615]", "0")),
        whole(header("[0]", "18446744073709551615")),
        whole(header("[0]", "-1")),
        b"\x89PNG\r\n\x1a\n not a run".to_vec(),
        Vec::new(),
    ];
    for bytes in files {
        std::fs::write(&beside, &bytes).unwrap();
        for error in errors_of(&picture) {
            assert!(
                matches!(
                    error,
                    GalleryError::TrajectoryFormat { .. } | GalleryError::ForeignTrajectory { .. }
                ),
                "{error:?}"
            );
            assert!(!error.one_line().contains('\n'));
        }
    }
}

/// A trajectory file put together by hand.
struct HandMade {
    header: Value,
    has_checksums: bool,
    tensors: Vec<HandMadeTensor>,
}

struct HandMadeTensor {
    name: String,
    dtype: &'static str,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl HandMade {
    /// Two steps of latents of one channel, one row and two columns; from version 2 on with all parts.
    fn new(version: u32) -> Self {
        let floats = |from: u8, count: u8| -> Vec<u8> {
            let values = (0..count).map(|i| f32::from(from + i));
            values.flat_map(f32::to_le_bytes).collect()
        };
        let numbers = |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
        let places = || [0_u64, 1].into_iter().flat_map(u64::to_le_bytes).collect::<Vec<u8>>();
        let mut tensors = vec![
            ("final_latents", "F32", vec![1, 1, 2], floats(20, 2)),
            ("secs", "F64", vec![2], numbers(&[0.5, 0.5])),
            ("sigmas", "F64", vec![3], numbers(&[14.5, 2.0, 0.0])),
            ("step_index", "U64", vec![2], places()),
            ("step_sigma", "F64", vec![2], numbers(&[14.5, 2.0])),
            ("step_timestep", "F64", vec![2], numbers(&[999.0, 500.0])),
            ("timesteps", "F64", vec![2], numbers(&[999.0, 500.0])),
            ("x", "F32", vec![2, 1, 1, 2], floats(0, 4)),
            ("x0", "F32", vec![2, 1, 1, 2], floats(10, 4)),
        ];
        if version > 1 {
            tensors.extend([
                ("eps_cond", "F16", vec![2, 1, 1, 2], vec![0; 8]),
                ("eps_cond_step", "U64", vec![2], places()),
                ("eps_uncond", "F16", vec![2, 1, 1, 2], vec![0; 8]),
                ("eps_uncond_step", "U64", vec![2], places()),
                ("attention.1x1", "F16", vec![2, 2, 1, 1], vec![0; 8]),
                ("attention_step", "U64", vec![2], places()),
            ]);
        }
        Self {
            header: json!({
                "version": version,
                "seed": 3,
                "record": generated_image(request("by hand")).record,
                "tokens": if version > 1 { json!(["a", "b"]) } else { json!([]) },
                "colours": {"weights": [[1], [1], [1]], "bias": [0, 0, 0]},
                "parts": if version > 1 {
                    json!({"eps_cond": true, "eps_uncond": true, "attention": [[1, 1]]})
                } else {
                    json!({})
                },
            }),
            has_checksums: version > 1,
            tensors: tensors
                .into_iter()
                .map(|(name, dtype, shape, bytes)| HandMadeTensor {
                    name: name.to_owned(),
                    dtype,
                    shape,
                    bytes,
                })
                .collect(),
        }
    }

    fn tensor(&mut self, name: &str) -> &mut HandMadeTensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap()
    }

    fn shape(&mut self, name: &str, shape: &[usize]) {
        let tensor = self.tensor(name);
        tensor.shape = shape.to_vec();
        if shape.contains(&0) {
            tensor.bytes.clear();
        }
    }

    fn numbers(&mut self, name: &str, values: &[f64]) {
        self.shape(name, &[values.len()]);
        self.tensor(name).bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    }

    fn indices(&mut self, name: &str, values: &[u64]) {
        self.shape(name, &[values.len()]);
        self.tensor(name).bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    }

    fn bytes(&self) -> Vec<u8> {
        let mut checksums = serde_json::Map::new();
        let mut entries = serde_json::Map::new();
        let mut data = Vec::new();
        let mut offset = 0_usize;
        for HandMadeTensor {
            name,
            dtype,
            shape,
            bytes,
        } in &self.tensors
        {
            let bits = match *dtype {
                "F16" => 2,
                "F32" | "I32" => 4,
                _ => 8,
            };
            let length = bits
                * shape
                    .iter()
                    .fold(1_usize, |product, side| product.saturating_mul(*side));
            let rows = if shape.len() == 4 { shape[0] } else { 1 };
            let row_len = (bytes.len() / rows.max(1)).max(1);
            let crcs: Vec<u32> = bytes.chunks(row_len).map(crc32).collect();
            checksums.insert(name.clone(), json!(crcs));
            entries.insert(
                name.clone(),
                json!({"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + length]}),
            );
            offset += length;
            data.extend_from_slice(bytes);
        }
        let header = self.header.to_string();
        let mut metadata = json!({"hareru": header});
        if self.has_checksums {
            let checksums = json!({"header": crc32(header.as_bytes()), "tensors": checksums});
            metadata["hareru.crc32"] = checksums.to_string().into();
        }
        entries.insert("__metadata__".to_owned(), metadata);
        let text = Value::Object(entries).to_string();
        [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &data].concat()
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
