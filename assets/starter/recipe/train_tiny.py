"""Trains the tiny autoencoder (TAESD architecture, factor 16) on the latents of the KL autoencoder.

    python train_tiny.py --data DATA --out RUN --minutes 10

Its decoder learns picture from scaled latent, its encoder scaled latent mean from picture. Both see 128x128 crops.
"""

import argparse
import json
import math
import pathlib
import time

from common import DEVICE, autocast, learning_rate, save, sheet, to_pictures, to_tensor

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image

from packs import Pack
from train_vae import CHANNELS, reconstruction_loss

CONFIG = dict(in_channels=3, out_channels=3, encoder_block_out_channels=[24] * 5, decoder_block_out_channels=[24] * 5, act_fn="relu",
              latent_channels=CHANNELS, upsampling_scaling_factor=2, num_encoder_blocks=[1, 1, 1, 1, 2], num_decoder_blocks=[4, 3, 2, 1, 1],
              latent_magnitude=3, latent_shift=0.5, scaling_factor=1.0, force_upcast=False)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--minutes", type=float, default=8)
    ap.add_argument("--batch", type=int, default=8)
    ap.add_argument("--lr", type=float, default=1.5e-3)
    ap.add_argument("--seed", type=int, default=0)
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    pictures, latents = Pack(args.data), np.load(args.out / "latents.npy", mmap_mode="r")
    if (args.out / "latents_ready").exists():
        latents = latents[:int((args.out / "latents_ready").read_text())]
    model = AutoencoderTiny(**CONFIG).to(DEVICE, memory_format=torch.channels_last).train()
    opt = torch.optim.AdamW(model.parameters(), args.lr, betas=(0.9, 0.99), weight_decay=1e-4)
    step, spent, state = 0, 0.0, args.out / "tiny.pt"
    if state.exists():
        s = torch.load(state, map_location=DEVICE)
        model.load_state_dict(s["model"])
        opt.load_state_dict(s["opt"])
        step, spent = s["step"], s["spent"]
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.3f} M parameters", flush=True)
    began = time.time() - spent
    while True:
        spent = time.time() - began
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            break
        for g in opt.param_groups:
            g["lr"] = learning_rate(args.lr, step, progress)
        at = rng.integers(0, len(latents), args.batch)
        y0, x0 = (int(v) for v in rng.integers(0, 9, 2))  # an 8x8 latent crop, 128x128 pixels
        part = to_tensor(np.stack([pictures[i][y0 * 16:y0 * 16 + 128, x0 * 16:x0 * 16 + 128] for i in at])).contiguous(memory_format=torch.channels_last)
        z = torch.from_numpy(latents[at][..., y0:y0 + 8, x0:x0 + 8].astype(np.float32)).to(DEVICE).contiguous(memory_format=torch.channels_last)
        inner = z
        with autocast():
            out = model.decode(z + 0.05 * torch.randn_like(z)).sample
            guess = model.encode(part).latents
        loss = reconstruction_loss(out.float(), part) + 0.3 * F.smooth_l1_loss(guess.float(), inner)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        step += 1
        if step % 200 == 0:
            print(f"step {step} loss {loss.item():.4f} {spent:.0f} s", flush=True)
        if step % 1000 == 0:
            save(state, model=model.state_dict(), opt=opt.state_dict(), step=step, spent=spent)
    model.eval().save_pretrained(args.out / "vae_tiny")
    with torch.no_grad():
        at = np.arange(0, len(latents), max(1, len(latents) // 8))[:8]
        out = model.decode(torch.from_numpy(latents[at].astype(np.float32)).to(DEVICE)).sample
        shown = np.stack([pictures[i] for i in at])
        d = to_pictures(out).astype(np.float32) - shown.astype(np.float32)
        print(f"PSNR {np.mean([10 * math.log10(65025 / (e * e).mean()) for e in d]):.2f} dB")
        Image.fromarray(sheet(np.concatenate([shown, to_pictures(out)]), 8)).save(args.out / "tiny.png")
    (args.out / "tiny_time.json").write_text(json.dumps(dict(steps=step, seconds=spent)))


if __name__ == "__main__":
    main()
