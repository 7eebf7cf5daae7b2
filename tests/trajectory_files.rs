//! Kept runs on disk: what is written comes back, what is hostile is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use half::f16;
use hareru::gallery::{self, GalleryError, KeptParts};
use hareru::job::{
    Branches, GenerateRequest, GeneratedImage, LatentColours, LatentPlane, StepRecord, TokenMaps, Trajectory,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::support::generated_image;

#[test]
fn every_part_should_survive_alone_and_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    for parts in 0..8_u8 {
        let mut image = run_with_all_parts("a boat");
        edit(&mut image, |run| keep_parts(run, parts));
        let path = gallery::save(folder.path(), &image).unwrap().path;
        let found = gallery::read_trajectory(&path).unwrap();
        assert_eq!(found, in_half_precision(&image.trajectory), "parts {parts:03b}");

        let header = gallery::read_trajectory_header(&path).unwrap();
        assert_eq!(header.record, image.record);
        assert_eq!(header.tokens, image.trajectory.tokens);
        assert_eq!(header.colours, image.trajectory.colours);
        let has = |part: u8| parts & part != 0;
        let expected = KeptParts {
            eps_cond: has(COND | UNCOND),
            eps_uncond: has(UNCOND),
            attention: if has(ATTENTION) {
                vec![(2, 3), (1, 2)]
            } else {
                Vec::new()
            },
        };
        let size = &header.size;
        assert_eq!(size.parts, expected);
        assert_eq!(size.parts.is_thin(), parts == 0);
        assert_eq!((size.num_steps, size.channels, size.height, size.width), (3, 4, 2, 3));
        let beside = std::fs::metadata(gallery::trajectory_path(&path)).unwrap();
        assert_eq!(size.bytes, beside.len());
    }
}

#[test]
fn x_and_x0_should_keep_their_bits_and_the_rest_be_the_nearest_half() {
    let folder = tempfile::tempdir().unwrap();
    let mut image = run_with_all_parts("a boat");
    let awkward = [
        -0.0,
        f32::MIN_POSITIVE / 8.0,
        1e-8,
        1e30,
        -1e30,
        f32::INFINITY,
        65504.0,
        0.1,
    ];
    edit(&mut image, |run| {
        let step = step_mut(run, 0);
        for plane in [&mut step.x, &mut step.branches.as_mut().unwrap().cond] {
            plane.values[..8].copy_from_slice(&awkward);
        }
        step.x.values[8] = f32::NAN;
    });
    let path = gallery::save(folder.path(), &image).unwrap().path;
    let found = gallery::read_trajectory(&path).unwrap();
    let (wrote, read) = (&image.trajectory.steps[0], &found.steps[0]);
    let bits = |plane: &LatentPlane| plane.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&wrote.x), bits(&read.x));
    assert_eq!(bits(&wrote.x0), bits(&read.x0));

    let (wrote, read) = (
        &wrote.branches.as_ref().unwrap().cond,
        &read.branches.as_ref().unwrap().cond,
    );
    let largest = f32::from(f16::MAX);
    for (wrote, read) in wrote.values.iter().zip(&read.values) {
        let nearest = wrote.clamp(-largest, largest);
        // Half a unit in the last of 11 places, or of the smallest subnormal, 2⁻²⁴.
        let bound = (nearest.abs() * 2f32.powi(-11)).max(2f32.powi(-25));
        assert!((read - nearest).abs() <= bound, "{wrote} came back as {read}");
    }
}

#[test]
fn some_steps_should_be_read_without_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = gallery::save(folder.path(), &run_with_all_parts("a boat"))
        .unwrap()
        .path;
    let whole = gallery::read_trajectory(&path).unwrap().steps;
    for (places, expected) in [
        (0..1, &whole[..1]),
        (1..3, &whole[1..]),
        (2..99, &whole[2..]),
        (7..9, &[]),
        (0..usize::MAX, &whole[..]),
    ] {
        let read = gallery::read_steps(&path, places).unwrap();
        assert!(read.iter().eq(expected.iter().map(AsRef::as_ref)), "{read:?}");
    }
}

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

#[test]
fn a_torn_file_should_be_refused_at_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = gallery::save(folder.path(), &run_with_all_parts("a boat"))
        .unwrap()
        .path;
    let beside = gallery::trajectory_path(&path);
    let whole = std::fs::read(&beside).unwrap();
    for length in (0..whole.len()).step_by(64) {
        std::fs::write(&beside, &whole[..length]).unwrap();
        for error in errors_of(&path) {
            assert!(
                matches!(error, GalleryError::TrajectoryFormat { .. }),
                "{length}: {error:?}"
            );
        }
    }
}

#[test]
fn a_rotten_file_should_give_the_run_or_an_error_but_no_other_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = gallery::save(folder.path(), &run_with_all_parts("a boat"))
        .unwrap()
        .path;
    let beside = gallery::trajectory_path(&path);
    let whole = std::fs::read(&beside).unwrap();
    let expected = gallery::read_trajectory(&path).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut num_refused = 0;
    for round in 0..1000 {
        let mut bytes = whole.clone();
        for _ in 0..=round % 3 {
            let at = random.next_u64() as usize % bytes.len();
            bytes[at] ^= 1 << (random.next_u32() % 8);
        }
        std::fs::write(&beside, &bytes).unwrap();
        match gallery::read_trajectory(&path) {
            Ok(found) => assert_eq!(found, expected, "round {round}"),
            Err(error) => {
                assert!(error.one_line().ends_with("safetensors") || error.one_line().contains(": "));
                num_refused += 1;
            }
        }
        gallery::read_trajectory_header(&path).ok();
        gallery::read_run(&path).ok();
    }
    assert!(num_refused > 800, "only {num_refused} were noticed");
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

#[test]
fn an_uneven_run_should_not_be_written_but_its_picture_should() {
    let spoil: [fn(&mut Trajectory); 6] = [
        |run| step_mut(run, 1).x0.width = 2,
        |run| run.final_latents.values.clear(),
        |run| step_mut(run, 0).branches.as_mut().unwrap().cond.values.truncate(3),
        |run| step_mut(run, 0).attention[1].tokens = 2,
        |run| run.tokens.truncate(1),
        |run| step_mut(run, 0).attention.truncate(1),
    ];
    for spoil in spoil {
        let folder = tempfile::tempdir().unwrap();
        let mut image = run_with_all_parts("a boat");
        edit(&mut image, spoil);
        let saved = gallery::save(folder.path(), &image).unwrap();
        assert!(
            matches!(saved.trajectory, Err(GalleryError::UnevenTrajectory)),
            "{:?}",
            saved.trajectory
        );
        assert_eq!(gallery::read_picture(&saved.path).unwrap(), *image.pixels);
        assert!(matches!(
            gallery::read_trajectory(&saved.path),
            Err(GalleryError::NoTrajectory { .. })
        ));
        let day_folder = saved.path.parent().unwrap();
        assert_eq!(
            std::fs::read_dir(day_folder).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }
}

#[test]
fn a_picture_without_a_run_should_not_take_over_the_run_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run_with_all_parts("a boat");
    let mut uneven = whole.clone();
    edit(&mut uneven, |run| run.tokens.clear());

    let out = folder.path().join("out.png");
    gallery::save_as(&out, &whole).unwrap();
    gallery::save_as(&out, &uneven).unwrap();
    assert!(matches!(
        gallery::read_trajectory(&out),
        Err(GalleryError::NoTrajectory { .. })
    ));

    let first = gallery::save(folder.path(), &whole).unwrap().path;
    std::fs::remove_file(&first).unwrap(); // its trajectory stays
    let second = gallery::save(folder.path(), &uneven).unwrap().path;
    assert_ne!(first, second);
}

#[test]
fn a_run_should_be_that_of_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["aaaa", "bbbb"].map(|run_id| {
        let mut image = run_with_all_parts(run_id);
        image.record.run_id = run_id.to_owned();
        let path = gallery::save(folder.path(), &image).unwrap().path;
        let run = gallery::read_run(&path).unwrap();
        assert_eq!(run.record, image.record);
        assert_eq!(*run.trajectory, in_half_precision(&image.trajectory));
        path
    });
    std::fs::copy(gallery::trajectory_path(&first), gallery::trajectory_path(&second)).unwrap();
    let error = gallery::read_run(&second).unwrap_err();
    assert!(
        matches!(&error, GalleryError::OtherRun { expected, found, .. } if expected == "bbbb" && found == "aaaa"),
        "{error:?}"
    );
}

const COND: u8 = 1;
const UNCOND: u8 = 2;
const ATTENTION: u8 = 4;

fn request(prompt: &str) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_owned(),
        width_px: 16,
        height_px: 8,
        ..GenerateRequest::default()
    }
}

/// A step of a run, to be changed.
fn step_mut(run: &mut Trajectory, place: usize) -> &mut StepRecord {
    Arc::make_mut(&mut run.steps[place])
}

/// A run of three steps: the first has everything, the second less, the third only x and x₀.
pub(crate) fn run_with_all_parts(prompt: &str) -> GeneratedImage {
    let mut image = generated_image(request(prompt));
    edit(&mut image, |run| {
        let mut third = StepRecord::clone(&run.steps[1]);
        third.index = 4;
        run.steps.push(Arc::new(third));
        let shape = run.final_latents.clone();
        let plane = |start: f32| LatentPlane {
            values: (0..24).map(|i| (start + i as f32).sin()).collect(),
            ..shape.clone()
        };
        let maps = |height: usize, width: usize| TokenMaps {
            tokens: 3,
            height,
            width,
            values: (0..3 * height * width).map(|i| 1.0 / (i + 1) as f32).collect(),
        };
        step_mut(run, 0).branches = Some(Branches {
            cond: plane(0.3),
            uncond: Some(plane(0.7)),
        });
        step_mut(run, 0).attention = vec![maps(2, 3), maps(1, 2)];
        step_mut(run, 1).branches = Some(Branches {
            cond: plane(0.9),
            uncond: None,
        });
        step_mut(run, 1).attention = vec![maps(2, 3), maps(1, 2)];
        run.tokens = ["<start>", "海 \"x\"", ""].map(str::to_owned).to_vec();
        run.colours = Some(LatentColours {
            weights: vec![
                vec![0.1, 0.2, 0.3, -0.4],
                vec![1.0 / 3.0; 4],
                vec![f32::MIN_POSITIVE; 4],
            ],
            bias: [-0.1, 0.0, 1e-9],
        });
    });
    image
}

fn edit(image: &mut GeneratedImage, change: impl FnOnce(&mut Trajectory)) {
    change(Arc::make_mut(&mut image.trajectory));
}

/// Takes out what is not among `parts`.
fn keep_parts(run: &mut Trajectory, parts: u8) {
    if parts & ATTENTION == 0 {
        run.tokens.clear();
    }
    for step in run.steps.iter_mut().map(Arc::make_mut) {
        if parts & ATTENTION == 0 {
            step.attention.clear();
        }
        if parts & (COND | UNCOND) == 0 {
            step.branches = None;
        } else if let Some(branches) = &mut step.branches
            && parts & UNCOND == 0
        {
            branches.uncond = None;
        }
    }
}

/// What should come back of it.
pub(crate) fn in_half_precision(run: &Trajectory) -> Trajectory {
    let mut run = run.clone();
    for step in run.steps.iter_mut().map(Arc::make_mut) {
        let branches = step.branches.iter_mut();
        let planes = branches.flat_map(|branches| std::iter::once(&mut branches.cond).chain(&mut branches.uncond));
        let maps = step.attention.iter_mut().map(|maps| &mut maps.values);
        for value in planes.map(|plane| &mut plane.values).chain(maps).flatten() {
            *value = f16::from_f32(*value).to_f32();
        }
    }
    run
}

/// What each way to read a broken trajectory says.
fn errors_of(picture: &Path) -> [GalleryError; 4] {
    [
        gallery::read_trajectory(picture).unwrap_err(),
        gallery::read_trajectory_header(picture).unwrap_err(),
        gallery::read_steps(picture, 0..1).unwrap_err(),
        gallery::read_run(picture).unwrap_err(),
    ]
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

/// Saves a run and says where its trajectory is.
pub(crate) fn saved(folder: &Path, image: &GeneratedImage) -> (PathBuf, PathBuf) {
    let picture = gallery::save(folder, image).unwrap().path;
    let beside = gallery::trajectory_path(&picture);
    (picture, beside)
}
