//! The many names that samplers and schedules go by.
//!
//! Every id is also found under the names that AUTOMATIC1111, ComfyUI, diffusers, stable-diffusion.cpp and InvokeAI use;
//! each sampler and schedule holds its own. A1111 before 1.9 and InvokeAI wrote the schedule at the end of the sampler's
//! name, `DPM++ 2M Karras` and `dpmpp_2m_k`: [`sampler_and_schedule_by_name`] takes them apart.

use super::ScheduleError;
use super::samplers::{SAMPLERS, Sampler, SamplerSpec};
use super::schedule::{SCHEDULES, Schedule};

/// The sampler of that id, label or alias.
pub fn sampler_by_name(name: &str) -> Option<&'static dyn Sampler> {
    let plain = plain(name);
    let is_called = |sampler: &&&dyn Sampler| {
        let SamplerSpec { id, label, aliases, .. } = sampler.spec();
        matches(&plain, id, label, aliases)
    };
    SAMPLERS.iter().find(is_called).copied()
}

/// The schedule of that id, label or alias.
///
/// # Errors
/// [`ScheduleError::UnknownSchedule`] if there is none.
pub fn schedule_by_name(name: &str) -> Result<&'static Schedule, ScheduleError> {
    let plain = plain(name);
    let is_called = |schedule: &&&Schedule| {
        let Schedule { id, label, aliases, .. } = schedule;
        matches(&plain, id, label, aliases)
    };
    SCHEDULES
        .iter()
        .find(is_called)
        .copied()
        .ok_or_else(|| ScheduleError::UnknownSchedule { found: name.to_owned() })
}

/// The sampler of a name that may end in a schedule's, and that schedule.
pub fn sampler_and_schedule_by_name(name: &str) -> Option<(&'static dyn Sampler, Option<&'static Schedule>)> {
    if let Some(sampler) = sampler_by_name(name) {
        return Some((sampler, None));
    }
    // "_k" is InvokeAI's.
    let joined = match name.strip_suffix("_k") {
        Some(start) => format!("{start}karras"),
        None => plain(name),
    };
    SCHEDULES.iter().find_map(|schedule| {
        let Schedule { id, label, aliases, .. } = **schedule;
        let names = [id, label];
        let names = names.iter().chain(aliases);
        let sampler = names
            .filter_map(|end| joined.strip_suffix(plain(end).as_str()))
            .find_map(sampler_by_name)?;
        Some((sampler, Some(*schedule)))
    })
}

fn matches(plain_name: &str, id: &str, label: &str, aliases: &[&str]) -> bool {
    [id, label]
        .iter()
        .chain(aliases)
        .any(|known| plain(known) == plain_name)
}

/// A name without what does not matter in it.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .map(|c| if c == '+' { 'p' } else { c.to_ascii_lowercase() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_should_mean_one_sampler_and_one_schedule() {
        let mut seen = std::collections::HashMap::new();
        for sampler in SAMPLERS {
            let SamplerSpec { id, label, aliases, .. } = *sampler.spec();
            for name in [id, label].iter().chain(aliases) {
                let other = *seen.entry(("sampler", plain(name))).or_insert(id);
                assert_eq!(other, id, "{name}");
            }
        }
        for schedule in SCHEDULES {
            let Schedule { id, label, aliases, .. } = **schedule;
            for name in [id, label].iter().chain(aliases) {
                let other = *seen.entry(("schedule", plain(name))).or_insert(id);
                assert_eq!(other, id, "{name}");
            }
        }
    }

    #[test]
    fn the_names_of_other_programs_should_be_understood() {
        for (name, id) in [
            // AUTOMATIC1111
            ("DPM++ 2M", "dpmpp_2m"),
            ("DPM++ SDE", "dpmpp_sde"),
            ("DPM++ 2M SDE", "dpmpp_2m_sde"),
            ("DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun"),
            ("DPM++ 2S a", "dpmpp_2s_a"),
            ("DPM++ 3M SDE", "dpmpp_3m_sde"),
            ("Euler a", "euler_a"),
            ("LMS", "lms"),
            ("DPM2 a", "dpm2_a"),
            ("DDIM CFG++", "ddim_cfg_pp"),
            ("PLMS", "pndm"),
            // ComfyUI
            ("euler_ancestral", "euler_a"),
            ("euler_cfg_pp", "euler_cfg_pp"),
            ("dpm_2", "dpm2"),
            ("dpm_2_ancestral", "dpm2_a"),
            ("dpmpp_2s_ancestral", "dpmpp_2s_a"),
            ("dpmpp_3m_sde_gpu", "dpmpp_3m_sde"),
            ("uni_pc", "unipc"),
            ("uni_pc_bh2", "unipc"),
            // stable-diffusion.cpp
            ("dpm++2m", "dpmpp_2m"),
            ("dpm++2s_a", "dpmpp_2s_a"),
            // diffusers
            ("DPMSolverMultistepScheduler", "dpmpp_2m"),
            ("EulerAncestralDiscreteScheduler", "euler_a"),
            ("KDPM2AncestralDiscreteScheduler", "dpm2_a"),
            // InvokeAI
            ("kdpm_2_a", "dpm2_a"),
        ] {
            assert_eq!(
                sampler_by_name(name).map(|sampler| sampler.spec().id),
                Some(id),
                "{name}"
            );
        }
        for (name, id) in [
            ("SGM Uniform", "sgm_uniform"),
            ("Uniform", "normal"),
            ("discrete", "normal"),
            ("KL Optimal", "kl_optimal"),
            ("DDIM", "ddim_uniform"),
            ("ays", "align_your_steps"),
        ] {
            assert_eq!(schedule_by_name(name).unwrap().id, id, "{name}");
        }
    }

    #[test]
    fn joined_names_should_be_taken_apart() {
        for (name, sampler, schedule) in [
            ("DPM++ 2M Karras", "dpmpp_2m", Some("karras")),
            ("DPM++ 2M SDE Exponential", "dpmpp_2m_sde", Some("exponential")),
            ("DPM2 a Karras", "dpm2_a", Some("karras")),
            ("LMS Karras", "lms", Some("karras")),
            ("dpmpp_2m_sde_k", "dpmpp_2m_sde", Some("karras")),
            ("Euler a", "euler_a", None),
            ("DPMPP2MKarras", "dpmpp_2m", Some("karras")),
        ] {
            let (found, with) = sampler_and_schedule_by_name(name).unwrap();
            assert_eq!(
                (found.spec().id, with.map(|schedule| schedule.id)),
                (sampler, schedule),
                "{name}"
            );
        }
        assert!(sampler_and_schedule_by_name("Karras").is_none());
        assert!(sampler_and_schedule_by_name("DPM++ 9M Karras").is_none());
    }
}
