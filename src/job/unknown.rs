//! What a record does not say: records of other programs, and of photographs that were only enlarged, leave out much.

use std::collections::BTreeSet;

use super::{GenerateRequest, Setting};

impl GenerateRequest {
    /// A request that says nothing: what its fields hold is the default, and no fact.
    pub fn unsaid() -> Self {
        Self {
            unknown: BTreeSet::from(Setting::ALL),
            ..Self::default()
        }
    }

    /// Whether somebody wrote this setting down.
    pub fn knows(&self, setting: Setting) -> bool {
        !self.unknown.contains(&setting)
    }

    /// The request with what it does not know taken from another one, which knows all.
    #[must_use]
    pub fn completed_by(mut self, other: &Self) -> Self {
        for setting in std::mem::take(&mut self.unknown) {
            match setting {
                Setting::Size => (self.width_px, self.height_px) = (other.width_px, other.height_px),
                Setting::Steps => self.steps = other.steps,
                Setting::GuidanceScale => self.guidance_scale = other.guidance_scale,
                Setting::Sampler => self.sampler.clone_from(&other.sampler),
                Setting::Schedule => self.schedule.clone_from(&other.schedule),
                Setting::Seed => self.seed = other.seed,
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_should_come_from_the_other_request_and_be_known_then() {
        let other = GenerateRequest {
            steps: 7,
            seed: 9,
            guidance_scale: 2.0,
            sampler: "heun".to_owned(),
            width_px: 64,
            ..GenerateRequest::default()
        };
        let record = GenerateRequest {
            unknown: BTreeSet::from([Setting::Seed, Setting::Sampler]),
            steps: 31,
            ..GenerateRequest::default()
        };
        let complete = record.clone().completed_by(&other);
        let expected = GenerateRequest {
            seed: 9,
            sampler: "heun".to_owned(),
            unknown: BTreeSet::new(),
            ..record
        };
        assert_eq!(complete, expected);
        let all = GenerateRequest::unsaid().completed_by(&other);
        assert_eq!(all, other, "the prompt of both is empty");
    }

    #[test]
    fn every_field_named_should_be_one_of_a_request() {
        let json = serde_json::to_value(GenerateRequest::default()).unwrap();
        for field in Setting::ALL.iter().flat_map(|setting| setting.fields()) {
            assert!(json.get(field).is_some(), "{field}");
        }
        assert!(json.get("unknown").is_none(), "a request that is made knows all");
    }
}
