//! Many runs of one request that differ in a field or two: a grid of runs unfolding together.

use super::{Change, Field, FieldError, GenerateRequest, KeptRun};

/// Most runs of one sweep.
pub const MAX_SWEEP_CELLS: usize = 1024;

/// Values of one field, from the first run of a row to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// What differs.
    pub field: Field,
    /// From which step on; `None` is from the beginning.
    pub from_step: Option<u32>,
    /// Its values, as texts.
    pub values: Vec<String>,
}

/// Why there is no such sweep.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SweepError {
    /// An axis cannot be read.
    #[error("expected NAME[@STEP]=FROM..TO:COUNT or NAME[@STEP]=VALUE,VALUE…, found {found:?}")]
    Axis {
        /// The text.
        found: String,
    },
    /// A field cannot be set.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Too many runs.
    #[error("a sweep must have 1 to {MAX_SWEEP_CELLS} runs, found {found}")]
    TooMany {
        /// Runs asked for.
        found: usize,
    },
    /// One of the requests cannot be carried out.
    #[error("{label}: {source}")]
    Request {
        /// Which run.
        label: String,
        /// Why.
        source: super::RequestError,
    },
}

impl std::str::FromStr for Axis {
    type Err = SweepError;

    /// `cfg=-10..10:9`, `rescale=0,0.7`, `words=cat,dog` (the first is what the others replace), and with `@STEP` behind
    /// the name from a step on: `cfg@12=1..9:5`.
    fn from_str(text: &str) -> Result<Self, SweepError> {
        let bad = || SweepError::Axis { found: text.to_owned() };
        let (name, values) = text.split_once('=').ok_or_else(bad)?;
        let (name, from_step) = match name.split_once('@') {
            Some((name, step)) => (name, Some(step.trim().parse().ok().ok_or_else(bad)?)),
            None => (name, None),
        };
        let mut field = Field::from_name(name.trim())?;
        let values = match (range(values), field.is_whole()) {
            (Some((from, to, count)), Some(is_whole)) => spread(from, to, count, is_whole),
            _ => values.split(',').map(|value| value.trim().to_owned()).collect(),
        };
        if values.is_empty() || values.iter().any(String::is_empty) {
            return Err(bad());
        }
        if values.len() > MAX_SWEEP_CELLS {
            return Err(SweepError::TooMany { found: values.len() });
        }
        if let Field::Words(old) = &mut field {
            values[0].clone_into(old);
        }
        Ok(Self {
            field,
            from_step,
            values,
        })
    }
}

/// `FROM..TO:COUNT`.
fn range(text: &str) -> Option<(f64, f64, usize)> {
    let (from, rest) = text.split_once("..")?;
    let (to, count) = rest.split_once(':')?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let count = count.trim().parse::<usize>().ok()?;
    Some((number(from)?, number(to)?, count.min(MAX_SWEEP_CELLS + 1)))
}

/// Evenly spread numbers, without the same one twice in a row.
fn spread(from: f64, to: f64, count: usize, is_whole: bool) -> Vec<String> {
    let last = count.saturating_sub(1).max(1) as f64;
    let mut values: Vec<String> = (0..count)
        .map(|place| from + (to - from) * place as f64 / last)
        .map(|value| {
            if is_whole {
                format!("{:.0}", value.round())
            } else {
                format!("{}", (value * 1e4).round() / 1e4 + 0.0)
            }
        })
        .collect();
    values.dedup();
    values
}

impl Axis {
    /// How a value is called.
    pub fn label(&self, place: usize) -> String {
        let value = self.values.get(place).map_or("", String::as_str);
        match (&self.field, self.from_step) {
            (Field::Words(_) | Field::Prompt | Field::Negative | Field::Sampler | Field::Schedule, None) => {
                value.to_owned()
            }
            (field, None) => format!("{} {value}", field.name()),
            (field, Some(step)) => format!("{} {value} from {step}", field.name()),
        }
    }

    fn apply(&self, request: &mut GenerateRequest, place: usize) -> Result<(), FieldError> {
        let value = self.values.get(place).map_or("", String::as_str);
        let Some(step) = self.from_step else {
            return self.field.set(request, value);
        };
        let change = self.field.change(request, step, value)?;
        let held = request.changes.iter().position(|other| other.step == step);
        let held = held.map_or_else(|| Change::at(step), |place| request.changes.remove(place));
        request.changes.push(held.then(change));
        Ok(())
    }
}

/// A request in many ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// What all have in common.
    pub base: GenerateRequest,
    /// Columns.
    pub x: Axis,
    /// Rows.
    pub y: Option<Axis>,
    /// Sheets.
    pub z: Option<Axis>,
}

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its column, row and sheet.
    pub place: [usize; 3],
    /// What makes it.
    pub request: GenerateRequest,
}

impl Sweep {
    /// Columns, rows and sheets.
    pub fn size(&self) -> [usize; 3] {
        let of = |axis: &Option<Axis>| axis.as_ref().map_or(1, |axis| axis.values.len());
        [self.x.values.len(), of(&self.y), of(&self.z)]
    }

    /// All runs, in the order in which they have most of their steps in common: those first that change latest, so that
    /// the others can take their first steps from them.
    ///
    /// # Errors
    /// [`SweepError`]: too many, a field that cannot be set, a request that cannot be carried out.
    pub fn cells(&self) -> Result<Vec<Cell>, SweepError> {
        let [columns, rows, sheets] = self.size();
        let found = columns.saturating_mul(rows).saturating_mul(sheets);
        if found == 0 || found > MAX_SWEEP_CELLS {
            return Err(SweepError::TooMany { found });
        }
        let mut cells = Vec::with_capacity(found);
        for z in 0..sheets {
            for y in 0..rows {
                for x in 0..columns {
                    let place = [x, y, z];
                    let request = self.request(place)?;
                    request.validate().map_err(|source| SweepError::Request {
                        label: self.label(place),
                        source,
                    })?;
                    cells.push(Cell { place, request });
                }
            }
        }
        let first_change = |cell: &Cell| {
            cell.request
                .all_changes()
                .first()
                .map_or(u32::MAX, |change| change.step)
        };
        cells.sort_by_key(|cell| std::cmp::Reverse(first_change(cell)));
        Ok(cells)
    }

    /// What a run is called: its values.
    pub fn label(&self, [x, y, z]: [usize; 3]) -> String {
        let axes = [(Some(&self.x), x), (self.y.as_ref(), y), (self.z.as_ref(), z)];
        let labels = axes.into_iter().filter_map(|(axis, place)| Some(axis?.label(place)));
        labels.collect::<Vec<_>>().join(", ")
    }

    fn request(&self, [x, y, z]: [usize; 3]) -> Result<GenerateRequest, FieldError> {
        let mut request = GenerateRequest {
            batch_count: 1,
            ..self.base.clone()
        };
        for (axis, place) in [(Some(&self.x), x), (self.y.as_ref(), y), (self.z.as_ref(), z)] {
            if let Some(axis) = axis {
                axis.apply(&mut request, place)?;
            }
        }
        Ok(request)
    }
}

/// The kept run that saves a request most of its steps, and how many; `None` if none saves any.
///
/// * `precision`: what the request will be computed in; empty if unknown.
pub fn longest_start<'a>(
    kept: impl IntoIterator<Item = &'a std::sync::Arc<KeptRun>>,
    request: &GenerateRequest,
    precision: &str,
) -> Option<(std::sync::Arc<KeptRun>, u32)> {
    let start = |run: &'a std::sync::Arc<KeptRun>| {
        let last = run.trajectory.steps.last()?.index as u32;
        let step = run.record.request.shared_steps(request).min(last);
        let is_exact = run.why_inexact(request, step, "", precision).is_none();
        (step > 0 && is_exact).then(|| (std::sync::Arc::clone(run), step))
    };
    kept.into_iter().filter_map(start).max_by_key(|(_, step)| *step)
}

#[cfg(test)]
mod tests {
    use super::super::PromptSwitch;
    use super::*;

    fn axis(text: &str) -> Axis {
        text.parse().unwrap()
    }

    #[test]
    fn an_axis_should_be_a_range_or_a_list() {
        assert_eq!(
            axis("cfg=-10..10:9").values,
            ["-10", "-7.5", "-5", "-2.5", "0", "2.5", "5", "7.5", "10"]
        );
        assert_eq!(axis("rescale=0, 0.7").values, ["0", "0.7"]);
        assert_eq!(axis("steps=1..3:9").values, ["1", "2", "3"]);
        assert_eq!(axis("cfg@12=1..9:3").from_step, Some(12));
        assert_eq!(axis("words=cat,dog").field, Field::Words("cat".to_owned()));
        assert_eq!(axis("prompt=0..9:3").values, ["0..9:3"], "a text is no range");
        for bad in [
            "",
            "cfg",
            "cfg=",
            "cfg=1..2:0",
            "cfg=1,,2",
            "size=8",
            "cfg@x=1",
            "lora:0=1",
            "cfg:2=1",
        ] {
            assert!(bad.parse::<Axis>().is_err(), "{bad:?}");
        }
        assert!(matches!(
            "seed=0..9999:9999".parse::<Axis>(),
            Err(SweepError::TooMany { .. })
        ));
    }

    #[test]
    fn cells_should_share_their_first_steps_in_the_best_order() {
        let base = GenerateRequest {
            prompt: "a cat".to_owned(),
            steps: 10,
            prompt_switches: vec![PromptSwitch {
                step: 0,
                prompt: "a dog".to_owned(),
            }],
            ..GenerateRequest::default()
        };
        let sweep = Sweep {
            base,
            x: axis("switch=0..9:4"),
            y: Some(axis("cfg=3,7")),
            z: None,
        };
        assert_eq!(sweep.size(), [4, 2, 1]);
        let cells = sweep.cells().unwrap();
        let order: Vec<_> = cells.iter().map(|cell| (cell.place[0], cell.place[1])).collect();
        assert_eq!(order, [(3, 0), (3, 1), (2, 0), (2, 1), (1, 0), (1, 1), (0, 0), (0, 1)]);
        assert_eq!(cells[0].request.shared_steps(&cells[2].request), 6);
        assert_eq!(cells[0].request.shared_steps(&cells[1].request), 0);
        assert_eq!(sweep.label([1, 1, 0]), "switch 3, cfg 7");
    }

    #[test]
    fn a_field_from_a_step_on_should_be_a_change() {
        let sweep = Sweep {
            base: GenerateRequest {
                prompt: "a cat".to_owned(),
                ..GenerateRequest::default()
            },
            x: axis("cfg@12=1,9"),
            y: Some(axis("words@12=cat,dog")),
            z: None,
        };
        let cells = sweep.cells().unwrap();
        let last = &cells[3].request;
        assert_eq!(last.changes.len(), 1);
        assert_eq!(last.as_of(11).prompt, "a cat");
        assert_eq!(
            (last.as_of(12).prompt.as_str(), last.as_of(12).guidance_scale),
            ("a dog", 9.0)
        );
        let fixed = Sweep {
            x: axis("steps@3=1,2"),
            ..sweep
        };
        assert!(matches!(
            fixed.cells(),
            Err(SweepError::Field(FieldError::Fixed { .. }))
        ));
    }
}
