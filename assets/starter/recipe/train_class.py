"""Trains the class-conditional sibling: flowers only, no text and no autoencoder, a class number instead.

    python render.py --count 6000 --first-seed 5000000 --fix scene=garden style=vector count=1 --out FLOWERS
    python train_class.py --data FLOWERS --out RUN --minutes 15
    python train_class.py --out RUN --export ../flowers              # a folder that diffusers opens (DDIMPipeline)

Classes 0..119 are flower species x colour (in the exported `classes.json`), 120 stands for no class and takes 10 % of the
training. Pictures are 64x64 pixels; the network is a plain UNet2DModel with `num_class_embeds`.
"""

import argparse
import json
import pathlib
import shutil
import time

from common import DEVICE, Ema, Muon, fuse, learning_rate, save, to_tensor

import cv2
import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DModel

import captions
from train_unet import SCHEDULER, Noise

SIZE = 64
CLASSES = [f"{c} {f}" for f in captions.FLOWERS for c in captions.TEN]
UNET = dict(sample_size=SIZE, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=[32, 48, 64, 80],
            down_block_types=["DownBlock2D", "DownBlock2D", "DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D"],
            attention_head_dim=32, norm_num_groups=16, num_class_embeds=len(CLASSES) + 1)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--minutes", type=float, default=15)
    ap.add_argument("--batch", type=int, default=64)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--export", type=pathlib.Path)
    args = ap.parse_args()
    torch.manual_seed(0)
    unet = fuse(UNet2DModel(**UNET)).to(DEVICE, memory_format=torch.channels_last)
    state = args.out / "class.pt"
    if args.export:
        unet.load_state_dict(torch.load(args.out / "class_ema.pt", map_location="cpu"))
        shutil.rmtree(args.export, ignore_errors=True)
        unet.cpu().half().to(memory_format=torch.contiguous_format).save_pretrained(args.export / "unet")
        DDIMScheduler(**dict(SCHEDULER, set_alpha_to_one=True)).save_pretrained(args.export / "scheduler")  # in pixels the last trace of noise shows
        (args.export / "classes.json").write_text(json.dumps(CLASSES + [""], indent=0))
        (args.export / "model_index.json").write_text(json.dumps({"_class_name": "DDIMPipeline", "_diffusers_version": "0.42.1", "scheduler": ["diffusers", "DDIMScheduler"],
                                                                  "unet": ["diffusers", "UNet2DModel"]}, indent=2) + "\n")
        print(sum(p.stat().st_size for p in args.export.rglob("*") if p.is_file()) / 1e6, "MB")
        return
    from packs import Pack
    from render import describe

    data = Pack(args.data)
    specs = [describe(data.seed(i), dict(scene="garden", style="vector", count=1)) for i in range(len(data))]
    labels = torch.tensor([CLASSES.index(f"{s['colour']} {s['flower']}") for s in specs], device=DEVICE)
    pictures = np.stack([cv2.resize(data[i], (SIZE, SIZE), interpolation=cv2.INTER_AREA) for i in range(len(data))])
    print(f"{sum(p.numel() for p in unet.parameters()) / 1e6:.2f} M parameters, {len(data)} pictures", flush=True)
    opt, ema, noise = Muon(unet.named_parameters(), args.lr), Ema([unet], 0.995), Noise()
    step, spent, run = 0, 0.0, 0.0
    if state.exists():
        s = torch.load(state, map_location=DEVICE)
        unet.load_state_dict(s["unet"])
        opt.load_state_dict(s["opt"])
        ema.mean, ema.step, step, spent = s["ema"], s["ema_step"], s["step"], s["spent"]
    began, last = time.time() - spent, time.time()

    def checkpoint():
        save(state, unet=unet.state_dict(), opt=opt.state_dict(), ema=ema.mean, ema_step=ema.step, step=step, spent=spent)
        torch.save(ema.averaged([unet])[0].state_dict(), args.out / "class_ema.pt")

    while True:
        spent = time.time() - began
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            break
        for g in opt.param_groups:
            g["lr"] = learning_rate(args.lr, step, progress)
        i = torch.randint(0, len(pictures), (args.batch,))
        x0 = to_tensor(pictures[i.numpy()])
        if step % 2:
            x0 = x0.flip(3)
        label = torch.where(torch.rand(args.batch, device=DEVICE) < 0.1, len(CLASSES), labels[i.to(DEVICE)])
        loss, error = noise.loss(x0.contiguous(memory_format=torch.channels_last), lambda x, t: unet(x, t, class_labels=label).sample)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        opt.step()
        ema.update()
        step += 1
        run = error if not run else 0.99 * run + 0.01 * error
        if step % 50 == 0:
            print(f"step {step} error of v {run:.4f} {spent:.0f} s", flush=True)
        if time.time() - last > 180:
            checkpoint()
            last = time.time()
    checkpoint()


if __name__ == "__main__":
    main()
