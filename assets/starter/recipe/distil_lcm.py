"""Distils few-step generation into a LoRA (latent consistency distillation) from the model in RUN/ema.pt.

    python distil_lcm.py --out RUN --minutes 15              # RUN/lcm_lora.safetensors, kohya key names, f16
    python distil_lcm.py --out RUN --sample lcm.png          # four steps with it, without guidance

For a noisy latent at one of 50 times the student must say the same clean latent as for the latent that the teacher's
DDIM step with guidance `--guidance` leads to at the next time. Adapted are all convolutions and projections of the U-Net.
"""

import argparse
import math
import pathlib
import time

from common import DEVICE, autocast, fuse, save

import numpy as np
import torch
import torch.nn as nn
from safetensors.torch import save_file
from transformers import CLIPTokenizer

from train_unet import SHORT, Batches, Noise, build


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


def boundary(t):
    """c_skip and c_out of the consistency function at time t."""
    s = t.float() * 10
    return (0.25 / (s * s + 0.25))[:, None, None, None], (s / (s * s + 0.25).sqrt())[:, None, None, None]


@torch.no_grad()
def four_steps(unet, text, tokenizer, noise, prompts, generator, steps=4):
    """LCM sampling; returns latents."""
    ids = tokenizer(prompts, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids.to(DEVICE)
    context = text(ids).last_hidden_state
    z = torch.randn((len(prompts), 16, 16, 16), generator=generator).to(DEVICE)
    grid = (np.arange(1, 51) * 20 - 1)[::-1]
    times = grid[np.floor(np.linspace(0, 50, steps, endpoint=False)).astype(int)]
    for k, t in enumerate(times):
        tt = torch.full((len(prompts),), int(t), device=DEVICE)
        a, s = noise.a[tt][:, None, None, None], noise.s[tt][:, None, None, None]
        skip, out = boundary(tt)
        x0 = skip * z + out * (a * z - s * unet(z, tt, context).sample)
        z = x0 if k == steps - 1 else noise.a[times[k + 1]] * x0 + noise.s[times[k + 1]] * torch.randn(z.shape, generator=generator).to(DEVICE)
    return z


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--minutes", type=float, default=15)
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--rank", type=int, default=8)
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--guidance", type=float, default=4.0)
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
    noise = Noise()
    named = [(f"{n}.{k}", p) for n, layer in found.items() for k, p in (("down", layer.down.weight), ("up", layer.up.weight))]
    params = [p for _, p in named]
    opt = torch.optim.AdamW(params, args.lr, betas=(0.9, 0.99), weight_decay=0)
    step, spent, run, state = 0, 0.0, 0.0, args.out / "lcm.pt"
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
        z = four_steps(unet.eval(), text.eval(), tokenizer, noise, PROMPTS[:32], torch.Generator().manual_seed(0))
        with torch.no_grad():
            pictures = np.concatenate([to_pictures(vae.decode(z[i:i + 8] / vae.config.scaling_factor).sample) for i in range(0, len(z), 8)])
        labelled(pictures, PROMPTS[:32], 8).save(args.sample)
        return
    data = Batches(args.out, np.random.default_rng([9, step]), len(tokenizer))
    empty = torch.from_numpy(data.empty)[None, :SHORT].to(DEVICE)
    print(f"{len(found)} layers, {sum(p.numel() for p in params) / 1e6:.2f} M parameters", flush=True)
    grid = torch.from_numpy((np.arange(1, 51) * 20 - 1).copy()).to(DEVICE)
    began, last = time.time() - spent, time.time()
    column = lambda v: v[:, None, None, None]
    while True:
        spent = time.time() - began
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            break
        for g in opt.param_groups:
            g["lr"] = args.lr * min(1, (step + 1) / 50) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))
        z0, ids = data.draw(args.batch)
        n = len(z0)
        k = torch.randint(0, 50, (n,), device=DEVICE)
        t, u = grid[k], torch.where(k > 0, grid[(k - 1).clamp(min=0)], torch.zeros_like(k))
        at, st, au, su = (column(v) for v in (noise.a[t], noise.s[t], noise.a[u], noise.s[u]))
        z = at * z0 + st * torch.randn_like(z0)
        with torch.no_grad(), autocast():
            context = text(ids[:, :SHORT]).last_hidden_state
            none = text(empty).last_hidden_state.expand(n, -1, -1)
            Adapted.on = False
            v1, v0 = unet(torch.cat([z, z]), torch.cat([t, t]), torch.cat([context, none])).sample.float().chunk(2)
            v = v0 + args.guidance * (v1 - v0)
            Adapted.on = True
            zu = au * (at * z - st * v) + su * (st * z + at * v)  # the teacher's step
            vu = unet(zu, u, context).sample.float()
            skip, out = boundary(u)
            target = skip * zu + out * (au * zu - su * vu)
        with autocast():
            vs = unet(z, t, context).sample
        skip, out = boundary(t)
        guess = skip * z + out * (at * z - st * vs.float())
        loss = ((guess - target).square() + 1e-6).sqrt().mean() - 1e-3
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
    print(f"{write(found, args.rank, args.out / 'lcm_lora.safetensors'):.2f} MB")


if __name__ == "__main__":
    main()
