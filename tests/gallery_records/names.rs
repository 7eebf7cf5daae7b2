//! The names of samplers and schedules.

use hareru::diffusion::names::{sampler_by_name, schedule_by_name};
use hareru::gallery::record_from_infotext;

/// What a record of A1111 with these names is taken for.
fn read(sampler: &str, schedule: &str) -> (String, String) {
    let text = format!("x\nSteps: 9, Sampler: {sampler}, Schedule type: {schedule}, Seed: 1, Size: 8x8");
    let request = record_from_infotext(&text).unwrap().request;
    (request.sampler, request.schedule)
}

#[test]
fn names_of_records_should_mean_what_they_mean_where_samplers_are_chosen() {
    let samplers = [
        "DPM++ 2M",
        "DPM++ SDE",
        "DPM++ 2M SDE",
        "DPM++ 2M SDE Heun",
        "DPM++ 2S a",
        "DPM++ 3M SDE",
        "Euler a",
        "Euler",
        "LMS",
        "Heun",
        "DPM2",
        "DPM2 a",
        "Restart",
        "DDIM",
        "DDIM CFG++",
        "PLMS",
        "UniPC",
        "LCM",
        "IPNDM",
        "DEIS",
        "DDPM",
        "euler_ancestral",
        "euler_cfg_pp",
        "dpm_2",
        "dpm_2_ancestral",
        "dpmpp_2s_ancestral",
        "dpmpp_sde_gpu",
        "dpmpp_2m",
        "dpmpp_2m_sde_gpu",
        "dpmpp_2m_sde_heun_gpu",
        "dpmpp_3m_sde_gpu",
        "ddpm",
        "lcm",
        "ipndm",
        "deis",
        "sa_solver",
        "uni_pc",
        "uni_pc_bh2",
        "euler_a",
        "dpm++2m",
        "dpm++2s_a",
        "tcd",
        "kdpm_2",
        "kdpm_2_a",
        "edm_euler",
        "unipc",
        "edm_dpmpp_2m",
        "dpmpp_2s",
        "pndm",
        "restart",
    ];
    for name in samplers {
        let expected = sampler_by_name(name).unwrap_or_else(|| panic!("{name}")).spec().id;
        assert_eq!(read(name, "Karras").0, expected, "{name}");
    }
    for name in [
        "Uniform",
        "Karras",
        "Exponential",
        "Polyexponential",
        "SGM Uniform",
        "KL Optimal",
        "Align Your Steps",
        "Simple",
        "Normal",
        "DDIM",
        "Beta",
        "sgm_uniform",
        "ddim_uniform",
        "linear_quadratic",
        "kl_optimal",
        "discrete",
        "ays",
    ] {
        let expected = schedule_by_name(name).unwrap().id;
        assert_eq!(read("Euler", name).1, expected, "{name}");
    }
    assert_eq!(read("DPM fast", "Turbo"), ("dpm_fast".to_owned(), "turbo".to_owned()));
}
