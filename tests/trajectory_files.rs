//! Kept runs on disk: what is written comes back, what is torn or rotten is refused.

mod hand_made;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use half::f16;
use hareru::gallery::{self, GalleryError, KeptParts};
use hareru::job::{
    Branches, GenerateRequest, GeneratedImage, LatentColours, LatentPlane, StepRecord, TokenMaps, Trajectory,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

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

/// Saves a run and says where its trajectory is.
pub(crate) fn saved(folder: &Path, image: &GeneratedImage) -> (PathBuf, PathBuf) {
    let picture = gallery::save(folder, image).unwrap().path;
    let beside = gallery::trajectory_path(&picture);
    (picture, beside)
}
