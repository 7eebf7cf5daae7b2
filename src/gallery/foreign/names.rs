//! Samplers and schedules, as other programs call them.
//!
//! Names are compared without regard to case, spaces, `_` and `-`, with `p` for `+`.

/// A sampler or a schedule.
pub(in crate::gallery) struct Names {
    /// What this program calls it.
    pub(in crate::gallery) id: &'static str,
    /// What A1111 calls it.
    pub(in crate::gallery) a1111: &'static str,
    /// What `ComfyUI` calls it.
    pub(in crate::gallery) comfyui: &'static str,
    /// What `InvokeAI` and others call it.
    others: &'static [&'static str],
}

const fn names(id: &'static str, a1111: &'static str, comfyui: &'static str, others: &'static [&'static str]) -> Names {
    Names {
        id,
        a1111,
        comfyui,
        others,
    }
}

/// The samplers that other programs have.
pub(in crate::gallery) const SAMPLERS: &[Names] = &[
    names("ddim", "DDIM", "ddim", &["ddim_trailing", "ddim_v3", "DDIMScheduler"]),
    names("ddim_cfg_pp", "DDIM CFG++", "ddim_cfg_pp", &[]),
    names("ddpm", "DDPM", "ddpm", &[]),
    names("deis", "DEIS", "deis", &[]),
    names("dpm2", "DPM2", "dpm_2", &["kdpm_2", "KDPM2DiscreteScheduler"]),
    names(
        "dpm2_a",
        "DPM2 a",
        "dpm_2_ancestral",
        &["kdpm_2_a", "KDPM2AncestralDiscreteScheduler"],
    ),
    names(
        "dpmpp_2m",
        "DPM++ 2M",
        "dpmpp_2m",
        &["edm_dpmpp_2m", "dpm++2mv2", "dpmpp_2", "DPMSolverMultistepScheduler"],
    ),
    names("dpmpp_2m_sde", "DPM++ 2M SDE", "dpmpp_2m_sde", &["dpmpp_2m_sde_gpu"]),
    names(
        "dpmpp_2m_sde_heun",
        "DPM++ 2M SDE Heun",
        "dpmpp_2m_sde_heun",
        &["dpmpp_2m_sde_heun_gpu"],
    ),
    names("dpmpp_2s", "DPM++ 2S", "dpmpp_2s", &[]),
    names("dpmpp_2s_a", "DPM++ 2S a", "dpmpp_2s_ancestral", &["dpmpp_2_a"]),
    names("dpmpp_3m_sde", "DPM++ 3M SDE", "dpmpp_3m_sde", &["dpmpp_3m_sde_gpu"]),
    names("dpmpp_sde", "DPM++ SDE", "dpmpp_sde", &["dpmpp_sde_gpu"]),
    names("euler", "Euler", "euler", &["edm_euler", "EulerDiscreteScheduler"]),
    names(
        "euler_a",
        "Euler a",
        "euler_ancestral",
        &["EulerAncestralDiscreteScheduler"],
    ),
    names("euler_cfg_pp", "Euler CFG++", "euler_cfg_pp", &[]),
    names("heun", "Heun", "heun", &["HeunDiscreteScheduler"]),
    names("ipndm", "IPNDM", "ipndm", &[]),
    names("lcm", "LCM", "lcm", &["LCMScheduler"]),
    names("lms", "LMS", "lms", &["LMSDiscreteScheduler"]),
    names("pndm", "PLMS", "pndm", &["PNDMScheduler"]),
    names("restart", "Restart", "restart", &[]),
    names("sa_solver", "SA Solver", "sa_solver", &[]),
    names("tcd", "TCD", "tcd", &[]),
    names("unipc", "UniPC", "uni_pc_bh2", &["uni_pc", "UniPCMultistepScheduler"]),
];

/// The schedules that other programs have.
pub(in crate::gallery) const SCHEDULES: &[Names] = &[
    names(
        "normal",
        "Normal",
        "normal",
        &["Uniform", "discrete", "default", "native"],
    ),
    names("karras", "Karras", "karras", &[]),
    names("exponential", "Exponential", "exponential", &[]),
    names("polyexponential", "Polyexponential", "polyexponential", &[]),
    names("kl_optimal", "KL Optimal", "kl_optimal", &[]),
    names("align_your_steps", "Align Your Steps", "align_your_steps", &["ays"]),
    names("sgm_uniform", "SGM Uniform", "sgm_uniform", &[]),
    names("simple", "Simple", "simple", &[]),
    names("beta", "Beta", "beta", &[]),
    names("ddim_uniform", "DDIM", "ddim_uniform", &[]),
    names("linear_quadratic", "Linear Quadratic", "linear_quadratic", &[]),
];

/// Our id of a sampler, and of the schedule that its name ends in, as A1111 before 1.9 (`DPM++ 2M Karras`),
/// stable-diffusion.cpp (`euler karras`) and `InvokeAI` (`dpmpp_2m_k`) have it. An unknown name is kept, in the form of
/// an id, so that whoever uses it can say which one is unknown.
pub(in crate::gallery) fn sampler_id(name: &str) -> (String, Option<&'static str>) {
    let name = name.trim();
    // The old mark of k-diffusion's samplers.
    let name = name
        .strip_prefix("k_")
        .or_else(|| name.strip_prefix("K_"))
        .unwrap_or(name);
    if let Some(sampler) = find(SAMPLERS, name) {
        return (sampler.id.to_owned(), None);
    }
    let joined = match name.strip_suffix("_k") {
        Some(start) => format!("{start}karras"),
        None => name.to_owned(),
    };
    let joined = plain(&joined);
    let split = SCHEDULES.iter().find_map(|schedule| {
        let ends = [schedule.a1111, schedule.comfyui];
        let mut starts = ends.iter().filter_map(|end| joined.strip_suffix(plain(end).as_str()));
        starts.find_map(|start| Some((find(SAMPLERS, start)?, schedule)))
    });
    match split {
        Some((sampler, schedule)) => (sampler.id.to_owned(), Some(schedule.id)),
        None => as_id(name),
    }
}

/// Our id of a schedule; an unknown name is kept, in the form of an id.
pub(in crate::gallery) fn schedule_id(name: &str) -> String {
    find(SCHEDULES, name).map_or_else(|| as_id(name).0, |schedule| schedule.id.to_owned())
}

/// What another program calls what we call so.
pub(in crate::gallery) fn theirs(names: &[Names], id: &str, theirs: impl Fn(&Names) -> &'static str) -> String {
    let known = names.iter().find(|known| known.id == id);
    known.map_or_else(|| id.to_owned(), |known| theirs(known).to_owned())
}

fn as_id(name: &str) -> (String, Option<&'static str>) {
    let name = name.trim().to_lowercase();
    let (name, schedule) = match SCHEDULES.iter().find_map(|schedule| {
        let start = name.strip_suffix(&schedule.a1111.to_lowercase())?;
        (start.len() > 1 && start.ends_with(' ')).then(|| (start.trim_end().to_owned(), schedule.id))
    }) {
        Some((start, schedule)) => (start, Some(schedule)),
        None => (name, None),
    };
    (name.replace('+', "p").replace([' ', '-'], "_"), schedule)
}

fn find<'a>(names: &'a [Names], name: &str) -> Option<&'a Names> {
    let name = plain(name);
    names.iter().find(|known| {
        let customary = [known.id, known.a1111, known.comfyui];
        customary.iter().chain(known.others).any(|known| plain(known) == name)
    })
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .map(|c| if c == '+' { 'p' } else { c.to_ascii_lowercase() })
        .collect()
}
