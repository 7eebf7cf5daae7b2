"""Distils drawing in four steps without guidance into a LoRA, from the model in RUN/ema.pt.

    python distil.py --out RUN --minutes 12              # RUN/four_steps_lora.safetensors, kohya key names, f16
    python distil.py --out RUN --sample four.png         # four steps with it, without guidance

The teacher draws from noise with guidance in twelve steps of DDIM; at four times of its way, 999, 749, 499 and 249, the student must
say in one go the v that leads where the teacher's next three steps lead, with its guidance in it (progressive distillation,
https://arxiv.org/abs/2202.00512, of a guided model, https://arxiv.org/abs/2210.03142). So it is drawn with by plain DDIM. LCM,
tried with as much computing, left crackle of the noise that it adds on the way. Adapted are convolutions and
projections of the U-Net.
"""

import argparse
import math
import pathlib
import time

from common import DEVICE, autocast, fuse, learning_rate, save

import numpy as np
import torch
import torch.nn as nn
from safetensors.torch import save_file
from transformers import CLIPTokenizer

from train_unet import Batches, Noise, build

STEPS, SUBSTEPS = 4, 3  # the student's, and how many of the teacher's each of them is
BUFFER = 512  # pictures of the teacher that are learned from, the newest


class Adapted(nn.Module):
    """A layer plus up(down(x)) * alpha / rank."""

    on = True

    def __init__(self, base, rank):
        super().__init__()
        self.base = base
        if isinstance(base, nn.Linear):
            self.down, self.up = nn.Linear(base.in_features, rank, bias=False), nn.Linear(rank, base.out_features, bias=False)
        else:
            self.down = nn.Conv2d(base.in_channels, rank, base.kernel_size, base.stride, base.padding, bias=False)
            self.up = nn.Conv2d(rank, base.out_channels, 1, bias=False)
        nn.init.normal_(self.down.weight, std=1 / math.sqrt(self.down.weight[0].numel()))
        nn.init.zeros_(self.up.weight)

    def forward(self, x, *args, **kwargs):
        y = self.base(x)
        return y + self.up(self.down(x)) if Adapted.on else y


def adapt(unet, rank):
    """Replaces the layers; returns {kohya name: Adapted}."""
    unet.requires_grad_(False)
    found = {}
    for name, module in list(unet.named_modules()):
        wanted = isinstance(module, nn.Linear) and any(k in name for k in ("to_q", "to_k", "to_v", "to_out", "ff.net", "time_emb_proj"))
        wanted = wanted or (isinstance(module, nn.Conv2d) and any(k in name for k in ("conv1", "conv2", "proj_in", "proj_out")) and module.in_channels >= 64)
        if wanted:
            parent = unet.get_submodule(name.rpartition(".")[0])
            layer = Adapted(module, rank)
            setattr(parent, name.rpartition(".")[2], layer)
            found["lora_unet_" + name.replace(".", "_")] = layer
    return found


def write(found, rank, path):
    out = {}
    for name, layer in found.items():
        out[name + ".lora_down.weight"] = layer.down.weight.detach().half().contiguous().cpu()
        out[name + ".lora_up.weight"] = layer.up.weight.detach().half().contiguous().cpu()
        out[name + ".alpha"] = torch.tensor(float(rank)).half()
    save_file(out, path, metadata={"format": "pt", "ss_network_module": "networks.lora", "ss_network_dim": str(rank), "ss_network_alpha": str(rank)})
    return sum(v.numel() for v in out.values()) * 2 / 1e6


class Grid:
    """The teacher's times with trailing spacing; every `SUBSTEPS`-th is one of the student's."""

    def __init__(self, noise):
        n = STEPS * SUBSTEPS
        self.times = [round(1000 - i * 1000 / n) - 1 for i in range(n)]
        self.a = [noise.a[t] for t in self.times] + [noise.a[0]]
        self.s = [noise.s[t] for t in self.times] + [noise.s[0]]

    def step(self, z, v, i, j):
        """DDIM with the v of time i, to time j."""
        x0, e = self.a[i] * z - self.s[i] * v, self.s[i] * z + self.a[i] * v
        return self.a[j] * x0 + self.s[j] * e

    def v_between(self, z, other, i, j):
        """The v with which `step(z, v, i, j)` is `other`."""
        a, s, b, r = self.a[i], self.s[i], self.a[j], self.s[j]
        return (other - (a * b + s * r) * z) / (r * a - b * s)


@torch.no_grad()
def taught(unet, grid, context, none, guidance):
    """What the teacher draws: z at the student's times and at the end, and the v that lead from each to the next."""
    z = torch.randn((len(context), 16, 16, 16), device=DEVICE).contiguous(memory_format=torch.channels_last)
    both, seen = torch.cat([context, none]), [z]
    for i, t in enumerate(grid.times):
        with autocast():
            v1, v0 = unet(torch.cat([z, z]), torch.full((2 * len(z),), t, device=DEVICE), both).sample.float().chunk(2)
        z = grid.step(z, v0 + guidance * (v1 - v0), i, i + 1)
        if (i + 1) % SUBSTEPS == 0:
            seen.append(z)
    v = [grid.v_between(seen[k], seen[k + 1], k * SUBSTEPS, (k + 1) * SUBSTEPS) for k in range(STEPS)]
    return torch.stack(seen[:-1], 1), torch.stack(v, 1)


@torch.no_grad()
def four_steps(unet, text, tokenizer, grid, prompts, generator):
    ids = tokenizer(prompts, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids.to(DEVICE)
    context = text(ids).last_hidden_state
    z = torch.randn((len(prompts), 16, 16, 16), generator=generator).to(DEVICE)
    for i in range(0, STEPS * SUBSTEPS, SUBSTEPS):
        v = unet(z, torch.full((len(z),), grid.times[i], device=DEVICE), context).sample
        z = grid.step(z, v, i, i + SUBSTEPS)
    return z


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--minutes", type=float, default=12)
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--rank", type=int, default=8)
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--guidance", type=float, default=4.5)
    ap.add_argument("--reuse", type=int, default=12, help="updates for each batch that the teacher draws")
    ap.add_argument("--sample", type=pathlib.Path)
    args = ap.parse_args()
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(args.out / "tokenizer")
    unet, text = build(len(tokenizer))
    weights = torch.load(args.out / "ema.pt", map_location="cpu")
    unet.load_state_dict(weights["unet"])
    text.load_state_dict(weights["text"])
    text.requires_grad_(False)
    found = adapt(fuse(unet), args.rank)
    unet.to(DEVICE, memory_format=torch.channels_last), text.to(DEVICE)
    grid = Grid(Noise())
    named = [(f"{n}.{k}", p) for n, layer in found.items() for k, p in (("down", layer.down.weight), ("up", layer.up.weight))]
    params = [p for _, p in named]
    opt = torch.optim.AdamW(params, args.lr, betas=(0.9, 0.99), weight_decay=0)
    step, spent, run, state = 0, 0.0, 0.0, args.out / "four_steps.pt"
    if state.exists():
        s = torch.load(state, map_location=DEVICE)
        for p, v in zip(params, s["params"]):
            p.data.copy_(v)
        opt.load_state_dict(s["opt"])
        step, spent = s["step"], s["spent"]
    if args.sample:
        from diffusers import AutoencoderKL
        from sample import PROMPTS, labelled
        from common import to_pictures
        vae = AutoencoderKL.from_pretrained(args.out / "vae").to(DEVICE).eval()
        z = four_steps(unet.eval(), text.eval(), tokenizer, grid, PROMPTS[:32], torch.Generator().manual_seed(0))
        with torch.no_grad():
            pictures = np.concatenate([to_pictures(vae.decode(z[i:i + 8] / vae.config.scaling_factor).sample) for i in range(0, len(z), 8)])
        labelled(pictures, PROMPTS[:32], 8).save(args.sample)
        return
    data = Batches(args.out, np.random.default_rng([9, step]), len(tokenizer))
    empty = torch.from_numpy(data.empty)[None].to(DEVICE)
    print(f"{len(found)} layers, {sum(p.numel() for p in params) / 1e6:.2f} M parameters", flush=True)
    times = torch.tensor(grid.times[::SUBSTEPS], device=DEVICE)
    kept = None
    began, last = time.time() - spent, time.time()
    while True:
        spent = time.time() - began
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            break
        for g in opt.param_groups:
            g["lr"] = learning_rate(args.lr, step, progress, warm_up=50, last=0.05)
        if kept is None or step % args.reuse == 0:
            with torch.no_grad():
                context = text(data.draw(args.batch)[1]).last_hidden_state
                none = text(empty).last_hidden_state.expand(len(context), -1, -1)
            Adapted.on = False
            new = (*taught(unet, grid, context, none, args.guidance), context)
            Adapted.on = True
            kept = new if kept is None else tuple(torch.cat([old, more])[-BUFFER:] for old, more in zip(kept, new))
        row, k = torch.randint(0, len(kept[0]), (args.batch,), device=DEVICE), torch.arange(args.batch, device=DEVICE) % STEPS
        z, v, context = kept[0][row, k], kept[1][row, k], kept[2][row]
        with autocast():
            guess = unet(z.contiguous(memory_format=torch.channels_last), times[k], context).sample
        loss = (guess.float() - v).square().mean()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1
        run = loss.item() if not run else 0.98 * run + 0.02 * loss.item()
        if step % 25 == 0:
            print(f"step {step} loss {run:.4f} {spent:.0f} s", flush=True)
        if time.time() - last > 120:
            save(state, params=[p.data for p in params], opt=opt.state_dict(), step=step, spent=spent)
            last = time.time()
    save(state, params=[p.data for p in params], opt=opt.state_dict(), step=step, spent=spent)
    print(f"{write(found, args.rank, args.out / 'four_steps_lora.safetensors'):.2f} MB")


if __name__ == "__main__":
    main()
