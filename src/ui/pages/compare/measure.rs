//! How much pictures are alike and where runs part, found out by a thread of its own, one question at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use super::Alike;
use crate::job::{LatentPlane, Parting, RgbImage, StepRecord};
use crate::unfold::Similarity;

/// Pairs whose similarity is remembered.
const MAX_KEPT: usize = 32;

/// Two pictures; held so that no other can come to lie at their addresses.
type Pair = [Arc<RgbImage>; 2];

/// A kept run, by its picture's file.
#[derive(Debug, Clone)]
pub(super) struct KeptSteps {
    pub(super) path: PathBuf,
    pub(super) steps: Vec<Arc<StepRecord>>,
    pub(super) result: Option<Arc<LatentPlane>>,
}

/// What is asked.
#[derive(Debug)]
pub(super) enum Measure {
    /// How much two pictures are alike.
    Pair(Pair),
    /// From which step on runs leave the first of them.
    Runs(Vec<KeptSteps>),
}

#[derive(Debug)]
enum Answer {
    Pair(Pair, Option<Similarity>),
    Runs(Vec<PathBuf>, Vec<Parting>),
}

/// What is known, and what is being found out.
#[derive(Debug, Default)]
pub(super) struct Measuring {
    pairs: Vec<(Pair, Option<Similarity>)>,
    /// The runs, the one they are held against first, and where each leaves it.
    partings: Option<(Vec<PathBuf>, Vec<Parting>)>,
    answer: Option<Receiver<Answer>>,
}

impl Measuring {
    /// How much two pictures are alike, as far as it was found out.
    pub(super) fn similarity(&self, pair: [&Arc<RgbImage>; 2]) -> Alike {
        let is_it = |known: &Pair| Arc::ptr_eq(&known[0], pair[0]) && Arc::ptr_eq(&known[1], pair[1]);
        match self.pairs.iter().find(|(known, _)| is_it(known)) {
            None => Alike::NotYet,
            Some((_, None)) => Alike::OtherSizes,
            Some((_, Some(similarity))) => Alike::By(*similarity),
        }
    }

    /// Where a run leaves the first, if that was found out.
    pub(super) fn parting(&self, path: &Path) -> Option<Parting> {
        let (paths, partings) = self.partings.as_ref()?;
        let place = paths.iter().skip(1).position(|known| known == path)?;
        partings.get(place).copied()
    }

    /// Whether the runs in question are those of which it was found out.
    pub(super) fn knows_runs<'a>(&self, paths: impl Iterator<Item = &'a PathBuf>) -> bool {
        self.partings.as_ref().is_some_and(|(known, _)| known.iter().eq(paths))
    }

    /// Whether nothing is being found out.
    pub(super) fn is_idle(&self) -> bool {
        self.answer.is_none()
    }

    /// Begins to find something out; `repaint` is called when it is.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub(super) fn ask(&mut self, what: Measure, repaint: impl Fn() + Send + 'static) -> std::io::Result<()> {
        let (sender, answer) = bounded(1);
        std::thread::Builder::new().name("compare".to_owned()).spawn(move || {
            let found = match what {
                Measure::Pair(pair) => {
                    let similarity = Similarity::of(&pair[0], &pair[1]);
                    Answer::Pair(pair, similarity)
                }
                Measure::Runs(runs) => {
                    let partings = partings(&runs);
                    Answer::Runs(runs.into_iter().map(|run| run.path).collect(), partings)
                }
            };
            sender.send(found).ok(); // nobody waits any more
            repaint();
        })?;
        self.answer = Some(answer);
        Ok(())
    }

    /// Takes in what was found out.
    pub(super) fn poll(&mut self) {
        let Some(answer) = &self.answer else { return };
        match answer.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {}
            Ok(Answer::Pair(pair, similarity)) => {
                if self.pairs.len() == MAX_KEPT {
                    self.pairs.remove(0);
                }
                self.pairs.push((pair, similarity));
            }
            Ok(Answer::Runs(paths, partings)) => self.partings = Some((paths, partings)),
        }
        self.answer = None;
    }

    /// Lets go of all pictures.
    pub(super) fn forget(&mut self) {
        self.pairs.clear();
        self.partings = None;
    }
}

fn partings(runs: &[KeptSteps]) -> Vec<Parting> {
    let Some((first, others)) = runs.split_first() else {
        return Vec::new();
    };
    let of = |other: &KeptSteps| {
        let results = [first.result.as_deref(), other.result.as_deref()];
        let steps = |run: &KeptSteps| run.steps.clone();
        let (a, b) = (steps(first), steps(other));
        Parting::of(a.iter().map(|step| &**step), b.iter().map(|step| &**step), results)
    };
    others.iter().map(of).collect()
}
