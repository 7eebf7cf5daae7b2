//! What a record of another program says, and what it leaves out.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::names::{sampler_id, schedule_id};
use crate::job::{GenerateRequest, Record, Setting};

/// What another program says of how a picture was made. What it does not say is `None`, and becomes unknown in the
/// record, never a default.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) prompt: String,
    pub(super) negative_prompt: String,
    pub(super) size_px: Option<(u32, u32)>,
    pub(super) steps: Option<u32>,
    pub(super) guidance_scale: Option<f64>,
    /// Our id of the sampler.
    pub(super) sampler: Option<String>,
    /// Our id of the schedule.
    pub(super) schedule: Option<String>,
    pub(super) seed: Option<u64>,
    /// The rest of the request, for which saying nothing is saying that it was not used.
    pub(super) others: GenerateRequest,
    pub(super) program: String,
    pub(super) model_name: String,
    /// As it stands there.
    pub(super) model_hash: String,
}

/// Names of the fields that say the same with several programs.
pub(super) struct FieldNames {
    pub(super) prompt: &'static [&'static str],
    pub(super) negative_prompt: &'static [&'static str],
    pub(super) steps: &'static [&'static str],
    pub(super) guidance_scale: &'static [&'static str],
    pub(super) sampler: &'static [&'static str],
    /// Where the schedule is said other than by the sampler's name.
    pub(super) schedule: &'static [&'static str],
}

impl Facts {
    /// What several programs write alike; sides and the seed are called the same by them all.
    pub(super) fn of(json: Fields<'_>, names: &FieldNames) -> Self {
        let side = |name| json.small(&[name]);
        let mut facts = Self {
            prompt: json.text(names.prompt).unwrap_or_default(),
            negative_prompt: json.text(names.negative_prompt).unwrap_or_default(),
            size_px: side("width").zip(side("height")),
            steps: json.small(names.steps),
            guidance_scale: json.number(names.guidance_scale),
            seed: json.whole(&["seed"]),
            ..Self::default()
        };
        facts.set_names(
            json.text(names.sampler).as_deref(),
            json.text(names.schedule).as_deref(),
        );
        facts
    }

    /// Takes the names of the sampler and the schedule, of which the sampler's may hold both.
    pub(super) fn set_names(&mut self, sampler: Option<&str>, schedule: Option<&str>) {
        let is_said = |name: &&str| !matches!(name.trim(), "" | "None" | "none");
        let sampler = sampler.filter(is_said).map(sampler_id);
        let suffix = sampler.as_ref().and_then(|(_, suffix)| *suffix);
        let schedule = schedule.filter(is_said).map(schedule_id);
        self.schedule = schedule.or_else(|| suffix.map(str::to_owned));
        self.sampler = sampler.map(|(sampler, _)| sampler);
    }

    /// The record of it.
    pub(super) fn into_record(self) -> Record {
        let mut unknown = BTreeSet::new();
        let mut request = self.others;
        request.prompt = self.prompt;
        request.negative_prompt = self.negative_prompt;
        let size_px = self.size_px.filter(|(width, height)| *width > 0 && *height > 0);
        if let Some((width_px, height_px)) = size_px {
            (request.width_px, request.height_px) = (width_px, height_px);
        } else {
            unknown.insert(Setting::Size);
        }
        let mut note = |setting, is_known: bool| {
            if !is_known {
                unknown.insert(setting);
            }
        };
        note(Setting::Steps, take(self.steps, &mut request.steps));
        note(
            Setting::GuidanceScale,
            take(self.guidance_scale, &mut request.guidance_scale),
        );
        note(Setting::Sampler, take(self.sampler, &mut request.sampler));
        note(Setting::Schedule, take(self.schedule, &mut request.schedule));
        note(Setting::Seed, take(self.seed, &mut request.seed));
        request.unknown = unknown;
        Record {
            program: self.program,
            rng: String::new(),
            model_name: self.model_name,
            model_hash: self.model_hash,
            ..Record::of(request)
        }
    }
}

/// Puts a value in its place, if there is one, and says whether.
fn take<T>(value: Option<T>, place: &mut T) -> bool {
    let is_known = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    is_known
}
