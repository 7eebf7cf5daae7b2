"""Trains the KL autoencoder (factor 8, 4 latent channels) and normalises its latents.

    torchrun --nproc-per-node 2 train_vae.py --data DATA --out RUN --minutes 25
    torchrun --nproc-per-node 2 train_vae.py --data DATA --out RUN --minutes 8 --decoder-only   # later: sharpen the decoder

It sees 64x64 crops, and whole pictures in the last eighth. `--steps` ends it after so many steps, `--minutes`
after so much time, whichever comes first; the learning rate falls along a cosine towards that end.

Loss: L1 + 4 MSE at three scales + small KL. At the end the latents are shifted and
scaled to mean 0 and standard deviation 1 / 0.18215 per channel by folding that into `quant_conv` and
`post_quant_conv`, so that the customary scaling factor 0.18215 gives unit variance.
"""

import argparse
import json
import math
import pathlib
import time

from common import Workers, autocast, save, sheet, to_pictures, to_tensor

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image

CONFIG = dict(in_channels=3, out_channels=3, down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
              block_out_channels=[16, 32, 64, 96], layers_per_block=1, act_fn="silu", latent_channels=4, norm_num_groups=8,
              sample_size=128, scaling_factor=0.18215, force_upcast=False)


def reconstruction_loss(out, target):
    """L1 + 4 MSE at full size and at half and quarter size.

    No loss on differences of neighbouring pixels: their median is 0, which rewards blur for thousands of steps.
    """
    loss = 0.0
    for scale in (1, 2, 4):
        if scale > 1:
            out, target = F.avg_pool2d(out, 2), F.avg_pool2d(target, 2)
        loss = loss + F.l1_loss(out, target) + 4 * F.mse_loss(out, target)
    return loss


def initialise(vae):
    """Starts residual branches at zero and the posterior narrow, which speeds up the first thousand steps."""
    for name, p in vae.named_parameters():
        if name.endswith(("conv2.weight", "conv2.bias", "to_out.0.weight", "to_out.0.bias")):
            torch.nn.init.zeros_(p)
    with torch.no_grad():
        vae.quant_conv.weight[4:] = 0
        vae.quant_conv.bias[4:] = -4


class Pictures:
    """Random batches of scenes with a share of generic pictures, mirrored half of the time."""

    def __init__(self, data, rng, generic_share, limit=None):
        from generic import generic

        self.scenes = np.load(data / "pictures.npy", mmap_mode="r")[:limit]
        self.generic = np.stack([generic(i) for i in range(600)]) if generic_share else None
        self.rng, self.share = rng, generic_share

    def batch(self, n, size=128):
        """`n` pictures, or random crops of them, mirrored half of the time."""
        k = self.rng.binomial(n, self.share) if self.share else 0
        parts = [self.scenes[np.sort(self.rng.integers(0, len(self.scenes), n - k))]]
        if k:
            parts.append(self.generic[self.rng.integers(0, len(self.generic), k)])
        at = self.rng.integers(0, (128 - size) // 8 + 1, (n, 2)) * 8
        x = np.concatenate(parts)
        x = to_tensor(np.stack([p[y:y + size, x:x + size] for p, (y, x) in zip(x, at)]))
        flip = torch.from_numpy(self.rng.random(n) < 0.5)
        x[flip] = x[flip].flip(-1)
        return x.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def normalise(vae, pictures):
    """Folds mean 0 and one standard deviation 1 / scaling_factor per channel into the 1x1 convolutions."""
    z = torch.cat([vae.encode(pictures[i:i + 32]).latent_dist.mean for i in range(0, len(pictures), 32)])
    mean, std = z.mean((0, 2, 3)), z.std((0, 2, 3))
    a = 1 / (std * vae.config.scaling_factor)
    q, p = vae.quant_conv, vae.post_quant_conv
    q.bias[:4] = (q.bias[:4] - mean) * a
    q.weight[:4] *= a[:, None, None, None]
    q.bias[4:] += 2 * a.log()
    p.bias += (p.weight[:, :, 0, 0] * mean[None]).sum(1)
    p.weight /= a[None, :, None, None]
    return mean.tolist(), std.tolist()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--steps", type=int, default=20000)
    ap.add_argument("--minutes", type=float, default=25)
    ap.add_argument("--batch", type=int, default=6, help="crops of 64x64 per process")
    ap.add_argument("--lr", type=float, default=1.5e-3)
    ap.add_argument("--generic", type=float, default=0.10, help="share of generic pictures")
    ap.add_argument("--kl", type=float, default=2e-4)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--resume-from", type=pathlib.Path, help="start from the weights of this folder (another phase)")
    ap.add_argument("--decoder-only", action="store_true")
    ap.add_argument("--limit", type=int, help="use only the first pictures of the data set")
    args = ap.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    workers = Workers()
    torch.manual_seed(args.seed)
    final, state = args.out / "vae", args.out / ("vae_decoder.pt" if args.decoder_only else "vae.pt")
    source = final if args.decoder_only else args.resume_from
    vae = AutoencoderKL.from_pretrained(source) if source else AutoencoderKL(**CONFIG)
    vae = vae.to(memory_format=torch.channels_last).train()
    if args.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
    if not source:
        initialise(vae)
    params = [p for p in vae.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, args.lr, betas=(0.9, 0.99), weight_decay=1e-4)
    step, spent = 0, 0.0
    if state.exists():
        s = torch.load(state)
        vae.load_state_dict(s["model"])
        opt.load_state_dict(s["opt"])
        step, spent = s["step"], s["spent"]
    torch.manual_seed(1000 * step + workers.rank + args.seed)
    data = Pictures(args.data, np.random.default_rng([args.seed, step, workers.rank]), args.generic, args.limit)
    if workers.rank == 0:
        print(f"{sum(p.numel() for p in vae.parameters()) / 1e6:.2f} M parameters", flush=True)
    began, first, run = time.time() - spent, step, 0.0
    while True:
        spent = workers.same(time.time() - began)
        progress = max(step / args.steps, spent / (60 * args.minutes))
        if progress >= 1:
            break
        lr = args.lr * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for g in opt.param_groups:
            g["lr"] = lr
        whole = progress > 0.88
        x = data.batch(max(2, args.batch // 4) if whole else args.batch, 128 if whole else 64)
        with autocast():
            post = vae.encode(x).latent_dist
            out = vae.decode(post.sample()).sample
        loss = reconstruction_loss(out.float(), x)
        if not args.decoder_only:
            m, lv = post.mean.float(), post.logvar.float()
            loss = loss + args.kl * 0.5 * (m * m + lv.exp() - 1 - lv).mean()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        workers.average_gradients(params)
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        step += 1
        run = loss.item() if not run else 0.98 * run + 0.02 * loss.item()
        if workers.rank == 0 and step % 100 == 0:
            print(f"step {step} loss {run:.4f} L1 {F.l1_loss(out.float(), x).item():.4f} {spent:.0f} s", flush=True)
        if workers.rank == 0 and step % 500 == 0:
            save(state, model=vae.state_dict(), opt=opt.state_dict(), step=step, spent=spent)
            Image.fromarray(sheet(np.concatenate([to_pictures(x[-12:]), to_pictures(out[-12:].detach())]), len(x[-12:]))).save(args.out / "vae.png")
    if workers.rank:
        return
    vae.eval()
    if not args.decoder_only:
        at = np.linspace(0, len(data.scenes) - 1, 768).astype(int)
        print(normalise(vae, to_tensor(data.scenes[at])))
    vae.save_pretrained(final)
    (args.out / "vae_time.json").write_text(json.dumps(dict(steps=step, seconds=spent)))


if __name__ == "__main__":
    main()
