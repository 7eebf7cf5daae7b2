//! The numbers that are plotted, computed when a step arrives and not again.

use std::sync::Arc;

use crate::job::StepRecord;
use crate::unfold::{StepNumbers, numbers};

/// The numbers of the steps of one run.
#[derive(Default)]
pub(super) struct Series {
    /// Held, so that no other step can come to lie at the same address.
    steps: Vec<Arc<StepRecord>>,
    numbers: Vec<StepNumbers>,
}

impl Series {
    /// Takes in steps that are new; tells whether anything is different now.
    pub(super) fn update(&mut self, steps: &[Arc<StepRecord>]) -> bool {
        let known = self.steps.iter().zip(steps);
        let num_same = known.take_while(|(a, b)| Arc::ptr_eq(a, b)).count();
        if num_same == steps.len() && num_same == self.steps.len() {
            return false;
        }
        self.steps.truncate(num_same);
        self.numbers.truncate(num_same);
        // The last known step once more, for what the first new one has to do with it.
        let from = num_same.saturating_sub(1);
        let told = numbers(steps[from..].iter().map(|step| &**step));
        self.numbers.extend(told.into_iter().skip(num_same - from));
        self.steps.extend(steps[num_same..].iter().cloned());
        true
    }

    /// Those of each step, in order.
    pub(super) fn numbers(&self) -> &[StepNumbers] {
        &self.numbers
    }
}

/// A number beside an axis: no figures that say nothing.
pub(super) fn tick(value: f64) -> String {
    let text = figures(value);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with the figures that matter: `14.6`, `2.31`, `0.013`, `1.2e-5`.
pub(super) fn figures(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(0.001..10_000.0).contains(&size) => format!("{value:.1e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::LatentPlane;

    fn step(index: usize) -> Arc<StepRecord> {
        let plane = LatentPlane {
            channels: 1,
            height: 1,
            width: 1,
            values: vec![index as f32],
        };
        Arc::new(StepRecord {
            index,
            sigma: 1.0,
            timestep: 0.0,
            x: plane.clone(),
            x0: plane,
            branches: None,
            attention: Vec::new(),
            secs: 0.1,
        })
    }

    #[test]
    fn only_what_is_new_should_be_computed_and_what_went_back_dropped() {
        let mut series = Series::default();
        let steps: Vec<_> = (0..4).map(step).collect();
        assert!(series.update(&steps[..2]));
        assert!(!series.update(&steps[..2]));
        assert!(series.update(&steps));
        assert_eq!(series.numbers()[3].moved, Some(1.0));
        let again = [steps[0].clone(), step(1)];
        assert!(series.update(&again));
        assert_eq!(series.numbers().len(), 2);
        assert!(series.update(&[]));
    }

    #[test]
    fn numbers_should_have_the_figures_that_matter() {
        let found = [14.613, 2.306, 0.0131, 1.23e-5, 0.0, 412.6].map(figures);
        assert_eq!(found, ["14.6", "2.31", "0.013", "1.2e-5", "0", "413"]);
        assert_eq!([1.0, 0.01, 0.5, 100.0, 0.0].map(tick), ["1", "0.01", "0.5", "100", "0"]);
    }
}
