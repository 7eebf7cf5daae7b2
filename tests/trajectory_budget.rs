//! Trajectories within a budget: the oldest are thinned, then dropped; pictures stay as they are.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hareru::gallery::{self, BudgetReport, GalleryError, SaveEvent, TrashPlace, UserMetadata, Writer, WriterOptions};
use hareru::job::{GeneratedImage, Trajectory};

#[cfg(target_os = "linux")]
use crate::gallery_store::SmallDisk;
use crate::trajectory_files::{in_half_precision, run_with_all_parts, saved};

/// Runs of five days; each trajectory a day older than the next.
struct Gallery {
    folder: tempfile::TempDir,
    pictures: Vec<PathBuf>,
    trajectories: Vec<PathBuf>,
    /// Of one trajectory, whole and thin.
    whole_bytes: u64,
    thin_bytes: u64,
}

const DAY: Duration = Duration::from_hours(24);
const RUNS: usize = 5;

impl Gallery {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut pictures, mut trajectories) = (Vec::new(), Vec::new());
        let start = SystemTime::now() - DAY * 30;
        // The youngest first, so that the order of the folder is not that of age.
        for age in 0..RUNS as u32 {
            let (picture, beside) = saved(folder.path(), &run(age));
            File::options()
                .write(true)
                .open(&beside)
                .unwrap()
                .set_modified(start - DAY * age)
                .unwrap();
            pictures.insert(0, picture);
            trajectories.insert(0, beside);
        }
        let scratch = tempfile::tempdir().unwrap();
        let mut thin = run(0);
        thin.trajectory = Arc::new(thinned(&thin.trajectory));
        let (_, beside) = saved(scratch.path(), &thin);
        Self {
            whole_bytes: size(&trajectories[0]),
            thin_bytes: size(&beside),
            folder,
            pictures,
            trajectories,
        }
    }

    fn within(&self, budget_bytes: u64) -> BudgetReport {
        let report = gallery::keep_within_budget(self.folder.path(), budget_bytes, TrashPlace::Folder);
        assert_eq!(report.bytes_after, gallery::trajectory_bytes(self.folder.path()));
        assert!(report.bytes_after <= budget_bytes);
        report
    }
}

#[test]
fn the_oldest_should_be_thinned_first_and_only_then_be_dropped() {
    let gallery = Gallery::new();
    let Gallery {
        trajectories,
        whole_bytes,
        thin_bytes,
        ..
    } = &gallery;
    let pictures_before = contents(&gallery.pictures);
    let ages_before: Vec<_> = trajectories.iter().map(|path| modified(path)).collect();
    let total = RUNS as u64 * whole_bytes;
    assert_eq!(gallery.within(total), report(total, total, &[], &[]), "it fits");

    let saved_bytes = whole_bytes - thin_bytes;
    let after = total - 2 * saved_bytes;
    assert_eq!(
        gallery.within(total - saved_bytes - 1),
        report(total, after, &trajectories[..2], &[])
    );
    let before = after;
    let after = RUNS as u64 * thin_bytes;
    assert_eq!(gallery.within(after), report(before, after, &trajectories[2..], &[]));
    let ages: Vec<_> = trajectories.iter().map(|path| modified(path)).collect();
    assert_eq!(ages, ages_before, "thinning makes nothing younger");

    let before = after;
    let after = 2 * thin_bytes;
    assert_eq!(
        gallery.within(2 * thin_bytes + 1),
        report(before, after, &[], &trajectories[..3])
    );
    assert_eq!(gallery.within(0), report(after, 0, &[], &trajectories[3..]));
    assert_eq!(contents(&gallery.pictures), pictures_before);
    assert!(matches!(
        gallery::read_trajectory(&gallery.pictures[0]),
        Err(GalleryError::NoTrajectory { .. })
    ));
}

#[test]
fn a_thinned_run_should_keep_x_and_x0_bit_for_bit_and_its_record() {
    let gallery = Gallery::new();
    gallery.within(RUNS as u64 * gallery.thin_bytes);
    let image = run(RUNS as u32 - 1);
    let kept = gallery::read_run(&gallery.pictures[0]).unwrap();
    assert_eq!(*kept.trajectory, thinned(&image.trajectory));
    assert_eq!(kept.record, image.record);
    assert!(kept.trajectory.steps[1].x.values[0].is_sign_negative(), "-0 stays");
}

#[test]
fn what_is_kept_or_not_understood_should_be_left_alone() {
    let gallery = Gallery::new();
    let day_folder = gallery.pictures[0].parent().unwrap();
    let whole = std::fs::read(&gallery.trajectories[0]).unwrap();
    let text = String::from_utf8_lossy(&whole);
    let version = text.find(r#"{\"version\":2,"#).unwrap() + r#"{\"version\":"#.len();
    let mut newer = whole.clone();
    newer[version] = b'3';
    let others = [
        ("newer.trajectory.safetensors", newer),
        ("torn.trajectory.safetensors", whole[..whole.len() / 2].to_vec()),
        ("foreign.trajectory.safetensors", b"notes of mine".to_vec()),
        ("model.safetensors", whole.clone()),
        (".hareru-aB3dE6.part", whole[..whole.len() / 3].to_vec()), // a thinning that was killed
    ];
    for (name, bytes) in &others {
        std::fs::write(day_folder.join(name), bytes).unwrap();
    }
    let kept = gallery.pictures[1].clone();
    // The name of a trajectory does not say of what kind its picture is.
    let jpeg = gallery.pictures[2].with_extension("jpg");
    std::fs::rename(&gallery.pictures[2], &jpeg).unwrap();
    let kept_by = [
        (&kept, favourite()),
        (
            &jpeg,
            UserMetadata {
                rating: 1,
                ..UserMetadata::default()
            },
        ),
    ];
    for (picture, user_metadata) in kept_by {
        gallery::write_user_metadata(picture, &user_metadata, None).unwrap();
    }
    std::fs::write(gallery::user_metadata_path(&gallery.pictures[3], None).unwrap(), "torn").unwrap();
    let tagged = UserMetadata {
        tags: ["boat".to_owned()].into(),
        ..UserMetadata::default()
    };
    gallery::write_user_metadata(&gallery.pictures[4], &tagged, None).unwrap();
    let report = gallery::keep_within_budget(gallery.folder.path(), 0, TrashPlace::Folder);
    assert_eq!((report.bytes_after, report.dropped.len()), (0, RUNS - 3));
    for place in 1..4 {
        assert!(
            gallery.trajectories[place].exists(),
            "run {place} is a favourite's, rated, or has unreadable words of its owner"
        );
    }
    for (name, bytes) in &others {
        assert_eq!(&std::fs::read(day_folder.join(name)).unwrap(), bytes, "{name}");
    }
    assert_eq!(
        gallery::read_trajectory(&kept).unwrap(),
        in_half_precision(&run(3).trajectory)
    );
    assert_eq!(gallery::newest_pictures(gallery.folder.path(), 99).len(), RUNS);
}

#[test]
fn a_reader_should_find_the_run_whole_or_thin_or_gone() {
    let folder = tempfile::tempdir().unwrap();
    let image = run(0);
    let (whole, thin) = (in_half_precision(&image.trajectory), thinned(&image.trajectory));
    let picture = folder.path().join("run.png");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut num_read = 0;
            while !is_over.load(Ordering::Relaxed) {
                match gallery::read_trajectory(&picture) {
                    Ok(found) => assert!(found == whole || found == thin, "a run that never was"),
                    Err(error) => assert!(matches!(error, GalleryError::NoTrajectory { .. }), "{error:?}"),
                }
                num_read += 1;
            }
            num_read
        });
        for _ in 0..40 {
            gallery::save_as(&picture, &image).unwrap();
            let size = size(&gallery::trajectory_path(&picture));
            gallery::keep_within_budget(folder.path(), size - 1, TrashPlace::Folder);
            gallery::keep_within_budget(folder.path(), 0, TrashPlace::Folder);
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
}

#[test]
fn a_run_saved_over_one_that_is_being_thinned_should_win() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("run.png");
    let (first, second) = (run(0), run(1));
    let (first_whole, second_whole) = (
        in_half_precision(&first.trajectory),
        in_half_precision(&second.trajectory),
    );
    assert_ne!(first_whole, second_whole);
    for _ in 0..60 {
        gallery::save_as(&picture, &first).unwrap();
        let budget_bytes = size(&gallery::trajectory_path(&picture)) - 1;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| gallery::keep_within_budget(folder.path(), budget_bytes, TrashPlace::Folder));
            }
            gallery::save_as(&picture, &second).unwrap();
        });
        let found = gallery::read_run(&picture).unwrap();
        assert!(
            *found.trajectory == second_whole || *found.trajectory == thinned(&second.trajectory),
            "the run that was saved last is lost"
        );
        assert_eq!(found.record, second.record);
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing is left behind"
    );
}

#[test]
fn two_programs_should_keep_one_gallery_within_its_budget_and_lose_no_picture() {
    const EACH: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let one = tempfile::tempdir().unwrap();
    let budget_bytes = 6 * size(&saved(one.path(), &run(0)).1);
    let start = || {
        let options = WriterOptions {
            trajectory_budget_bytes: Some(budget_bytes),
            trash: TrashPlace::Folder,
            ..WriterOptions::default()
        };
        Writer::start_with(folder.path().to_owned(), options, || {}).unwrap()
    };
    let writers = [start(), start()];
    for number in 0..EACH as u32 {
        for writer in &writers {
            writer.save(Arc::new(run(number)));
        }
    }
    let mut num_saved = 0;
    wait_until(|| {
        for event in writers.iter().filter_map(Writer::poll) {
            match event {
                SaveEvent::Saved { .. } => num_saved += 1,
                SaveEvent::Listed(_) => {}
                other => panic!("{other:?}"),
            }
        }
        num_saved == 2 * EACH
    });
    drop(writers);
    let last = start(); // what was left to do when the others ended is done at the next start
    wait_until(|| gallery::trajectory_bytes(folder.path()) <= budget_bytes);
    drop(last);

    let pictures = gallery::newest_pictures(folder.path(), usize::MAX);
    assert_eq!(pictures.len(), 2 * EACH);
    let mut num_runs = 0;
    for picture in &pictures {
        gallery::read_picture(picture).unwrap();
        match gallery::read_run(picture) {
            Ok(_) => num_runs += 1,
            Err(error) => assert!(matches!(error, GalleryError::NoTrajectory { .. }), "{error:?}"),
        }
    }
    assert!(
        num_runs >= 6,
        "only {num_runs} runs are left of a budget for six whole ones"
    );
}

/// Needs a file system that can be filled; made where the test may mount one, else passed over with a note.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_thinning_should_leave_the_run_whole_until_room_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = SmallDisk::mount(folder.path()) else {
        writeln!(
            std::io::stderr(),
            "no right to mount a small disk: the full disk is not tested"
        )
        .unwrap();
        return;
    };
    let (picture, beside) = saved(folder.path(), &run(0));
    let filler = folder.path().join("filler");
    let mut file = File::create(&filler).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}

    let whole_bytes = size(&beside);
    let report = gallery::keep_within_budget(folder.path(), whole_bytes - 1, TrashPlace::Folder);
    assert_eq!(
        (report.thinned.len(), report.dropped.len()),
        (0, 1),
        "room is made all the same"
    );

    drop(file);
    std::fs::remove_file(&filler).unwrap();
    gallery::save_as(&picture, &run(0)).unwrap();
    let report = gallery::keep_within_budget(folder.path(), whole_bytes - 1, TrashPlace::Folder);
    assert_eq!((report.thinned.len(), report.dropped.len()), (1, 0));
    assert_eq!(
        *gallery::read_run(&picture).unwrap().trajectory,
        thinned(&run(0).trajectory)
    );
    let day_folder = picture.parent().unwrap();
    assert_eq!(
        std::fs::read_dir(day_folder).unwrap().count(),
        2,
        "nothing is left behind"
    );
}

#[test]
fn the_writer_should_mind_its_budget_between_its_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let options = WriterOptions {
        trash: TrashPlace::Folder,
        ..WriterOptions::default()
    };
    let writer = Writer::start_with(folder.path().to_owned(), options, || {}).unwrap();
    let image = Arc::new(run(0));
    for _ in 0..3 {
        writer.save(Arc::clone(&image));
    }
    writer.set_trajectory_budget(1);
    wait_until(|| matches!(writer.poll(), Some(SaveEvent::Saved { .. })));
    wait_until(|| gallery::trajectory_bytes(folder.path()) == 0);
    writer.save(Arc::clone(&image));
    wait_until(|| gallery::newest_pictures(folder.path(), 9).len() == 4);
    wait_until(|| gallery::trajectory_bytes(folder.path()) == 0);
    wait_until(|| files_below(&folder.path().join(".hareru/trash")).len() == 4); // those of new runs too

    let mut uneven = run(1);
    Arc::make_mut(&mut uneven.trajectory).final_latents.width = 1;
    writer.save(Arc::new(uneven));
    let mut last_saved = None;
    wait_until(|| match writer.poll() {
        Some(SaveEvent::Saved { path, .. }) => {
            last_saved = Some(path);
            false
        }
        Some(SaveEvent::RunNotKept { path, message }) => {
            assert_eq!(Some(path), last_saved);
            assert!(!message.contains('\n'));
            true
        }
        _ => false,
    });
}

#[test]
fn the_writer_should_sweep_up_what_was_left_half_written_long_ago() {
    let folder = tempfile::tempdir().unwrap();
    let [old, young, other] =
        [".hareru-aaaaaa.part", ".hareru-bbbbbb.part", ".other-aaaaaa.part"].map(|name| folder.path().join(name));
    for path in [&old, &young, &other] {
        std::fs::write(path, "half").unwrap();
    }
    for path in [&old, &other] {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - DAY * 2).unwrap();
    }
    let _writer = Writer::start(folder.path().to_owned(), || {}).unwrap();
    wait_until(|| !old.exists());
    assert!(young.exists() && other.exists());
}

fn run(number: u32) -> GeneratedImage {
    let mut image = run_with_all_parts("a boat");
    image.record.run_id = format!("{number:08}");
    image.record.created_unix_secs += u64::from(number) * DAY.as_secs();
    let trajectory = Arc::make_mut(&mut image.trajectory);
    trajectory.seed = u64::from(number);
    Arc::make_mut(&mut trajectory.steps[0]).x.values[0] = number as f32;
    image
}

fn thinned(run: &Trajectory) -> Trajectory {
    let mut run = run.clone();
    run.tokens.clear();
    for step in run.steps.iter_mut().map(Arc::make_mut) {
        step.branches = None;
        step.attention.clear();
    }
    run
}

fn report(bytes_before: u64, bytes_after: u64, thinned: &[PathBuf], dropped: &[PathBuf]) -> BudgetReport {
    BudgetReport {
        bytes_before,
        bytes_after,
        thinned: thinned.to_vec(),
        dropped: dropped.to_vec(),
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

fn modified(path: &Path) -> SystemTime {
    std::fs::metadata(path).unwrap().modified().unwrap()
}

fn contents(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_forecast_should_say_what_a_budget_takes_and_take_nothing() {
    let gallery = Gallery::new();
    let folder = gallery.folder.path();
    let total = RUNS as u64 * gallery.whole_bytes;
    let before = contents(&gallery.trajectories);
    // Room for two thin runs and not for a third, whatever the headers that the forecast counts too much.
    let room_for_two = 3 * gallery.thin_bytes - 1;
    for budget_bytes in [total, total - 1, room_for_two, 0] {
        let forecast = gallery::forecast_budget(folder, budget_bytes);
        assert_eq!(contents(&gallery.trajectories), before, "a forecast changes no file");
        let copy = tempfile::tempdir().unwrap();
        for path in &gallery.trajectories {
            let copied = copy.path().join(path.strip_prefix(folder).unwrap());
            std::fs::create_dir_all(copied.parent().unwrap()).unwrap();
            std::fs::copy(path, &copied).unwrap();
            let file = File::options().write(true).open(&copied).unwrap();
            file.set_modified(modified(path)).unwrap();
        }
        let done = gallery::keep_within_budget(copy.path(), budget_bytes, TrashPlace::Folder);
        let inside = |paths: &[PathBuf], root: &Path| {
            paths
                .iter()
                .map(|path| path.strip_prefix(root).unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            inside(&forecast.thinned, folder),
            inside(&done.thinned, copy.path()),
            "budget of {budget_bytes}"
        );
        assert_eq!(
            inside(&forecast.dropped, folder),
            inside(&done.dropped, copy.path()),
            "budget of {budget_bytes}"
        );
        assert_eq!(forecast.bytes_before, done.bytes_before);
        assert!(
            forecast.bytes_after.abs_diff(done.bytes_after) < 1024 * RUNS as u64,
            "{} against {}",
            forecast.bytes_after,
            done.bytes_after
        );
    }
}

#[test]
fn a_lowered_budget_should_put_runs_into_the_trash_and_say_so() {
    let gallery = Gallery::new();
    let folder = gallery.folder.path();
    let options = WriterOptions {
        trajectory_budget_bytes: Some(RUNS as u64 * gallery.whole_bytes),
        trash: TrashPlace::Folder,
        ..WriterOptions::default()
    };
    let writer = Writer::start_with(folder.to_owned(), options, || {}).unwrap();
    writer.forecast_trajectory_budget(0);
    let mut forecast = None;
    wait_until(|| {
        if let Some(SaveEvent::BudgetForecast {
            budget_bytes: 0,
            report,
        }) = writer.poll()
        {
            forecast = Some(report);
        }
        forecast.is_some()
    });
    assert_eq!(forecast.unwrap().dropped, gallery.trajectories);
    assert!(
        gallery.trajectories.iter().all(|path| path.exists()),
        "nothing is done yet"
    );

    writer.set_trajectory_budget(0);
    let mut applied = None;
    wait_until(|| {
        if let Some(SaveEvent::BudgetApplied(report)) = writer.poll() {
            applied = Some(report);
        }
        applied.is_some()
    });
    assert_eq!(applied.unwrap().dropped, gallery.trajectories);
    assert!(gallery.trajectories.iter().all(|path| !path.exists()));
    let mut trashed = files_below(&folder.join(".hareru/trash"));
    trashed.sort();
    let mut expected: Vec<_> = gallery
        .trajectories
        .iter()
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    expected.sort();
    assert_eq!(trashed, expected, "every run can be brought back");
}

#[test]
fn a_budget_that_was_not_kept_yet_should_put_runs_into_the_trash_at_the_next_start() {
    let gallery = Gallery::new();
    let favourite_run = &gallery.trajectories[0];
    gallery::write_user_metadata(&gallery.pictures[0], &favourite(), None).unwrap();
    let options = WriterOptions {
        trash: TrashPlace::Folder,
        ..WriterOptions::default()
    };
    let writer = Writer::start_with(gallery.folder.path().to_owned(), options, || {}).unwrap();
    writer.set_trajectory_budget(1);
    wait_until(|| gallery::trajectory_bytes(gallery.folder.path()) == 0);
    drop(writer);
    let trashed = files_below(&gallery.folder.path().join(".hareru/trash"));
    assert_eq!(trashed.len(), RUNS - 1, "every run can be brought back: {trashed:?}");
    assert!(favourite_run.exists(), "the run of a favourite stays");
}

fn favourite() -> UserMetadata {
    UserMetadata {
        is_favourite: true,
        ..UserMetadata::default()
    }
}

fn files_below(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(files_below(&path));
        } else {
            names.push(path.file_name().unwrap().to_owned());
        }
    }
    names
}

#[cfg(unix)]
#[test]
fn runs_should_count_at_any_depth_once_and_never_beyond_a_link() {
    let gallery = Gallery::new();
    let before = gallery::trajectory_bytes(gallery.folder.path());
    let deep = gallery.folder.path().join("series/blue/night");
    let (_, beside) = saved(&deep, &run(0));
    let expected = before + size(&beside);
    let elsewhere = Gallery::new();
    std::os::unix::fs::symlink(elsewhere.folder.path(), deep.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(gallery.folder.path(), deep.join("loop")).unwrap();
    assert_eq!(gallery::trajectory_bytes(gallery.folder.path()), expected);

    let report = gallery.within(0);
    assert_eq!(report.dropped.len(), RUNS + 1, "the deep one too");
    assert!(!beside.exists());
    let total = RUNS as u64 * elsewhere.whole_bytes;
    assert_eq!(
        gallery::trajectory_bytes(elsewhere.folder.path()),
        total,
        "what lies elsewhere stays"
    );
}
