"""Records what diffusers computes in f32 from the exported f16 folder, step by step, for the program's tests.

    python reference.py --model ../model --flowers ../flowers --out ../../../tests/fixtures/starter

Writes OUT/cases/starter_ddim and OUT/cases/starter_dpmpp_2m_karras at 128x128 and OUT/cases/flowers_ddim at 32x32, to keep them small:
request.json, inputs.safetensors, expected.safetensors. The models are named as they lie in the tree, seen from OUT.
"""

import argparse
import json
import pathlib

from common import THREADS  # noqa: F401  thread settings

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DModel
from safetensors.torch import save_file

CASES = {
    "starter_ddim": dict(sampler="ddim", prompt="a sunset over a mountain range, vector image", negative="blurry", seed=11),
    "starter_dpmpp_2m_karras": dict(sampler="dpmpp_2m", prompt="a lighthouse at night by the sea", negative="", seed=12),
}


FLOWERS = dict(name="flowers_ddim", label=7, seed=13)


def sampler(scheduler, name, schedule):
    """What the program's tests are told of a scheduler."""
    config = {k: v for k, v in scheduler.config.items() if not k.startswith("_")}
    known = {k: config[k] for k in ("prediction_type", "timestep_spacing", "steps_offset", "beta_schedule", "beta_start", "beta_end")}
    return known | {"name": name, "eta": 0.0, "sigma_schedule": schedule, "rescale_betas_zero_snr": False, "train_timesteps": 1000, "order": 1,
                    "diffusers_class": type(scheduler).__name__, "diffusers_config": config}


def write(folder, request, noise, seen):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "request.json").write_text(json.dumps(request, indent=2) + "\n")
    save_file({"noise": noise}, folder / "inputs.safetensors")
    save_file({k: v.half() if k == "image" else v.clone().contiguous() for k, v in seen.items()}, folder / "expected.safetensors")
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


@torch.no_grad()
def record(pipe, name, case, out, steps=4, guidance=4.5, side=128):
    base = dict(pipe.scheduler.config)
    if case["sampler"] == "ddim":
        scheduler, schedule = DDIMScheduler.from_config(base), "default"
    else:
        keep = {k: base[k] for k in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type", "steps_offset", "timestep_spacing")}
        scheduler, schedule = DPMSolverMultistepScheduler(**keep, use_karras_sigmas=True), "karras"
    config = pipe.unet.config
    latent_side = side // 2 ** (len(pipe.vae.config.block_out_channels) - 1)
    noise = torch.randn(1, config.in_channels, latent_side, latent_side, generator=torch.Generator().manual_seed(case["seed"]))
    seen = {}

    def ids(text):
        return pipe.tokenizer(text, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids

    for key, text in (("prompt", case["prompt"]), ("negative", case["negative"])):
        seen["tokens." + key] = ids(text)
        seen["text." + key] = pipe.text_encoder(ids(text)).last_hidden_state
    scheduler.set_timesteps(steps)
    sigma = torch.as_tensor(float(scheduler.init_noise_sigma))
    x = noise * sigma
    seen |= {"timesteps": scheduler.timesteps.float(), "init_noise_sigma": sigma.reshape(1), "initial_latents": x}
    if hasattr(scheduler, "sigmas"):
        seen["sigmas"] = scheduler.sigmas.float()
    for i, t in enumerate(scheduler.timesteps):
        model_in = scheduler.scale_model_input(x, t)
        cond = pipe.unet(model_in, t, seen["text.prompt"]).sample
        uncond = pipe.unet(model_in, t, seen["text.negative"]).sample
        v = uncond + guidance * (cond - uncond)
        if i == 0:
            seen |= {"unet_in.000": model_in, "unet_cond.000": cond, "unet_uncond.000": uncond}
        step = scheduler.step(v, t, x)
        if i in (0, 1, steps - 1):
            seen[f"model_out.{i:03}"] = v
            if getattr(step, "pred_original_sample", None) is not None:
                seen[f"x0.{i:03}"] = step.pred_original_sample
        x = step.prev_sample
        seen[f"latents.{i:03}"] = x
    seen["latents_final"] = x
    image = pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample[0]
    seen["image"] = (image / 2 + 0.5).clamp(0, 1)
    request = {
        "schema": 1, "task": "txt2img", "model": "../../../assets/starter/model", "prompt": case["prompt"], "negative_prompt": case["negative"],
        "width": side, "height": side, "steps": steps, "cfg_scale": guidance, "guidance_rescale": 0.0, "clip_skip": 0,
        "sampler": sampler(scheduler, case["sampler"], schedule),
        "uses_negative": True, "scheduler_calls": steps, "full_step_calls": list(range(steps)),
    }
    write(out / "cases" / name, request, noise, seen)


@torch.no_grad()
def record_flowers(folder, case, out, steps=2, side=32):
    """The sibling that is told a class, without guidance."""
    unet, scheduler = UNet2DModel.from_pretrained(folder, subfolder="unet"), DDIMScheduler.from_pretrained(folder, subfolder="scheduler")
    unet = unet.float().eval()
    noise = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(case["seed"]))
    scheduler.set_timesteps(steps)
    x = noise
    seen = {"timesteps": scheduler.timesteps.float(), "init_noise_sigma": torch.ones(1), "initial_latents": x}
    for i, t in enumerate(scheduler.timesteps):
        v = unet(x, t, class_labels=torch.tensor([case["label"]])).sample
        step = scheduler.step(v, t, x)
        x = step.prev_sample
        seen |= {f"model_out.{i:03}": v, f"x0.{i:03}": step.pred_original_sample, f"latents.{i:03}": x}
    seen |= {"latents_final": x, "image": (x[0] / 2 + 0.5).clamp(0, 1)}
    request = {"schema": 1, "task": "pixel", "model": "../../../assets/starter/flowers", "width": side, "height": side, "steps": steps,
               "class_label": case["label"], "cfg_scale": 1.0, "sampler": sampler(scheduler, "ddim", "default"),
               "scheduler_calls": steps, "full_step_calls": list(range(steps))}
    write(out / "cases" / case["name"], request, noise, seen)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", type=pathlib.Path, required=True)
    ap.add_argument("--flowers", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    args = ap.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    for name, case in CASES.items():
        record(pipe, name, case, args.out)
    record_flowers(args.flowers, FLOWERS, args.out)


if __name__ == "__main__":
    main()
