//! A smaller budget for runs that waits until the user agrees to what it costs.

use std::sync::Arc;

use crate::gallery::BudgetReport;

/// How far the question is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BudgetQuestion {
    /// No budget waits.
    #[default]
    Nothing,
    /// The gallery computes what a budget would cost.
    Forecasting {
        /// The budget, in MiB.
        mib: u64,
    },
    /// Some runs would lose steps; the user is asked.
    Asking {
        /// The budget, in MiB.
        mib: u64,
        /// What would be thinned and dropped.
        report: Arc<BudgetReport>,
    },
}

impl BudgetQuestion {
    /// What the user is asked about, if they are.
    pub fn report(&self) -> Option<&BudgetReport> {
        match self {
            Self::Asking { report, .. } => Some(report),
            Self::Nothing | Self::Forecasting { .. } => None,
        }
    }

    /// Takes in a forecast. The result is the budget, in MiB, if it costs nothing and can be set at once. A forecast of
    /// another budget than the one that waits changes nothing.
    pub fn take_forecast(&mut self, budget_bytes: u64, report: Arc<BudgetReport>) -> Option<u64> {
        let Self::Forecasting { mib } = *self else {
            return None;
        };
        if mib.saturating_mul(1 << 20) != budget_bytes {
            return None;
        }
        if report.thinned.is_empty() && report.dropped.is_empty() {
            *self = Self::Nothing;
            return Some(mib);
        }
        *self = Self::Asking { mib, report };
        None
    }

    /// Takes the answer. The result is the budget, in MiB, if the user agreed to it.
    pub fn answer(&mut self, is_agreed: bool) -> Option<u64> {
        match std::mem::take(self) {
            Self::Asking { mib, .. } if is_agreed => Some(mib),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_forecast_of_the_budget_that_waits_should_count() {
        let mut question = BudgetQuestion::Forecasting { mib: 4 };
        assert_eq!(question.take_forecast(5 << 20, Arc::default()), None, "another budget");
        assert_eq!(question, BudgetQuestion::Forecasting { mib: 4 });
        assert_eq!(
            question.take_forecast(4 << 20, Arc::default()),
            Some(4),
            "nothing is lost"
        );
        assert_eq!(question.take_forecast(4 << 20, Arc::default()), None, "nothing waits");
    }

    #[test]
    fn a_budget_that_costs_runs_should_wait_for_the_answer() {
        let report = Arc::new(BudgetReport {
            dropped: vec!["a".into()],
            ..BudgetReport::default()
        });
        for (is_agreed, expected) in [(true, Some(4)), (false, None)] {
            let mut question = BudgetQuestion::Forecasting { mib: 4 };
            assert_eq!(question.take_forecast(4 << 20, Arc::clone(&report)), None);
            assert_eq!(question.report(), Some(&*report));
            assert_eq!(question.answer(is_agreed), expected);
            assert_eq!(question, BudgetQuestion::Nothing);
        }
    }
}
