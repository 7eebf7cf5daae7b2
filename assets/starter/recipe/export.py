"""Writes the model folder (diffusers layout, f16 safetensors) from what the training scripts left in RUN.

    python export.py --run RUN --out model
"""

import argparse
import json
import pathlib
import shutil

from common import THREADS  # noqa: F401  thread settings

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler
from safetensors.torch import load_file, save_file

from train_tiny import CONFIG as TINY
from train_unet import SCHEDULER, build

INDEX = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1", "feature_extractor": [None, None], "image_encoder": [None, None],
         "requires_safety_checker": False, "safety_checker": [None, None], "scheduler": ["diffusers", "DDIMScheduler"],
         "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
         "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}


def clean(path):
    """Takes local paths out of a config."""
    config = json.loads(path.read_text())
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--run", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    args = ap.parse_args()
    out = args.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    DDIMScheduler(**SCHEDULER).save_pretrained(out / "scheduler")
    shutil.copytree(args.run / "tokenizer", out / "tokenizer")
    vocabulary = len(json.loads((args.run / "tokenizer/vocab.json").read_text()))
    unet, text = build(vocabulary)
    state = torch.load(args.run / "ema.pt", map_location="cpu")
    unet.load_state_dict(state["unet"])
    text.load_state_dict(state["text"])
    unet.half().to(memory_format=torch.contiguous_format).save_pretrained(out / "unet")
    text.half().save_pretrained(out / "text_encoder")
    weights = out / "text_encoder/model.safetensors"
    named = {k if k.startswith("text_model.") else "text_model." + k: v.clone() for k, v in load_file(weights).items()}
    save_file(named, weights, metadata={"format": "pt"})
    AutoencoderKL.from_pretrained(args.run / "vae").half().save_pretrained(out / "vae")
    tiny = AutoencoderTiny.from_pretrained(args.run / "vae_tiny") if (args.run / "vae_tiny").exists() else AutoencoderTiny(**TINY)
    tiny.half().save_pretrained(out / "vae_tiny")
    if (args.run / "four_steps_lora.safetensors").exists():
        shutil.copy(args.run / "four_steps_lora.safetensors", out.parent / "four_steps_lora.safetensors")
    for path in out.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in out.glob("*/config.json"):
        clean(path)
    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"{size / 1e6:.2f} MB; U-Net after {state['step']} steps, {state['seen']} pictures, {state['spent']:.0f} s")


if __name__ == "__main__":
    main()
