//! Two programs and a window that work on one gallery at the same time, against a model of what must come of it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use hareru::gallery::{self, EntryId, IndexEvent, IndexRequest, MetadataChange};
use hareru::job::GenerateRequest;
use proptest::prelude::*;

use super::library::{Library, files_below, small_request};
use crate::support::generated_image;

/// Tells a child which gallery it works on.
const FOLDER: &str = "HARERU_TEST_SHARED_GALLERY";
/// Programs, the window among them.
const NUM_PROGRAMS: usize = 3;

/// What a program does next; places count the pictures that nobody else works on in the same round.
#[derive(Debug, Clone)]
enum Wish {
    Save,
    Rate(usize, u8),
    Trash(usize),
    Undo,
}

fn wishes() -> impl Strategy<Value = Wish> {
    prop_oneof![
        3 => Just(Wish::Save),
        3 => (any::<usize>(), 0..=5_u8).prop_map(|(place, stars)| Wish::Rate(place, stars)),
        2 => any::<usize>().prop_map(Wish::Trash),
        1 => Just(Wish::Undo),
    ]
}

/// One thing to do, as a line of text: `save SEED`, `rate STARS PATH`, `trash PATH`, `undo`.
fn carry_out(library: &Library, folder: &Path, line: &str) -> String {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let done = |event: &IndexEvent| match event {
        IndexEvent::Changed(_) | IndexEvent::Trashed { .. } | IndexEvent::Restored { .. } => Some(()),
        IndexEvent::Failed { message } => panic!("{message}"),
        _ => None,
    };
    match verb {
        "save" => {
            let request = GenerateRequest {
                seed: rest.parse().unwrap(),
                ..small_request()
            };
            let path = gallery::save(folder, &generated_image(request)).unwrap().path;
            library.request(IndexRequest::AddPicture(path.clone()));
            id_of(library, &path);
            return path.into_os_string().into_string().unwrap();
        }
        "rate" => {
            let (stars, path) = rest.split_once(' ').unwrap();
            let (stars, path) = (stars.parse().unwrap(), Path::new(path));
            library.request(IndexRequest::EditMetadata {
                ids: vec![id_of(library, path)],
                change: MetadataChange::Rate(stars),
            });
            library.until(|event| match event {
                IndexEvent::Changed(entries) => {
                    let is_rated =
                        |rated: &gallery::PictureEntry| rated.path == path && rated.user_metadata.rating == stars;
                    entries.iter().any(|entry| is_rated(entry)).then_some(())
                }
                other => done(other).filter(|()| false),
            });
        }
        "trash" => {
            library.request(IndexRequest::Trash(vec![id_of(library, Path::new(rest))]));
            library.until(|event| done(event).filter(|()| matches!(event, IndexEvent::Trashed { count: 1 })));
        }
        "undo" => {
            library.request(IndexRequest::UndoTrash);
            library.until(|event| done(event).filter(|()| matches!(event, IndexEvent::Restored { count: 1 })));
        }
        other => panic!("{other}"),
    }
    String::new()
}

/// What the index calls a picture, once it knows it.
fn id_of(library: &Library, path: &Path) -> EntryId {
    let mut found = None;
    library.until_true(|library| library.all().iter().any(|entry| entry.path == path));
    for entry in library.all() {
        if entry.path == path {
            found = Some(entry.id);
        }
    }
    found.unwrap()
}

/// Another program on the same gallery.
struct Program {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "gallery_index::programs::child_that_does_as_it_is_told",
                "--exact",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        while self.answers.read_line(&mut line).unwrap() > 0 {
            if let Some(answer) = line.trim_end().strip_prefix("done:") {
                return answer.to_owned();
            }
            line.clear();
        }
        panic!("the program ended by itself");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take()); // it ends when nobody tells it anything
        self.child.wait().ok();
    }
}

/// Not a test: another program.
#[test]
fn child_that_does_as_it_is_told() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let library = Library::open(&folder);
    for line in std::io::stdin().lines() {
        let answer = carry_out(&library, &folder, &line.unwrap());
        println!("\ndone:{answer}");
    }
}

/// What must be there: ratings by picture.
#[derive(Debug, Default)]
struct Model {
    pictures: BTreeMap<PathBuf, u8>,
    /// What each program has put into the trash, the newest last.
    trashed: [Vec<(PathBuf, u8)>; NUM_PROGRAMS],
    num_saved: u64,
}

impl Model {
    /// Turns wishes into lines, so that no two programs work on one picture in a round, and knows what comes of them but
    /// for the names of new pictures.
    fn plan(&mut self, round: [Wish; NUM_PROGRAMS]) -> [Option<String>; NUM_PROGRAMS] {
        let mut free: Vec<PathBuf> = self.pictures.keys().cloned().collect();
        let mut take = move |place: usize| (!free.is_empty()).then(|| free.remove(place % free.len()));
        let mut program = 0;
        round.map(|wish| {
            let trashed = &mut self.trashed[program];
            program += 1;
            match wish {
                Wish::Save => {
                    self.num_saved += 1;
                    Some(format!("save {}", self.num_saved))
                }
                Wish::Rate(place, stars) => take(place).map(|path| {
                    let line = format!("rate {stars} {}", path.display());
                    self.pictures.insert(path, stars);
                    line
                }),
                Wish::Trash(place) => take(place).map(|path| {
                    let line = format!("trash {}", path.display());
                    let rating = self.pictures.remove(&path).unwrap();
                    trashed.push((path, rating));
                    line
                }),
                Wish::Undo => trashed.pop().map(|(path, rating)| {
                    self.pictures.insert(path, rating);
                    "undo".to_owned()
                }),
            }
        })
    }
}

fn check(rounds: Vec<[Wish; NUM_PROGRAMS]>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let library = Library::open(folder);
    let mut programs = [Program::start(folder), Program::start(folder)];
    let mut model = Model::default();
    for round in rounds {
        let [first, second, own] = model.plan(round);
        let told = [first, second];
        for (program, line) in programs.iter_mut().zip(&told) {
            if let Some(line) = line {
                program.tell(line);
            }
        }
        let own = own.map(|line| carry_out(&library, folder, &line));
        let others = programs.iter_mut().zip(&told);
        let others: Vec<String> = others
            .filter_map(|(program, line)| line.as_ref().map(|_| program.answer()))
            .collect();
        for path in own.into_iter().chain(others).filter(|answer| !answer.is_empty()) {
            model.pictures.insert(PathBuf::from(path), 0);
        }
    }
    let expected: Vec<&PathBuf> = model.pictures.keys().collect();
    library.until_paths(&expected);
    library.until_true(|library| {
        let all = library.all();
        all.iter()
            .all(|entry| Some(&entry.user_metadata.rating) == model.pictures.get(&entry.path))
    });
    for (path, rating) in &model.pictures {
        assert_eq!(gallery::read_user_metadata(path, None).unwrap().rating, *rating);
        gallery::read_run(path).unwrap();
    }
    drop(programs);
    drop(library);
    assert!(gallery::verify(folder).unwrap().is_good(), "without looking again");
    // What is not in the gallery is in its trash.
    let is_picture = |path: &Path| path.extension().is_some_and(|ending| ending == "png");
    let all = files_below(folder);
    let pictures: Vec<&PathBuf> = all
        .iter()
        .map(|(path, _)| path)
        .filter(|path| is_picture(path))
        .collect();
    assert_eq!(pictures.len() as u64, model.num_saved, "{pictures:#?}");
    for (path, _) in model.trashed.iter().flatten() {
        let name = path.file_name();
        assert!(
            pictures.iter().any(|picture| picture.file_name() == name),
            "{name:?} is lost"
        );
    }
    let is_half = |path: &Path| path.extension().is_some_and(|ending| ending == "part");
    assert!(!all.iter().any(|(path, _)| is_half(path)));
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 16, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn programs_on_one_gallery_should_lose_nothing_and_agree_with_the_files(
        rounds in prop::collection::vec([wishes(), wishes(), wishes()], 1..16)
    ) {
        check(rounds);
    }
}
